import type { Affinity } from '../accounts/affinity.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { JsonValue } from '../core/json.ts'
import type { Random } from '../core/random.ts'
import type { RequestSummary } from '../dialects/dialect.ts'
import type { Usage } from '../ir/usage.ts'
import { attemptTargets, brokeOff, type Lease, release } from '../routing/attempt.ts'
import { Accounting, type WriteRecord } from './accounting.ts'
import type { Answer, Call, MakeContext } from './call.ts'
import { conversationOf } from './conversation.ts'
import { estimateUsage } from './estimate.ts'
import { failedAnswer } from './failed-answer.ts'
import { JSON_HEADERS, noteHeaders, routingHeaders, STREAM_HEADERS } from './headers.ts'
import { InputSize } from './input-size.ts'
import { Attempts, type OpenedStream } from './open-answer.ts'
import type { OpenStreams } from './open-streams.ts'
import { pump } from './pump.ts'
import { type RoutingState, route } from './route.ts'
import type { TokenCounter } from './token-counting/token-counter.ts'

/** What generating needs from the composition root. `routing()` is read once a request: a reload swaps it whole. */
export interface GenerateServices {
  clock: Clock
  random: Random
  makeContext: MakeContext
  routing(): RoutingState
  write: WriteRecord
  streams: OpenStreams
  affinity: Affinity
  /** For answers of upstreams that report no usage, and for requests to models whose limits are known. */
  counter: TokenCounter
}

const STILL_OPENING = Symbol('still opening')

/** Serves a request for one generated answer, streamed or whole. Never throws: what goes wrong is the answer. */
export async function generate(call: Call, services: GenerateServices): Promise<Answer> {
  const accounting = new Accounting(call, services.clock, services.write)
  try {
    const summary = call.dialect.client.inspectRequest(call.body)
    accounting.model = summary.model
    accounting.stream = summary.stream
    return await (summary.stream ? streamed : whole)(call, summary, services, accounting)
  } catch (thrown) {
    return failedAnswer(call, accounting, thrown, services.clock.now())
  }
}

async function whole(call: Call, summary: RequestSummary, services: GenerateServices, accounting: Accounting): Promise<Answer> {
  const state = services.routing()
  const attempts = new Attempts(call, services.makeContext, services.counter)
  const input = new InputSize(call, services.counter)
  accounting.input = input
  const targets = await input.fitting(route(summary.model, call, state.catalog).targets)
  const conversation = conversationOf(call, summary, services.affinity)
  const open = (lease: Lease) => input.explain(attempts.openBody(lease))
  const { value, lease } = await attemptTargets(targets, accounting.trail, services, call, open, conversation)
  release(lease)
  accounting.lease = lease
  accounting.notes = value.notes
  accounting.firstToken()
  const usage = value.usage ?? estimateUsage(call.body, lease.target.model, value.outputCharacters)
  accounting.settle(200, { usage: withSpent(usage, lease, value.metadata, services.clock) })
  return { status: 200, headers: { ...JSON_HEADERS, ...value.headers, ...answerHeaders(state, lease, accounting) }, body: value.body }
}

/**
 * Headers go out with the first content, or after a heartbeat's time of silence. Until the first content the attempts go on, behind the heartbeats
 * too; a failure after the headers is the dialect's error event.
 */
async function streamed(call: Call, summary: RequestSummary, services: GenerateServices, accounting: Accounting): Promise<Answer> {
  const { clock } = services
  const state = services.routing()
  const attempts = new Attempts(call, services.makeContext, services.counter)
  const input = new InputSize(call, services.counter)
  accounting.input = input
  const targets = await input.fitting(route(summary.model, call, state.catalog).targets)
  const conversation = conversationOf(call, summary, services.affinity)
  const open = (lease: Lease) => input.explain(attempts.openStream(lease))
  const opening = attemptTargets(targets, accounting.trail, services, call, open, conversation).then(({ value, lease }) => {
    accounting.lease = lease
    accounting.notes = value.notes
    accounting.firstToken()
    return value
  })
  let cancel = () => {}
  const silence = new Promise<typeof STILL_OPENING>(resolve => {
    cancel = clock.after(state.heartbeatMs, () => resolve(STILL_OPENING))
  })
  const first = await Promise.race([opening, silence]).finally(cancel)
  const late = first === STILL_OPENING
  const body = pump(late ? opening : first, {
    client: call.dialect.client,
    requestId: call.requestId,
    clock,
    heartbeatMs: state.heartbeatMs,
    streams: services.streams,
    signal: call.signal,
    trace: call.trace,
    settled: end => settleStream(call, accounting, end, clock),
  })
  const headers = late || !accounting.lease ? {} : { ...first.headers, ...answerHeaders(state, accounting.lease, accounting) }
  return { status: 200, headers: { ...STREAM_HEADERS, ...headers }, body }
}

/** What was charged beside the tokens; the account learns what is left. */
function withSpent(usage: Usage, { target, account }: Lease, metadata: JsonValue | undefined, clock: Clock): Usage {
  const spent = metadata === undefined ? undefined : target.provider.observe?.(account, metadata, clock.now())
  return spent === undefined ? usage : { ...usage, spent }
}

function settleStream(
  call: Call,
  accounting: Accounting,
  end: { opened?: OpenedStream; error?: GatewayError; left?: boolean },
  clock: Clock,
): void {
  const { lease } = accounting
  if (lease) release(lease)
  if (end.error && end.opened && !end.left && end.error.kind !== 'unavailable') brokeOff(accounting.trail)
  const relay = end.opened?.relay
  const counted =
    relay && (relay.usage ?? end.opened?.estimated?.usage ?? estimateUsage(call.body, lease?.target.model ?? '', relay.outputCharacters))
  const usage = counted && lease ? withSpent(counted, lease, relay.metadata, clock) : counted
  end.opened?.estimated?.close()
  const error = end.left ? new GatewayError('cancelled', 'the client left before the end') : end.error
  accounting.settle(error ? call.dialect.client.encodeError(error, call.requestId).status : 200, { usage, error })
  call.trace?.streamOver(error)
}

const answerHeaders = (state: RoutingState, lease: Lease, { trail, notes }: Accounting): Record<string, string> => ({
  ...noteHeaders(notes),
  ...(state.routingHeaders ? routingHeaders(lease, trail.attempts.length) : {}),
})
