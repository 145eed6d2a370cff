import type { Clock } from '../core/clock.ts'
import type { UpstreamBody } from './body.ts'
import { Exchange } from './exchange.ts'
import { Connections } from './http1/connections.ts'
import type { ResponseHeaders } from './http1/headers.ts'
import { Watch } from './watch.ts'

/** Milliseconds. `connect`: until the server accepts; `firstByte`: until headers, then until the first byte; `idle`: between bytes. */
export interface UpstreamLimits {
  connect: number
  firstByte: number
  idle: number
}

/** Somebody who may go away; a `Request` is one. */
export interface Leaving {
  readonly signal: AbortSignal
}

export interface UpstreamRequest {
  /** POST unless told. */
  method?: 'GET'
  url: string
  /** Of this call alone; names in lower case. */
  headers: Record<string, string>
  /** Of every call of an account, always the same object; they win. */
  standing: Record<string, string>
  body: string
  limits: UpstreamLimits
  /** Whose leaving aborts the call in every phase. The signal is asked for only when the call has taken a moment: a server makes it when it is first asked for. */
  client: Leaving
}

export interface UpstreamResponse {
  status: number
  headers: ResponseHeaders
  body: UpstreamBody
}

export type Send = (request: UpstreamRequest) => Promise<UpstreamResponse>

/**
 * The only way to the network. HTTP/1.1 of our own over Bun's sockets: a call costs a third less than with `fetch`, bytes come without a queue between threads,
 * next to nothing is read ahead, and it is known when a connection stands. Redirects are never followed (they would carry keys elsewhere), proxies of the environment
 * never asked; answers come uncompressed, so that bytes can be passed through as they are.
 */
export function createSend(clock: Clock): Send {
  const connections = new Connections(clock)
  const watch = new Watch(clock)
  return async request => new Exchange(request, clock, connections, watch).start()
}
