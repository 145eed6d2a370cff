import { createBrotliDecompress, createGunzip, createInflate as createZlibInflate, createZstdDecompress } from 'node:zlib'

/** For an upstream that compresses although it was asked not to. */
export interface Inflate {
  push(bytes: Uint8Array): void
  end(): void
  /** Nothing more is wanted. */
  stop(): void
}

export interface InflateSink {
  data(bytes: Uint8Array): void
  end(): void
  broke(error: unknown): void
}

const DECODERS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createZlibInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
} as const

/** Undefined where the bytes need nothing. An encoding that nobody knows is left to who reads the body, as what it is. */
export function createInflate(encoding: string, sink: InflateSink): Inflate | undefined {
  const make = DECODERS[encoding.trim().toLowerCase() as keyof typeof DECODERS]
  if (!make) return undefined
  const decoder = make()
  let stopped = false
  decoder.on('data', (bytes: Buffer) => {
    if (!stopped) sink.data(bytes)
  })
  decoder.on('end', () => {
    if (!stopped) sink.end()
  })
  decoder.on('error', error => {
    if (!stopped) sink.broke(error)
  })
  return {
    push: bytes => void decoder.write(bytes),
    end: () => void decoder.end(),
    stop() {
      stopped = true
      decoder.destroy()
    },
  }
}
