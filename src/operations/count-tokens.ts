import type { Clock } from '../core/clock.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { isObject, tryParseJson } from '../core/json.ts'
import { spliceTopLevel } from '../core/json-splice.ts'
import type { Random } from '../core/random.ts'
import { attemptTargets, type Lease, release } from '../routing/attempt.ts'
import type { Trail } from '../routing/trail.ts'
import { readAll } from '../upstream/read-all.ts'
import type { Answer, Call } from './call.ts'
import { estimateInputTokens } from './estimate.ts'
import { headersToUpstream, JSON_HEADERS } from './headers.ts'
import { codecOf, namesModelOnce } from './open-answer.ts'
import { type RoutingState, route } from './route.ts'
import { callUpstream } from './upstream-call.ts'

export interface CountTokensServices {
  clock: Clock
  random: Random
  routing(): RoutingState
  /** The dialect's own check of the request. @throws GatewayError naming the field. */
  inspect(body: Call['body']): { model: string }
}

const LONGEST_ANSWER = 1024 * 1024

const ABSENT = new Set(['not-found', 'model-not-found', 'method-not-allowed'])

/** Kinds that mean "this upstream does not count", rather than "this request is wrong". */
const CANNOT = new Set([...ABSENT, 'bad-gateway', 'rate-limit', 'timeout', 'unavailable'])

/**
 * `POST /v1/messages/count_tokens`: the upstream's own count where it speaks the dialect, else an estimate that says so in
 * `x-dragoman-notes`. Costs nothing, so it leaves no usage row.
 * @throws GatewayError what is to be answered instead.
 */
export async function countTokens(call: Call, services: CountTokensServices): Promise<Answer> {
  const { model } = services.inspect(call.body)
  const { targets } = route(model, call, services.routing().catalog)
  const counting = targets.filter(({ provider }) => provider.dialect.id === call.dialect.id)
  if (counting.length === targets.length) {
    const trail: Trail = { attempts: [], skipped: [] }
    try {
      const { value, lease } = await attemptTargets(counting, trail, services, call.signal, taken => askUpstream(call, taken))
      release(lease)
      return { status: 200, headers: JSON_HEADERS, body: value }
    } catch (thrown) {
      if (!CANNOT.has(asGatewayError(thrown).kind)) throw thrown
    }
  }
  const body = JSON.stringify({ input_tokens: estimateInputTokens(call.body) })
  return { status: 200, headers: { ...JSON_HEADERS, 'x-dragoman-notes': 'usage:estimated' }, body }
}

async function askUpstream(call: Call, lease: Lease): Promise<Uint8Array> {
  const codec = codecOf(lease)
  const { model } = lease.target
  const once = call.body.model === model && namesModelOnce(call.text)
  const changes = new Map<string, string>(once ? [] : [['model', JSON.stringify(model)]])
  const response = await callUpstream(lease, codec, {
    body: spliceTopLevel(call.text, changes),
    headers: headersToUpstream(call),
    path: `${codec.path}/count_tokens${call.query}`,
    signal: call.signal,
  }).catch(thrown => {
    const error = asGatewayError(thrown)
    // A server that does not count may answer well all the same: this must not cool its account.
    throw ABSENT.has(error.kind) ? new GatewayError(error.kind, error.message) : error
  })
  const bytes = await readAll(response.body, LONGEST_ANSWER)
  const answer = tryParseJson(new TextDecoder().decode(bytes))
  if (!isObject(answer) || typeof answer.input_tokens !== 'number') {
    throw new GatewayError('bad-gateway', 'the upstream gave no token count', { upstream: { status: response.status } })
  }
  return bytes
}
