import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { reachable } from './connect-probe.ts'

/** Milliseconds. `connect`: until the server accepts; `firstByte`: until headers, then until the first byte; `idle`: between bytes. */
export interface UpstreamLimits {
  connect: number
  firstByte: number
  idle: number
}

export interface UpstreamRequest {
  url: string
  headers: Record<string, string>
  body: string
  limits: UpstreamLimits
  /** Aborts the call in every phase. */
  signal: AbortSignal
}

export interface UpstreamResponse {
  status: number
  headers: Headers
  body: UpstreamBody
}

/** The answer's bytes. Nothing is read ahead: what is not asked for stays with the sender. */
export interface UpstreamBody {
  /** The next bytes; undefined at the end. @throws GatewayError when the connection breaks or falls silent. */
  read(): Promise<Uint8Array | undefined>
  /** How many bytes there will be, where the upstream said so. */
  readonly length?: number
  /** Everything at once, for a body of known length of which nothing was read yet: cheaper than reading it piece by piece. */
  all?(): Promise<Uint8Array>
  /** Lets go of what was not read. Safe to call more than once; never throws. */
  release(): void
}

export type Send = (request: UpstreamRequest) => Promise<UpstreamResponse>

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`

function limitError(limit: 'connect' | 'first_byte' | 'idle', ms: number): GatewayError {
  const message = {
    connect: `no connection to the upstream within ${seconds(ms)}`,
    first_byte: `no answer from the upstream within ${seconds(ms)}`,
    idle: `the upstream fell silent for ${seconds(ms)}`,
  }[limit]
  return new GatewayError('timeout', message, { upstream: { limit, maybeExecuted: limit !== 'connect' } })
}

const UNSENT = new Set(['ConnectionRefused', 'ECONNREFUSED', 'FailedToOpenSocket', 'ENOTFOUND', 'DNSException', 'UnsupportedProxyProtocol'])

/** Bun's fetch errors carry the address in their text: only the code is shown. */
function connectionError(error: unknown, phase: 'before' | 'within'): GatewayError {
  if (error instanceof GatewayError) return error
  const code = (error as { code?: unknown } | null)?.code
  const word = typeof code === 'string' && /^[\w-]{1,60}$/.test(code) ? ` (${code})` : ''
  const unsent = typeof code === 'string' && (UNSENT.has(code) || /CERT|TLS|SSL/.test(code))
  const message = phase === 'within' ? `the upstream's connection broke${word}` : `the upstream could not be reached${word}`
  return new GatewayError('bad-gateway', message, { cause: code ?? (error as Error)?.name, upstream: { maybeExecuted: !unsent } })
}

/**
 * The only place that calls fetch. Redirects are never followed (they would carry keys elsewhere); answers come uncompressed, so that
 * bytes can be passed through as they are.
 *
 * Bun's fetch does not tell when it has connected, so a server that has not answered for half the connect limit is asked for a bare TCP
 * connection; where that is not made by the limit either, the call ends with the reason. A refusal proves nothing: a server that is draining refuses new
 * connections and still answers the ones it has, and had ours been refused, fetch would have said so.
 */
export function createSend(clock: Clock): Send {
  return async request => {
    const call = new Call(request, clock)
    try {
      const response = await fetch(request.url, {
        method: 'POST',
        headers: { 'accept-encoding': 'identity', ...request.headers },
        body: request.body,
        redirect: 'manual',
        signal: call.signal,
        // Ours are the limits that count; Bun's own five minutes would cut long thinking.
        timeout: false,
        // Only a configured proxy may be used, never one from the environment.
        proxy: false,
      } as unknown as RequestInit)
      call.answered()
      return { status: response.status, headers: response.headers, body: call.body(response) }
    } catch (error) {
      call.close()
      throw call.reason ?? connectionError(error, 'before')
    }
  }
}

