import { isObject, type Json, parseOrUndefined } from '../checkers/json.ts'
import type { Answer, Route } from './answer.ts'
import { type Exchange, listen } from './connection.ts'
import { deliver, type Payload } from './delivery.ts'
import { Refusal } from './refusal.ts'

export interface SimulatorOptions {
  /** Keys that the service knows. Default `sk-simulator`. */
  keys?: readonly string[]
  /** Names of the only models there are. Default: any name that looks like the vendor's. */
  models?: readonly string[]
  /** Default 0: any free port. */
  port?: number
  /** Tokens that prompt and output may have together. */
  contextWindow?: number
  /** Takes any body and model, for tests that do not care. Keys and routes (and `models`, where given) are still checked. */
  lenient?: boolean
}

export interface RecordedRequest {
  method: string
  path: string
  query: Record<string, string>
  /** Names in lower case. */
  headers: Record<string, string>
  bodyText: string
  /** Undefined where the body is no JSON object. */
  body: Json | undefined
  /** The key it carried. JetBrains: the licence of the account that it acted for. */
  key: string | undefined
  /** Which route took it; undefined where none did. */
  route?: Route
  /** Milliseconds since the epoch when it had arrived whole. */
  at: number
  framesSent: number
  /** The client left before the answer was whole. */
  aborted: boolean
  /** Resolves when the answer is out or the connection is gone. */
  closed: Promise<void>
}

export interface Simulator {
  /** What goes into `base_url`. */
  readonly url: string
  /** The first of the keys it knows. */
  readonly key: string
  readonly requests: RecordedRequest[]
  /** Answers for the next requests, in order. With an empty queue the answer follows from the request. Refused requests use none up. */
  script(...answers: Answer[]): void
  /** Resolves once so many requests have arrived. */
  received(count: number): Promise<RecordedRequest[]>
  close(): Promise<void>
}

/** A vendor's service, apart from the wire. */
export interface Service {
  /** Path between the origin and the routes that belongs to `base_url`. */
  readonly basePath: string
  routeOf(request: RecordedRequest): Route
  /** @throws {Refusal} where key, headers or body are not to the vendor's liking. */
  check(route: Route, request: RecordedRequest): void
  keyOf(headers: Record<string, string>): string | undefined
  payload(route: Route, request: RecordedRequest, answer: Answer): Payload
  errorBody(status: number, message: string): Json
  /** Headers of every answer. */
  headers(): Record<string, string>
}

export const DEFAULT_KEY = 'sk-simulator'

export function startService(service: Service, options: SimulatorOptions): Simulator {
  const queue: Answer[] = []
  const requests: RecordedRequest[] = []
  let waiting: { count: number; resolve: (requests: RecordedRequest[]) => void }[] = []

  const serve = async (exchange: Exchange): Promise<void> => {
    const request = record(exchange, service)
    requests.push(request)
    for (const waiter of waiting) if (requests.length >= waiter.count) waiter.resolve([...requests])
    waiting = waiting.filter(waiter => requests.length < waiter.count)
    const { payload, answer } = decide(service, queue, request)
    await deliver(exchange, payload, answer, () => request.framesSent++)
  }

  const listener = listen(options.port ?? 0, serve)
  return {
    url: `http://127.0.0.1:${listener.port}${service.basePath}`,
    key: options.keys?.[0] ?? DEFAULT_KEY,
    requests,
    script: (...answers) => void queue.push(...answers),
    received: count =>
      requests.length >= count ? Promise.resolve([...requests]) : new Promise(resolve => waiting.push({ count, resolve })),
    close: () => listener.close(),
  }
}

function decide(service: Service, queue: Answer[], request: RecordedRequest): { payload: Payload; answer: Answer } {
  try {
    const route = service.routeOf(request)
    request.route = route
    service.check(route, request)
    const index = queue.findIndex(answer => (answer.on ?? 'generate') === route && (!answer.forKey || answer.forKey === request.key))
    const answer = (index === -1 ? undefined : queue.splice(index, 1)[0]) ?? {}
    return { payload: scriptedBody(service, answer) ?? service.payload(route, request, answer), answer }
  } catch (error) {
    if (error instanceof Refusal) return { payload: jsonPayload(service, error.status, error.body), answer: {} }
    const message = `the simulator failed: ${error instanceof Error ? error.stack : error}`
    return { payload: jsonPayload(service, 500, service.errorBody(500, message)), answer: {} }
  }
}

/** Scripts that need nothing of the request: bodies and errors. */
export function scriptedBody(service: Pick<Service, 'headers' | 'errorBody'>, answer: Answer): Payload | undefined {
  const { status = 200, body } = answer
  if (body !== undefined) return jsonPayload(service, status, body)
  return status >= 400 ? jsonPayload(service, status, service.errorBody(status, answer.message ?? `simulated status ${status}`)) : undefined
}

export function jsonPayload(service: Pick<Service, 'headers'>, status: number, body: unknown): Payload {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status, headers: { 'content-type': 'application/json', ...service.headers() }, body: text }
}

function record(exchange: Exchange, service: Service): RecordedRequest {
  const { method, target, headers, body: bodyText } = exchange.request
  const url = new URL(target, 'http://simulator')
  const parsed = parseOrUndefined(bodyText)
  return {
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers,
    bodyText,
    body: isObject(parsed) ? parsed : undefined,
    key: service.keyOf(headers),
    at: Date.now(),
    framesSent: 0,
    get aborted() {
      return exchange.aborted
    },
    closed: exchange.closed,
  }
}
