import type { Clock } from '../core/clock.ts'
import { asGatewayError, type ErrorKind, GatewayError } from '../core/errors.ts'
import { isObject, tryParseJson } from '../core/json.ts'
import type { Random } from '../core/random.ts'
import type { DialectId } from '../ir/dialect-id.ts'
import { attemptTargets, type Lease, release } from '../routing/attempt.ts'
import { type Target, wireOf } from '../routing/provider.ts'
import type { Trail } from '../routing/trail.ts'
import { readAll } from '../upstream/read-all.ts'
import type { Answer, Call, MakeContext } from './call.ts'
import { estimateInputTokens } from './estimate.ts'
import { headersFromUpstream, JSON_HEADERS, routingHeaders } from './headers.ts'
import { codecOf } from './open-answer.ts'
import { type RoutingState, route } from './route.ts'
import { TOKEN_COUNTERS, type UpstreamCounter } from './token-counters.ts'
import { callUpstream, rawAnswerOf } from './upstream-call.ts'

export interface CountTokensServices {
  clock: Clock
  random: Random
  makeContext: MakeContext
  routing(): RoutingState
  /** The dialect's own check of the request. @throws GatewayError naming the field. */
  inspect(body: Call['body']): { model: string }
}

const LONGEST_ANSWER = 1024 * 1024

/** Counting is quick, and there is the estimate: nobody waits for it as for an answer. */
const PATIENCE_MS = 10_000

/** A server may have no such route, or a limit of its own for it, and answer well all the same: this must not cool its account. */
const ABOUT_COUNTING: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'not-found',
  'model-not-found',
  'method-not-allowed',
  'unsupported-media-type',
  'rate-limit',
  'timeout',
])

/** Kinds that mean "this request is wrong", rather than "this upstream does not count (now)". */
const VERDICTS: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'invalid-request',
  'context-too-long',
  'content-policy',
  'too-large',
  'unprocessable',
  'cancelled',
  'internal',
])

/**
 * `POST /v1/messages/count_tokens`: the upstream's own count where the request would go to one that counts, else an estimate that says so in
 * `x-dragoman-notes`. Costs nothing, so it leaves no usage row.
 * @throws GatewayError what is to be answered instead.
 */
export async function countTokens(call: Call, services: CountTokensServices): Promise<Answer> {
  const { model } = services.inspect(call.body)
  const state = services.routing()
  const { targets } = route(model, call, state.catalog)
  const counting = countingTargets(targets, call)
  if (counting.length > 0) {
    const trail: Trail = { attempts: [], skipped: [] }
    try {
      const { value, lease } = await attemptTargets(counting, trail, services, call, taken => askUpstream(call, taken))
      release(lease)
      const routing = state.routingHeaders ? routingHeaders(lease, trail.attempts.length) : {}
      return { status: 200, headers: { ...JSON_HEADERS, ...value.headers, ...routing }, body: value.body }
    } catch (thrown) {
      const error = asGatewayError(thrown)
      if (VERDICTS.has(error.kind) || isUnknownModel(error)) throw error
    }
  } else {
    // Nobody else looks at the depth of the request.
    call.dialect.client.decodeRequest(call.body, services.makeContext([], false))
  }
  const body = JSON.stringify({ input_tokens: estimateInputTokens(call.body, targets[0]?.model ?? model) })
  return { status: 200, headers: { ...JSON_HEADERS, 'x-dragoman-notes': 'usage:estimated' }, body }
}

/** Those that the request would be tried at first: a count by somebody it would not go to is none. */
function countingTargets(targets: readonly Target[], { dialect }: Call): Target[] {
  const counts = (target: Target) => {
    const wire = wireOf(target)
    // A vendor's route at somebody else's address need not have the others beside it.
    return wire.path === undefined && (counterOf(wire.dialect.id)?.clients.has(dialect.id) ?? false)
  }
  const other = targets.findIndex(target => !counts(target))
  return targets.slice(0, other === -1 ? undefined : other)
}

const counterOf = (id: DialectId): UpstreamCounter | undefined => TOKEN_COUNTERS[id]

/** The vendor itself, in its own words, rather than a server that has no such route. */
function isUnknownModel(error: GatewayError): boolean {
  const raw = error.kind === 'model-not-found' ? rawAnswerOf(error) : undefined
  const body = raw && tryParseJson(new TextDecoder().decode(raw.body))
  return isObject(body) && body.type === 'error'
}

async function askUpstream(call: Call, lease: Lease): Promise<{ body: Uint8Array; headers: Record<string, string> }> {
  const counter = counterOf(lease.wire.dialect.id) as UpstreamCounter
  const { limits } = lease.target.provider
  const [firstByte, idle] = [Math.min(limits.firstByte, PATIENCE_MS), Math.min(limits.idle, PATIENCE_MS)]
  const asked = { ...counter.request(call, lease), client: call, limits: { ...limits, firstByte, idle }, trace: call.trace }
  const response = await callUpstream(lease, codecOf(lease), asked).catch(thrown => {
    const error = asGatewayError(thrown)
    const { kind, message, param, retryAfterMs, shouldRetry } = error
    throw ABOUT_COUNTING.has(kind) ? new GatewayError(kind, message, { param, retryAfterMs, shouldRetry, cause: error }) : error
  })
  const body = await readAll(response.body, LONGEST_ANSWER)
  const answer = tryParseJson(new TextDecoder().decode(body))
  if (!isObject(answer) || counter.read(answer) === undefined) {
    throw new GatewayError('bad-gateway', 'the upstream gave no token count', { upstream: { status: response.status } })
  }
  return { body, headers: headersFromUpstream(response.headers) }
}
