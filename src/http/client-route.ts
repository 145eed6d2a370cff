import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { IdGenerator } from '../core/ids.ts'
import type { Member } from '../core/roster.ts'
import type { Answer, Call, Caller, ClientDialect } from '../operations/call.ts'
import type { Asked, RequestTrace } from '../operations/tracing/request-trace.ts'
import { authenticateClient, type KeyRing } from './auth.ts'
import { readBody } from './body.ts'
import { failure } from './failure.ts'
import { toResponse } from './respond.ts'
import type { HttpSettings } from './settings.ts'

/** A request that waits for its answer. */
export interface HeldRequest extends Member {
  readonly request: Request
}

export interface ClientRouteServices {
  clock: Clock
  ids: IdGenerator
  settings(): HttpSettings
  keys: KeyRing
  /** Called for every answer that no operation accounts for, so that it is logged too. */
  answered(request: Answered): void
  /** Every unforeseen error, with its cause: for the log. */
  unforeseen(error: GatewayError, requestId: string): void
  /** Begins the debugging file of a request whose key was good; undefined where none is wanted, and then `asked` is not called. */
  trace?(asked: () => Asked): RequestTrace | undefined
  /** The body is read: from now on our own deadlines hold, not the server's idle limit. */
  hold(request: Request): HeldRequest
  /** The answer begins: a client that stops reading is cut off again. */
  resume(held: HeldRequest): void
  /** Set while the server is stopping: new work is refused. */
  stopping(): boolean
}

/** An answer in short. `latencyMs` from the request's arrival. */
export interface Answered {
  id: string
  route: string
  status: number
  latencyMs: number
  caller?: Caller
  error?: GatewayError
}

export type Operation = (call: Call) => Promise<Answer>

/** Whoever calls where no key is asked for. */
const ANYONE: Caller = { id: 'anyone', name: 'anyone', allows: () => true }

export const callerOf = (headers: Headers, { settings, keys }: ClientRouteServices): Caller | Promise<Caller> =>
  settings().clientAuth === 'none' ? ANYONE : authenticateClient(headers, keys)

/** The way of every client request: key, body, operation; whatever fails is answered in the route's dialect. */
export async function serveClient(
  request: Request,
  path: string,
  dialect: ClientDialect,
  operation: Operation,
  services: ClientRouteServices,
): Promise<Response> {
  const requestId = services.ids.next('req_')
  const startedAt = services.clock.elapsed()
  let caller: Caller | undefined
  let held: HeldRequest | undefined
  let trace: RequestTrace | undefined
  try {
    if (services.stopping()) throw new GatewayError('unavailable', 'the gateway is stopping', { retryAfterMs: 5000 })
    const found = callerOf(request.headers, services)
    caller = found instanceof Promise ? await found : found
    const { name: key } = caller
    trace = services.trace?.(() => ({ requestId, key, method: request.method, url: path + queryOf(request.url), headers: request.headers }))
    const settings = services.settings()
    const { text, body } = await readBody(request, settings)
    trace?.came(text)
    const strict = settings.strict || request.headers.get('x-dragoman-strict') === 'true'
    const query = queryOf(request.url)
    const { headers } = request
    const call: Call = {
      requestId,
      route: path,
      dialect,
      caller,
      text,
      body,
      headers,
      query,
      strict,
      trace,
      // Made when it is first asked for, which most short calls never do.
      get signal() {
        return request.signal
      },
    }
    held = services.hold(request)
    const answer = await operation(call)
    trace?.answers(answer)
    services.resume(held)
    return toResponse(answer, requestId, dialect.id)
  } catch (thrown) {
    if (held) services.resume(held)
    return failure(thrown, { requestId, route: path, dialect, caller, startedAt, trace }, services)
  }
}

function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at).replace(/#.*$/s, '')
}
