import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate as createZlibInflate, createZstdDecompress } from 'node:zlib'

/** For an upstream that compresses although it was asked not to. */
export interface Inflate {
  push(bytes: Uint8Array): void
  end(): void
  /** While held it gives nothing: few bytes can become very many. */
  hold(held: boolean): void
  /** Whether more than it can take at once is waiting in it; `InflateSink.drained` tells when not any more. */
  readonly full: boolean
  /** Nothing more is wanted. */
  stop(): void
}

export interface InflateSink {
  data(bytes: Uint8Array): void
  drained(): void
  /** All has been pushed, and all of it given. */
  end(): void
  broke(error: unknown): void
}

const DECODERS = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createZlibInflate],
  ['br', createBrotliDecompress],
  ['zstd', createZstdDecompress],
])

/** Undefined where the bytes need nothing. An encoding that nobody knows is left to who reads the body, as what it is. */
export function createInflate(encoding: string, sink: InflateSink): Inflate | undefined {
  const decoder = DECODERS.get(encoding.trim().toLowerCase())?.()
  if (!decoder) return undefined
  let stopped = false
  let begun = false
  /** The compressed content is complete; what the upstream sends behind it is nothing. */
  let complete = false
  let ended = false
  const finish = () => {
    if (!stopped) sink.end()
  }
  decoder.on('data', (bytes: Buffer) => {
    if (!stopped) sink.data(bytes)
  })
  decoder.on('drain', () => {
    if (!stopped) sink.drained()
  })
  decoder.on('end', () => {
    complete = true
    if (ended) finish()
  })
  decoder.on('error', error => {
    if (!stopped) sink.broke(error)
  })
  return {
    push(bytes) {
      if (stopped || complete) return
      begun = true
      decoder.write(bytes)
    },
    end() {
      ended = true
      // Of an empty body the decoders would say that it is cut.
      if (complete || !begun) finish()
      else decoder.end()
    },
    hold(held) {
      if (held) decoder.pause()
      else decoder.resume()
    },
    get full() {
      return !complete && decoder.writableNeedDrain
    },
    stop() {
      stopped = true
      decoder.destroy()
    },
  }
}
