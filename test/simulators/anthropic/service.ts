import { isObject, type Json, parseOrUndefined } from '../../checkers/json.ts'
import type { Answer, Route } from '../answer.ts'
import type { Payload } from '../delivery.ts'
import { newId } from '../ids.ts'
import { defaultReply, outputTokens, type Reply, scriptedReply, withOverrides } from '../reply.ts'
import { sampleValue } from '../sample-value.ts'
import { DEFAULT_KEY, jsonPayload, type RecordedRequest, type Service, type SimulatorOptions } from '../simulator.ts'
import { framesOf, SSE_HEADERS } from '../stream-text.ts'
import { PromptCache, sumTokens } from '../tokens.ts'
import { promptItems } from './check-cache.ts'
import { checkCountRequest, checkRequest } from './check-request.ts'
import { contextOf, VERSIONS } from './context.ts'
import { listModels, modelEntry } from './model-list.ts'
import { isVendorModel, MODELS, rulesOf } from './model-rules.ts'
import { anthropicError, refuse, required } from './refuse.ts'
import { frameOf, renderBody, renderFrames, usageOf } from './render.ts'
import { Seals } from './seals.ts'
import { wishOf } from './wish.ts'

const MAX_BODY = 32 * 1024 * 1024
const MODELS_PATH = '/v1/models'
const ROUTES: Record<string, Route> = { '/v1/messages': 'generate', '/v1/messages/count_tokens': 'count' }

/** Anthropic's API as far as messages, token counts and the model list go. */
export class AnthropicService implements Service {
  readonly basePath = ''
  #cache = new PromptCache()
  #seals = new Seals()

  constructor(private readonly options: SimulatorOptions) {}

  keyOf(headers: Record<string, string>): string | undefined {
    return headers['x-api-key'] ?? /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  }

  routeOf({ method, path }: RecordedRequest): Route {
    const route = ROUTES[path]
    const models = path === MODELS_PATH || path.startsWith(`${MODELS_PATH}/`)
    if (!route && !models) return refuse('Not Found', 404)
    if (method !== (models ? 'GET' : 'POST')) refuse('Method Not Allowed', 405)
    return route ?? 'models'
  }

  check(route: Route, request: RecordedRequest): void {
    this.#checkHeaders(request)
    if (route === 'models') return
    const { body, bodyText, headers } = request
    if (Buffer.byteLength(bodyText) > MAX_BODY) refuse('Request exceeds the maximum size', 413)
    if (!body) return refuse('The request body is not valid JSON')
    if (body.model === undefined) required('model')
    if (typeof body.model !== 'string') return refuse('model: Input should be a valid string')
    if (!this.#knows(body.model)) refuse(`model: ${body.model}`, 404)
    if (this.options.lenient) return
    const context = contextOf(body.model, headers, this.#seals, this.options.contextWindow ?? 1_000_000)
    if (route === 'count') checkCountRequest(body, context)
    else checkRequest(body, context)
  }

  payload(route: Route, request: RecordedRequest, answer: Answer): Payload {
    if (route === 'models') return this.#models(request)
    const body = request.body ?? {}
    const prompt = sumTokens(promptItems(body))
    if (route === 'count') return jsonPayload(this, 200, { input_tokens: prompt })
    const raw = answer.sse ?? answer.lines?.map(recordedFrame).join('')
    if (raw !== undefined) return this.#stream(framesOf(raw), [])
    const { reply, thinking, output } = this.#reply(body, answer)
    const usage = this.#usage(body, prompt, output, thinking, answer)
    const sign = (text: string, scripted?: string): string => this.#seals.sign(text, scripted)
    const options = { id: newId('msg_', 24), model: String(body.model), usage, sign }
    if (body.stream !== true) return jsonPayload(this, 200, renderBody(reply, options))
    const { frames, end } = renderFrames(reply, options, answer.streamError)
    return this.#stream(frames, end)
  }

  errorBody(status: number, message: string): Json {
    return anthropicError(status, message)
  }

  headers(): Record<string, string> {
    const reset = new Date(Date.now() + 60_000).toISOString().replace(/\.\d+Z$/, 'Z')
    const headers: Record<string, string> = { 'request-id': newId('req_', 24), 'anthropic-organization-id': 'simulated' }
    for (const [name, limit] of Object.entries({ requests: 4000, tokens: 500_000, 'input-tokens': 400_000, 'output-tokens': 100_000 })) {
      headers[`anthropic-ratelimit-${name}-limit`] = String(limit)
      headers[`anthropic-ratelimit-${name}-remaining`] = String(limit - 1)
      headers[`anthropic-ratelimit-${name}-reset`] = reset
    }
    return headers
  }

  #checkHeaders({ headers, key }: RecordedRequest): void {
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
    if (key === undefined) refuse('x-api-key header is required', 401)
    if (!(this.options.keys ?? [DEFAULT_KEY]).includes(key))
      refuse(headers['x-api-key'] ? 'invalid x-api-key' : 'Invalid bearer token', 401)
    if (bearer !== undefined && bearer !== key) refuse('x-api-key and authorization disagree', 401)
    const version = headers['anthropic-version']
    if (version === undefined) refuse('anthropic-version: header is required')
    if (!VERSIONS.includes(version)) refuse(`anthropic-version: "${version}" is not a valid version`)
  }

  #knows(model: string): boolean {
    return this.options.models ? this.options.models.includes(model) : this.options.lenient === true || isVendorModel(model)
  }

  #models({ path, query }: RecordedRequest): Payload {
    const names = this.options.models ?? MODELS
    if (path === MODELS_PATH) return jsonPayload(this, 200, listModels(names, query))
    const name = decodeURIComponent(path.slice(MODELS_PATH.length + 1))
    if (!names.includes(name)) refuse(`model: ${name}`, 404)
    return jsonPayload(this, 200, modelEntry(name, names.indexOf(name)))
  }

  #reply(body: Json, answer: Answer): { reply: Reply; thinking: number; output: number } {
    const newToolId = (): string => newId('toolu_', 24)
    if (answer.redacted !== undefined) this.#seals.redact(answer.redacted)
    const scripted = scriptedReply(answer, newToolId)
    const reply = withOverrides(scripted ?? defaultReply(wishOf(body), newToolId, sampleValue), answer)
    const counted = { reply, thinking: reply.reasoning.length, output: outputTokens(reply) }
    const display = isObject(body.thinking) ? body.thinking.display : undefined
    const shown = display === undefined || display === null ? rulesOf(String(body.model)).showsThinking : display === 'summarized'
    if (scripted || shown || reply.reasoning.length === 0) return counted
    return { ...counted, reply: { ...reply, reasoning: [], signature: this.#seals.sign('') } }
  }

  #usage(body: Json, prompt: number, output: number, thinking: number, answer: Answer): Json {
    const items = promptItems(body)
    const marks = items.flatMap((item, index) => (isObject(item.cache_control) ? [index + 1] : []))
    if (isObject(body.cache_control)) marks.push(items.length)
    const { read, marked } = this.#cache.take(items, marks)
    return usageOf({ input: prompt - marked, written: marked - read, read, output, thinking }, answer.usage)
  }

  #stream(frames: readonly string[], end: readonly string[]): Payload {
    return { status: 200, headers: { ...SSE_HEADERS, ...this.headers() }, frames, end }
  }
}

function recordedFrame(line: string): string {
  const data = parseOrUndefined(line)
  return isObject(data) ? frameOf(data).replace(/data: .*\n/, () => `data: ${line}\n`) : `data: ${line}\n\n`
}
