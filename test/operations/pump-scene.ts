import { GatewayError } from '../../src/core/errors.ts'
import type { OpenedStream } from '../../src/operations/open-answer.ts'
import { OpenStreams } from '../../src/operations/open-streams.ts'
import { type ClientSink, Pump } from '../../src/operations/pump.ts'
import { PassThroughRelay, TranslationRelay } from '../../src/operations/relay.ts'
import type { BodySink, UpstreamBody } from '../../src/upstream/body.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { tinyClient, tinyDecoder, tinyEncoder, tinyPassThrough } from './tiny-dialect.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
/** Frames of these words, as the upstream writes them. */
export const frames = (...words: string[]) => words.map(word => `data: ${word}\n\n`).join('')

/** An upstream that gives what it is told to, when it is told to. */
class Upstream implements UpstreamBody {
  released = 0
  flowing = 0
  paused = false
  #queue: (Uint8Array | undefined | GatewayError)[] = []
  #sink: BodySink | undefined

  give(item: string | undefined | GatewayError): void {
    this.#queue.push(typeof item === 'string' ? bytesOf(item) : item)
    this.#deliver()
  }

  read(): Promise<Uint8Array | undefined> {
    throw new Error('a pump does not read')
  }

  flow(sink: BodySink): void {
    this.flowing++
    this.#sink = sink
    this.#deliver()
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.#deliver()
  }

  release(): void {
    this.released++
    this.#sink = undefined
  }

  #deliver(): void {
    while (this.#sink && !this.paused && this.#queue.length > 0) {
      const next = this.#queue.shift()
      if (next instanceof GatewayError) this.#sink.broke(next)
      else if (next) this.#sink.data(next)
      else this.#sink.end()
    }
  }
}

/** A client's connection that is full when it is told to be. */
class Client implements ClientSink {
  writes: string[] = []
  closed = false
  #room: PromiseWithResolvers<void> | undefined
  #waiting: ((text: string | undefined) => void) | undefined

  fill(): void {
    this.#room ??= Promise.withResolvers()
  }

  drain(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  write(output: string | Uint8Array): number | Promise<void> {
    if (this.closed) throw new Error('written to behind the end')
    this.writes.push(typeof output === 'string' ? output : new TextDecoder().decode(output))
    this.#serve()
    return this.#room?.promise ?? output.length
  }

  flush(): void {}

  close(): void {
    this.closed = true
    this.#serve()
  }

  /** The next write; undefined behind the last. */
  read(): Promise<string | undefined> {
    return new Promise(resolve => {
      this.#waiting = resolve
      this.#serve()
    })
  }

  #serve(): void {
    if (!this.#waiting || (this.writes.length === 0 && !this.closed)) return
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting(this.writes.shift())
  }
}

/** A pump between such an upstream and a reader, under a clock that stands still. */
export class Scene {
  readonly clock = new FakeClock()
  readonly upstream = new Upstream()
  readonly streams = new OpenStreams()
  readonly controller = new AbortController()
  readonly ends: { opened?: OpenedStream; error?: GatewayError; left?: boolean }[] = []
  readonly client = new Client()
  pump!: Pump

  opened(first: string[] = [], translated = false): OpenedStream {
    const relay = translated
      ? new TranslationRelay(tinyDecoder(), tinyEncoder(), tinyClient, 'req_1')
      : new PassThroughRelay(tinyPassThrough(), tinyClient, 'req_1')
    const kept = first.map(text => relay.push(bytesOf(text))).filter(output => output !== undefined)
    return { relay, upstream: this.upstream, first: kept, headers: {}, notes: [] }
  }

  start(opening: OpenedStream | Promise<OpenedStream>): this {
    this.pump = new Pump(opening, {
      client: tinyClient,
      requestId: 'req_1',
      clock: this.clock,
      heartbeatMs: 15_000,
      streams: this.streams,
      signal: this.controller.signal,
      settled: end => this.ends.push(end),
    })
    void this.pump.start(this.client)
    return this
  }

  read(): Promise<string | undefined> {
    return this.client.read()
  }

  /** Everything up to the end. */
  async rest(): Promise<string> {
    let text = ''
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) text += piece
    return text
  }
}
