import type { GatewayError } from '../../src/core/errors.ts'
import type { OpenedStream } from '../../src/operations/open-answer.ts'
import { OpenStreams } from '../../src/operations/open-streams.ts'
import { pump } from '../../src/operations/pump.ts'
import { PassThroughRelay, TranslationRelay } from '../../src/operations/relay.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { tinyClient, tinyDecoder, tinyEncoder, tinyPassThrough } from './tiny-dialect.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
/** Frames of these words, as the upstream writes them. */
export const frames = (...words: string[]) => words.map(word => `data: ${word}\n\n`).join('')

/** An upstream that gives what it is told to, when it is told to. */
class Upstream {
  reads = 0
  released = 0
  #queue: (Uint8Array | undefined | Error)[] = []
  #waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined

  give(item: string | undefined | Error): void {
    const next = typeof item === 'string' ? bytesOf(item) : item
    const waiting = this.#waiting
    this.#waiting = undefined
    if (!waiting) this.#queue.push(next)
    else if (next instanceof Error) waiting.reject(next)
    else waiting.resolve(next)
  }

  async read(): Promise<Uint8Array | undefined> {
    this.reads++
    if (this.#queue.length === 0) {
      this.#waiting = Promise.withResolvers()
      return this.#waiting.promise
    }
    const next = this.#queue.shift()
    if (next instanceof Error) throw next
    return next
  }

  release(): void {
    this.released++
    this.give(undefined)
  }
}

/** A pump between such an upstream and a reader, under a clock that stands still. */
export class Scene {
  readonly clock = new FakeClock()
  readonly upstream = new Upstream()
  readonly streams = new OpenStreams()
  readonly controller = new AbortController()
  readonly ends: { opened?: OpenedStream; error?: GatewayError; left?: boolean }[] = []
  reader!: ReadableStreamDefaultReader<Uint8Array>

  opened(first: string[] = [], translated = false): OpenedStream {
    const relay = translated
      ? new TranslationRelay(tinyDecoder(), tinyEncoder(), tinyClient, 'req_1')
      : new PassThroughRelay(tinyPassThrough(), tinyClient, 'req_1')
    const kept = first.map(text => relay.push(bytesOf(text))).filter(output => output !== undefined)
    return { relay, upstream: this.upstream, first: kept, headers: {}, notes: [] }
  }

  start(opening: OpenedStream | Promise<OpenedStream>): this {
    const stream = pump(opening, {
      client: tinyClient,
      requestId: 'req_1',
      clock: this.clock,
      heartbeatMs: 15_000,
      streams: this.streams,
      signal: this.controller.signal,
      settled: end => this.ends.push(end),
    })
    this.reader = stream.getReader()
    return this
  }

  async read(): Promise<string | undefined> {
    const { done, value } = await this.reader.read()
    return done ? undefined : new TextDecoder().decode(value)
  }

  /** Everything up to the end. */
  async rest(): Promise<string> {
    let text = ''
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) text += piece
    return text
  }
}
