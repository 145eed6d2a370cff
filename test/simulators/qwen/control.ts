import { isObject, type Json, stringOf } from '../../checkers/json.ts'
import type { Route } from '../answer.ts'
import type { SimulatedClock } from '../clock.ts'
import type { Payload } from '../delivery.ts'
import { Refusal } from '../refusal.ts'
import { jsonPayload, type RecordedRequest } from '../simulator.ts'
import { FAULTS, type FaultName, isFault } from './faults.ts'
import { page } from './page.ts'
import { COUNTED } from './routes.ts'

export interface FaultOptions {
  /** How many requests get it. Default 1. */
  times?: number
  /** Default: chat. */
  on?: Route
  /** A user's name or a key. Default: whoever comes. */
  forKey?: string
  /** Seconds in `retry-after`. */
  retryAfter?: number
}

/** What the routes below `/__sim` do, for those who are no part of the test's process. */
export interface Control {
  approve(userCode?: string, user?: string): void
  deny(userCode?: string): void
  expire(userCode?: string): void
  fault(name: FaultName, options?: FaultOptions): void
  readonly requests: readonly RecordedRequest[]
  readonly clock: SimulatedClock
}

const NO_HEADERS = { headers: () => ({}) }

/** Bodies are JSON, or forms as the page of the sign-in sends them. @throws Refusal in words for a person. */
export function controlPayload(control: Control, request: RecordedRequest): Payload {
  const form = !request.headers['content-type']?.startsWith('application/json')
  const body: Json = form ? Object.fromEntries(new URLSearchParams(request.bodyText)) : (request.body ?? {})
  const done = answer(control, request.path.replace('/__sim/', ''), body)
  return form && request.method === 'POST' ? page(200, '<p>Done. You can close this page.</p>') : jsonPayload(NO_HEADERS, 200, done)
}

function answer(control: Control, act: string, body: Json): unknown {
  const code = textOf(body.user_code)
  if (act === 'requests') return control.requests.filter(({ route }) => route !== 'control').map(seen)
  if (act === 'approve') wanted(() => control.approve(code, textOf(body.user)))
  else if (act === 'deny') wanted(() => control.deny(code))
  else if (act === 'expire') wanted(() => control.expire(code))
  else if (act === 'clock') setClock(control.clock, body)
  else addFault(control, body)
  return { ok: true }
}

function addFault(control: Control, { fault, times, on, for: forKey, retry_after: retryAfter }: Json): void {
  const name = stringOf(fault)
  if (!isFault(name)) return refuse(`fault must be one of ${FAULTS.join(', ')}`)
  control.fault(name, {
    ...(times !== undefined && { times: Number(times) }),
    ...(on !== undefined && { on: routeNamed(on) }),
    ...(typeof forKey === 'string' && { forKey }),
    ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }),
  })
}

function routeNamed(name: unknown): Route {
  const routes: readonly Route[] = Object.values(COUNTED)
  return routes.find(route => route === name) ?? refuse(`on must be one of ${routes.join(', ')}`)
}

function setClock(clock: SimulatedClock, { advance_ms: advance, set_ms: set }: Json): void {
  if (typeof advance === 'number') clock.advance(advance)
  else if (typeof set === 'number') clock.set(set)
  else refuse('advance_ms or set_ms must be a number')
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

const seen = ({ method, path, route, key, at, bodyText, body }: RecordedRequest): Json => ({
  ...{ method, path, route, key, at },
  body: isObject(body) ? body : bodyText,
})

function wanted(act: () => void): void {
  try {
    act()
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error))
  }
}

function refuse(message: string): never {
  throw new Refusal(400, { error: message }, message)
}
