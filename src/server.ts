import type { Gateway } from './composition/gateway.ts'
import type { Cancel, Clock } from './core/clock.ts'
import { GatewayError } from './core/errors.ts'
import { Roster } from './core/roster.ts'
import type { HeldRequest } from './http/client-route.ts'

/** Seconds: a client that neither reads nor sends is cut off; heartbeats keep the living ones. */
const IDLE_S = 120

/** Bun's own limit stands above ours, because its 413 has no body that a client could read. */
const MARGIN_BYTES = 1024 * 1024 * 1024

export interface RunningServer {
  url: string
  /**
   * Ends in order: nothing new is taken, streams get until the deadline, then an error event of their dialect; at once when `force` aborts.
   */
  stop(deadlineMs: number, force?: AbortSignal): Promise<void>
}

/** Binds the socket. @throws Error in words for people where the address is taken or not ours. */
export function listen(gateway: Gateway, clock: Clock): RunningServer {
  const { config } = gateway.state()
  const { server_host: hostname, server_port: port } = config
  let server: Bun.Server<undefined>
  try {
    server = Bun.serve({
      hostname,
      port,
      idleTimeout: IDLE_S,
      maxRequestBodySize: config.limits.body + MARGIN_BYTES,
      reusePort: false,
      development: false,
      fetch: request => gateway.handle(request),
      error: () =>
        new Response('{"error":{"message":"internal error","type":"api_error","param":null,"code":null}}', {
          status: 500,
          headers: { 'content-type': 'application/json' },
        }),
    })
  } catch (error) {
    throw new Error(explain((error as { code?: string }).code, hostname, port))
  }
  const waiting = new WaitingRequests(server, clock)
  gateway.http.hold = request => waiting.add(request)
  gateway.http.resume = held => waiting.delete(held)
  const shown = hostname.includes(':') ? `[${hostname.replace(/^\[|\]$/g, '')}]` : hostname
  return {
    url: `http://${shown}:${server.port}`,
    async stop(deadlineMs, force) {
      gateway.stopTaking()
      const served = server.stop()
      const deadline = new Promise<void>(resolve => {
        clock.after(deadlineMs, resolve)
        force?.addEventListener('abort', () => resolve(), { once: true })
      })
      await Promise.race([Promise.all([served, gateway.streams.drained()]), deadline])
      gateway.streams.interruptAll(new GatewayError('unavailable', 'the gateway is stopping'))
      // A turn for the last events to go out before the sockets are closed.
      await clock.sleep(50)
      await server.stop(true)
      waiting.stop()
      // And one for the requests that were cut off with them to reach their records.
      await clock.sleep(20)
    },
  }
}

/** How often requests are looked through that wait for their answer; well below the time after which they would be cut off. */
const SWEEP_MS = 30_000

/**
 * Requests whose answers may take as long as they need. Nearly all are answered before it matters, so the server is told only of those that still wait at the
 * next sweep.
 */
class WaitingRequests {
  readonly #waiting = new Roster<HeldRequest>()
  readonly stop: Cancel

  constructor(
    private readonly server: Bun.Server<undefined>,
    clock: Clock,
  ) {
    this.stop = clock.every(SWEEP_MS, () => this.#sweep())
  }

  add(request: Request): HeldRequest {
    const held = { request, place: 0 }
    this.#waiting.add(held)
    return held
  }

  delete(held: HeldRequest): void {
    // One that is not on the roster any more was told to the server.
    if (!this.#waiting.delete(held)) this.server.timeout(held.request, IDLE_S)
  }

  #sweep(): void {
    this.#waiting.each(held => {
      this.server.timeout(held.request, 0)
      this.#waiting.delete(held)
    })
  }
}

function explain(code: string | undefined, host: string, port: number): string {
  if (code === 'EADDRINUSE') return `port ${port} on ${host} is taken: stop what listens there, or choose another with --port`
  if (code === 'EACCES') return `port ${port} on ${host} may not be used by this user: choose one above 1023 with --port`
  return `cannot listen on ${host}:${port} (${code ?? 'unknown reason'})`
}
