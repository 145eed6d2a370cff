import type { Clock } from '../../core/clock.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { Answer } from '../call.ts'
import { CutText, Room } from './cut-text.ts'

/** Bytes of bodies that a trace keeps of one request; what is left of a megabyte is for headers and headings. */
const MOST_BYTES = 940_000

/** Set aside for the answer, whatever the bodies before it took. */
const ANSWER_BYTES = 200_000

/** Upstream calls of one request that are kept: a large batch of embeddings makes hundreds. */
const MOST_CALLS = 64

/** A request as it came in. */
export interface Asked {
  requestId: string
  /** The client key's name. */
  key: string
  method: string
  /** Path and query. */
  url: string
  headers: Iterable<readonly [string, string]>
}

/** Who is asked on whose account. */
export interface Via {
  provider: string
  account: string
  model: string
  /** What nobody may be shown of it. */
  secrets: readonly string[]
}

/** One call of an upstream. Times are milliseconds since the request came in. */
export interface TracedCall extends Via {
  at: number
  method: string
  url: string
  headers: Record<string, string>
  body: CutText
  answer?: { at: number; status: number; headers: readonly (readonly [string, string])[]; body: CutText }
  /** Why there was no answer, or no whole one. */
  failure?: GatewayError
  over?: boolean
}

/** All that one request had to do with, for a debugging file: bounded, and gathered without ever waiting. */
export class RequestTrace {
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly calls: TracedCall[] = []
  /** Calls beyond those that are kept. */
  moreCalls = 0
  body: CutText | undefined
  answer: { at: number; status: number; headers: Record<string, string>; body: CutText } | undefined
  error: GatewayError | undefined
  endedAt = 0
  readonly #since: number
  readonly #room = new Room(MOST_BYTES - ANSWER_BYTES)
  #streamEnded = false
  #done = false

  /** @param ended called once, when nothing more will come */
  constructor(
    readonly asked: Asked,
    private readonly clock: Clock,
    private readonly ended: (trace: RequestTrace) => void,
  ) {
    this.startedAt = clock.now()
    this.#since = clock.elapsed()
  }

  /** The client's body. */
  came(text: string): void {
    this.body = this.#kept(text)
  }

  /** An upstream is called; undefined where so many were that this one is only counted. */
  called(via: Via, request: { method: string; url: string; headers: Record<string, string>; body: string }): TracedCall | undefined {
    if (this.calls.length >= MOST_CALLS) {
      this.moreCalls++
      return undefined
    }
    const call: TracedCall = { ...via, ...request, at: this.#now(), body: this.#kept(request.body) }
    this.calls.push(call)
    return call
  }

  /** Its headers have come. @returns where the body's bytes go */
  answered(call: TracedCall, status: number, headers: Iterable<readonly [string, string]>): CutText {
    const body = new CutText(this.#room.take())
    call.answer = { at: this.#now(), status, headers: [...headers], body }
    return body
  }

  /** Nothing more will come of it. */
  callEnded(call: TracedCall, failure?: GatewayError): void {
    if (call.over || this.#done) return
    call.over = true
    call.failure = failure
    if (call.answer) this.#room.give(call.answer.body.unused)
  }

  /** What goes back to the client; the trace is over with it, or with `streamOver` where it is a stream. */
  answers({ status, headers, body }: Answer): void {
    if (this.answer) return
    this.answer = { at: this.#now(), status, headers, body: new CutText(ANSWER_BYTES) }
    const isStream = body instanceof ReadableStream
    if (body !== null && !isStream) this.sent(body)
    if (!isStream || this.#streamEnded) this.#end()
  }

  /** A piece of the stream has been written to the client. */
  sent(output: string | Uint8Array): void {
    this.answer?.body.append(output)
  }

  streamOver(error?: GatewayError): void {
    if (error) this.error = error
    this.#streamEnded = true
    if (this.answer) this.#end()
  }

  /** Why the client got no answer, with causes that it is not told. */
  failed(error: GatewayError): void {
    this.error = error
  }

  #end(): void {
    if (this.#done) return
    this.#done = true
    this.endedAt = this.clock.now()
    this.ended(this)
  }

  #kept(text: string): CutText {
    const kept = new CutText(this.#room.take())
    kept.append(text)
    this.#room.give(kept.unused)
    return kept
  }

  #now(): number {
    return Math.round(this.clock.elapsed() - this.#since)
  }
}