function lengthOf(headers: Headers): number | undefined {
  const text = headers.get('content-length')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** One call's abort signal and its one timer, which is set anew when it fires early rather than at every byte. */
class Call {
  readonly #controller = new AbortController()
  readonly #onAbort: () => void
  /** Why the call was ended by us. */
  reason: GatewayError | undefined
  #cancelTimer: () => void = () => {}
  /** When the timer fires, on the clock of `elapsed`. */
  #due = 0
  #closed = false
  #answered = false
  #probed = false
  /** Since when somebody waits for bytes; undefined while nobody does. */
  #waitingSince: number | undefined
  #limit: 'first_byte' | 'idle' = 'first_byte'

  constructor(
    private readonly request: UpstreamRequest,
    private readonly clock: Clock,
  ) {
    this.#waitingSince = clock.elapsed()
    this.#onAbort = () => this.#abort(new GatewayError('cancelled', 'the client went away'))
    if (request.signal.aborted) this.#onAbort()
    else request.signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#arm(Math.min(request.limits.firstByte, request.limits.connect / 2))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  answered(): void {
    this.#answered = true
  }

  body(response: Response): UpstreamBody {
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    const length = lengthOf(response.headers)
    let isTaken = false
    return {
      length,
      all: async () => {
        isTaken = true
        try {
          return new Uint8Array(await response.arrayBuffer())
        } catch (error) {
          throw this.reason ?? connectionError(error, 'within')
        } finally {
          this.close()
        }
      },
      read: async () => {
        if (!isTaken) reader ??= response.body?.getReader()
        if (!reader) {
          this.close()
          return undefined
        }
        this.#waitingSince ??= this.clock.elapsed()
        try {
          const { done, value } = await reader.read()
          this.#waitingSince = undefined
          if (!done) {
            this.#begun()
            return value
          }
          this.close()
          return undefined
        } catch (error) {
          this.close()
          throw this.reason ?? connectionError(error, 'within')
        }
      },
      release: () => {
        if (this.#closed) return
        this.close()
        reader?.cancel().catch(() => {})
        this.#controller.abort()
      },
    }
  }

  close(): void {
    this.#closed = true
    this.#cancelTimer()
    this.request.signal.removeEventListener('abort', this.#onAbort)
  }

  #abort(reason: GatewayError): void {
    if (this.#closed) return
    this.reason = reason
    this.close()
    this.#controller.abort(reason)
  }

  /** From the first byte on it is the idle limit that counts: it may well be shorter than what the timer was set to. */
  #begun(): void {
    if (this.#limit === 'idle' || this.#closed) return
    this.#limit = 'idle'
    if (this.clock.elapsed() + this.#left() < this.#due) this.#arm(this.#left())
  }

  /** Sets the one timer; where it fires before its time has come it is set again, so that nothing needs to be done at every byte. */
  #arm(ms: number): void {
    this.#cancelTimer()
    this.#due = this.clock.elapsed() + ms
    this.#cancelTimer = this.clock.after(ms, () => this.#watch())
  }

  async #checkConnect(): Promise<void> {
    this.#probed = true
    const { connect } = this.request.limits
    const left = connect - (this.clock.elapsed() - (this.#waitingSince ?? 0))
    const connected = await reachable(this.request.url, Math.max(left, 0), this.clock)
    if (!connected && !this.#answered) this.#abort(limitError('connect', connect))
  }

  #left(): number {
    const limit = this.#limit === 'idle' ? this.request.limits.idle : this.request.limits.firstByte
    return limit - (this.#waitingSince === undefined ? 0 : this.clock.elapsed() - this.#waitingSince)
  }

  /** Ends the call when it has waited too long; while nobody waits (a slow reader), the clock stands still. */
  #watch(): void {
    if (this.#closed) return
    const left = this.#left()
    if (left > 0) {
      this.#arm(left)
      if (!this.#answered && !this.#probed) void this.#checkConnect()
      return
    }
    const limit = this.#limit
    this.#abort(limitError(limit, limit === 'idle' ? this.request.limits.idle : this.request.limits.firstByte))
  }
}
