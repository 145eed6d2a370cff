import { isObject, type JsonValue } from '../core/json.ts'
import { spliceTopLevel } from '../core/json-splice.ts'
import { tokenCount, type Usage } from '../ir/usage.ts'
import { attemptTargets, type Lease, release } from '../routing/attempt.ts'
import type { Leaving } from '../upstream/client.ts'
import { readAll } from '../upstream/read-all.ts'
import { Accounting } from './accounting.ts'
import type { Answer, Call } from './call.ts'
import { type EmbeddingsAnswer, joinedAnswer, readAnswer, wholeAnswer } from './embeddings/answer.ts'
import { checkLimits, embeddingLimits, inPieces } from './embeddings/pieces.ts'
import { aboutEmbeddings } from './embeddings/refusals.ts'
import { type EmbeddingsRequest, readEmbeddings } from './embeddings/request.ts'
import { sideBySide } from './embeddings/side-by-side.ts'
import { servingTargets } from './embeddings/targets.ts'
import { tokensForOne } from './estimate.ts'
import { failedAnswer } from './failed-answer.ts'
import type { GenerateServices } from './generate.ts'
import { headersFromUpstream, headersToUpstream, JSON_HEADERS, routingHeaders } from './headers.ts'
import { codecOf, namesModelOnce } from './open-answer.ts'
import { route } from './route.ts'
import { textTokens } from './text-tokens.ts'
import { callUpstream } from './upstream-call.ts'

export type EmbeddingsServices = Pick<GenerateServices, 'clock' | 'random' | 'routing' | 'write'>

const PATH = '/embeddings'

/** The longest answer that is read. */
const LONGEST_ANSWER = 256 * 1024 * 1024

/** Vectors as the caller gets them. */
interface Embedded {
  body: string | Uint8Array
  headers: Record<string, string>
  usage: Usage
}

/** Serves `POST /v1/embeddings`. Never throws: what goes wrong is the answer. */
export async function embeddings(call: Call, services: EmbeddingsServices): Promise<Answer> {
  const { clock } = services
  const accounting = new Accounting(call, clock, services.write)
  try {
    const request = readEmbeddings(call.body)
    accounting.model = request.model
    const state = services.routing()
    const targets = servingTargets(route(request.model, call, state.catalog).targets)
    const { value, lease } = await attemptTargets(targets, accounting.trail, services, call, taken => embed(call, request, taken))
    release(lease)
    accounting.lease = lease
    accounting.settle(200, { usage: value.usage })
    const routing = state.routingHeaders ? routingHeaders(lease, accounting.trail.attempts.length) : {}
    return { status: 200, headers: { ...JSON_HEADERS, ...value.headers, ...routing }, body: value.body }
  } catch (thrown) {
    return failedAnswer(call, accounting, thrown, clock.now())
  }
}

/** One attempt: the caller's bytes with the model exchanged, or several calls where the model takes fewer rows at once. */
async function embed(call: Call, request: EmbeddingsRequest, lease: Lease): Promise<Embedded> {
  const { model } = lease.wire
  const limits = embeddingLimits(lease.target.provider, model)
  if (limits) checkLimits(request, limits, model)
  const changes = new Map<string, string>()
  if (call.body.model !== model || !namesModelOnce(call.text)) changes.set('model', JSON.stringify(model))
  // Numbers are all that its documentation promises.
  if (limits && request.encoding === 'base64') changes.set('encoding_format', '"float"')
  const pieces = inPieces(request.rows, limits?.maxBatch ?? request.rows.length)
  if (pieces.length === 1) {
    const { answer, headers } = await ask(call, lease, spliceTopLevel(call.text, changes), call)
    return { body: wholeAnswer(answer, request.encoding), headers, usage: usageOf(answer.body.usage, request, model) }
  }
  // Once without the rows: what is left is short, whatever is put into it.
  const shell = spliceTopLevel(call.text, changes.set('input', '[]'))
  const asked = await sideBySide(pieces, lease, call, (rows, client) =>
    ask(call, lease, spliceTopLevel(shell, new Map([['input', JSON.stringify(rows)]])), client),
  )
  const sizes = pieces.map(rows => rows.length)
  const answers = asked.map(({ answer }) => answer)
  const joined = joinedAnswer(answers, sizes, request.encoding)
  return { body: JSON.stringify(joined), headers: asked.at(-1)?.headers ?? {}, usage: usageOf(joined.usage, request, model) }
}

async function ask(
  call: Call,
  lease: Lease,
  body: string,
  client: Leaving,
): Promise<{ answer: EmbeddingsAnswer; headers: Record<string, string> }> {
  const asked = { body, headers: headersToUpstream(call, lease.wire.traits), path: PATH, client, trace: call.trace }
  const response = await callUpstream(lease, codecOf(lease), asked).catch(thrown => {
    throw aboutEmbeddings(thrown, lease)
  })
  const bytes = await readAll(response.body, LONGEST_ANSWER)
  return { answer: readAnswer(bytes, response.status), headers: headersFromUpstream(response.headers) }
}

/** What the upstream counted, or what we think it was. */
function usageOf(reported: JsonValue | undefined, { rows }: EmbeddingsRequest, model: string): Usage {
  const inputTokens = isObject(reported) ? (tokenCount(reported.prompt_tokens) ?? tokenCount(reported.total_tokens)) : undefined
  if (inputTokens !== undefined) return { inputTokens, outputTokens: 0 }
  const tokens = rows.reduce((sum, row) => sum + (typeof row === 'string' ? textTokens(row) * tokensForOne(model) : row.length), 0)
  return { inputTokens: Math.ceil(tokens), outputTokens: 0, estimated: true }
}
