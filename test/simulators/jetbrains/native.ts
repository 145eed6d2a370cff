import type { Json } from '../../checkers/json.ts'
import { anthropicError } from '../anthropic/refuse.ts'
import { AnthropicService } from '../anthropic/service.ts'
import type { Payload } from '../delivery.ts'
import { newId } from '../ids.ts'
import { openAiError } from '../openai/refuse.ts'
import { OpenAiService } from '../openai/service.ts'
import { Refusal } from '../refusal.ts'
import { defaultReply, scriptedReply, withOverrides } from '../reply.ts'
import { sampleValue } from '../sample-value.ts'
import { DEFAULT_KEY, jsonPayload, type RecordedRequest, type Service } from '../simulator.ts'
import { framesOf, SSE_HEADERS } from '../stream-text.ts'
import type { JetbrainsAnswer } from './answer.ts'
import { PROFILES } from './profiles.ts'
import { renderResponse, wishOf } from './responses.ts'
import type { Native } from './routes.ts'

const VENDORS: Readonly<Record<Native, 'anthropic' | 'openai' | 'xai'>> = {
  messages: 'anthropic',
  chat: 'openai',
  'openai-responses': 'openai',
  'xai-responses': 'xai',
}

/** Codex models have no chat, neither here nor at their vendor. */
const servedBy = (native: Native): readonly string[] =>
  PROFILES.filter(({ id, features }) => id.startsWith(`${VENDORS[native]}-`) && (native !== 'chat' || features.includes('Chat'))).flatMap(
    profile => profile.native ?? [],
  )

const NO_HEADERS = { headers: () => ({}) }

/** The paths that take and give a vendor's own bodies (jetbrains-ai.md §2.6): the vendors' simulators behind a JWT. */
export class NativePaths {
  readonly #anthropic = new AnthropicService({ models: servedBy('messages') })
  readonly #openAi = new OpenAiService({ models: servedBy('chat') })

  /** @throws Refusal in the vendor's form, as the gateway passes it on. */
  check(native: Native, request: RecordedRequest): void {
    const { body } = request
    const models = servedBy(native)
    if (typeof body?.model === 'string' && !models.includes(body.model)) {
      refuseAs(native, `Unsupported model '${body.model}'. Supported models: ${models.join(', ')}`)
    }
    if (native === 'messages') return this.#anthropic.check('generate', withKey(request))
    if (native === 'chat') return this.#openAi.check('generate', withKey(request))
    if (!body) return refuseAs(native, 'We could not parse the JSON body of your request.')
    if (typeof body.model !== 'string') refuseAs(native, "Missing required parameter: 'model'.")
    if (typeof body.input !== 'string' && !Array.isArray(body.input)) refuseAs(native, "Missing required parameter: 'input'.")
  }

  payload(native: Native, request: RecordedRequest, answer: JetbrainsAnswer): Payload {
    const inner: Service | undefined = { messages: this.#anthropic, chat: this.#openAi }[String(native)]
    if (inner) return inner.payload('generate', withKey(request), answer)
    const stream = (frames: readonly string[]): Payload => ({ status: 200, headers: SSE_HEADERS, frames, end: [] })
    const raw = answer.sse ?? answer.lines?.map(line => `data: ${line}\n\n`).join('')
    if (raw !== undefined) return stream(framesOf(raw))
    const body: Json = request.body ?? {}
    const newToolId = (): string => newId('call_', 24)
    const reply = withOverrides(scriptedReply(answer, newToolId) ?? defaultReply(wishOf(body), newToolId, sampleValue), answer)
    const { whole, frames } = renderResponse(reply, body)
    return body.stream === true ? stream(frames) : jsonPayload(NO_HEADERS, 200, whole)
  }
}

/** The gateway holds the vendors' keys; clients need not send a version either. */
const withKey = (request: RecordedRequest): RecordedRequest => ({
  ...request,
  key: DEFAULT_KEY,
  headers: { 'anthropic-version': '2023-06-01', ...request.headers, 'x-api-key': DEFAULT_KEY, authorization: `Bearer ${DEFAULT_KEY}` },
})

function refuseAs(native: Native, message: string): never {
  throw new Refusal(400, native === 'messages' ? anthropicError(400, message) : openAiError(400, message), message)
}
