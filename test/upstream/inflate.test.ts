import { afterEach, describe, expect, test } from 'bun:test'
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { systemClock } from '../../src/core/clock.ts'
import { createSend } from '../../src/upstream/client.ts'
import { createInflate } from '../../src/upstream/http1/inflate.ts'
import { call, failure, OK, Taker, textOf, until } from './calls.ts'
import { closeAll, server } from './raw-server.ts'

afterEach(closeAll)

const CODINGS: [string, (bytes: Uint8Array) => Buffer][] = [
  ['gzip', bytes => gzipSync(bytes)],
  ['X-GZIP', bytes => gzipSync(bytes)],
  ['deflate', bytes => deflateSync(bytes)],
  ['br', bytes => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })],
  ['zstd', bytes => zstdCompressSync(bytes)],
]

const TEXT = Array.from({ length: 3000 }, (_, index) => `line ${index * 7919} ü\n`).join('')

const answer = (coding: string, bytes: Uint8Array, length = bytes.length) =>
  Buffer.concat([Buffer.from(`${OK}content-encoding: ${coding}\r\ncontent-length: ${length}\r\n\r\n`), bytes])

const cut = (bytes: Buffer, size: number): Buffer[] => {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}

describe('an answer that is compressed although it was asked not to be', () => {
  test.each(CODINGS)('%s: read whole, and its connection used again', async (coding, compress) => {
    const send = createSend(systemClock)
    const upstream = server(socket => socket.write(answer(coding, compress(Buffer.from(TEXT)))))
    for (let count = 0; count < 2; count++) {
      const response = await call(upstream.url, { send })
      expect(response.body.length).toBeUndefined()
      expect(await textOf(response)).toBe(TEXT)
    }
    expect(upstream.connections).toHaveLength(1)
  })

  test.each(CODINGS)('%s: in small pieces', async (coding, compress) => {
    const taken: Uint8Array[] = []
    const done = Promise.withResolvers<void>()
    const inflate = createInflate(coding, {
      data: bytes => taken.push(bytes),
      drained() {},
      end: done.resolve,
      broke: done.reject,
    })
    for (const piece of cut(compress(Buffer.from(TEXT)), 7)) inflate?.push(piece)
    inflate?.end()
    await done.promise
    expect(Buffer.concat(taken).toString()).toBe(TEXT)
  })

  // The runtime's zstd takes any end for the end: there only the framing around it tells.
  test.each(CODINGS.filter(([coding]) => coding !== 'zstd'))('%s: cut short is an error', async (coding, compress) => {
    const bytes = compress(Buffer.from(TEXT))
    const upstream = server(socket => socket.write(answer(coding, bytes.subarray(0, bytes.length - 20))))
    const error = await failure(textOf(await call(upstream.url)))
    expect(error).toMatchObject({ kind: 'bad-gateway' })
    expect(error.message).toMatch(/^the upstream's connection broke( \([\w-]+\))?$/)
  })

  test.each(CODINGS)('%s: that is none is an error, and closes the connection', async coding => {
    const upstream = server(socket => socket.write(answer(coding, Buffer.from('{"this":"is no compression at all"}'), 1000)))
    expect(await failure(textOf(await call(upstream.url)))).toMatchObject({ kind: 'bad-gateway' })
    await upstream.connections[0]?.closed
  })

  test.each(CODINGS)('%s: empty is empty', async coding => {
    const upstream = server(socket => socket.write(answer(coding, new Uint8Array(0))))
    expect(await textOf(await call(upstream.url))).toBe('')
  })

  test('event by event', async () => {
    const { createGzip } = await import('node:zlib')
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH })
    const upstream = server(socket => {
      socket.write(`${OK}content-encoding: gzip\r\n\r\n`)
      gzip.on('data', (bytes: Buffer) => void socket.write(bytes))
      gzip.on('end', () => void socket.end())
    })
    const { body } = await call(upstream.url)
    const taker = new Taker()
    body.flow(taker)
    for (const word of ['one', 'onetwo', 'onetwothree']) {
      gzip.write(word.slice(taker.text.length))
      await until(() => taker.text === word)
    }
    gzip.end()
    expect(await taker.done).toBeUndefined()
  })

  test('bytes behind the compressed content are nothing', async () => {
    const send = createSend(systemClock)
    const bytes = gzipSync('hello')
    const upstream = server(socket => {
      socket.write(answer('gzip', bytes, bytes.length + 6))
      setTimeout(() => socket.write('\0\0\0\0\0\0'), 30)
    })
    for (let count = 0; count < 2; count++) expect(await textOf(await call(upstream.url, { send }))).toBe('hello')
    expect(upstream.connections).toHaveLength(1)
  })

  test.each(['identity', 'constructor', '__proto__', 'gzip, br', 'aes128gcm', ''])('%p is left as it is', async coding => {
    const upstream = server(socket => socket.write(answer(coding, Buffer.from('as it is'))))
    expect(await textOf(await call(upstream.url))).toBe('as it is')
  })

  test('released within, it is heard of no more', async () => {
    const upstream = server(socket => socket.write(answer('gzip', gzipSync(TEXT), 1_000_000)))
    const { body } = await call(upstream.url)
    const taker = new Taker(() => body.release())
    body.flow(taker)
    await upstream.connections[0]?.closed
    expect(taker.ends).toBe(0)
    expect(await body.read()).toBeUndefined()
  })
})

const zeros = new Uint8Array(16 << 20)

describe('few bytes that become very many', () => {
  test.each(CODINGS)('%s: are unpacked only as they are read', async (coding, compress) => {
    const bomb = compress(zeros)
    const upstream = server(socket => {
      let left = answer(coding, bomb)
      const more = () => {
        left = left.subarray(Math.max(0, socket.write(left)))
        if (left.length > 0) setTimeout(more, 1)
      }
      more()
    })
    const { body } = await call(upstream.url)
    let got = 0
    const taker = {
      data(bytes: Uint8Array) {
        got += bytes.length
      },
      end() {},
      broke() {},
    }
    await systemClock.sleep(100)
    body.pause()
    body.flow(taker)
    // All that was waiting to be read.
    expect(got).toBeLessThan(2 << 20)
    await systemClock.sleep(50)
    expect(got).toBeLessThan(4 << 20)
    body.resume()
    await until(() => got === zeros.length)
  })
})
