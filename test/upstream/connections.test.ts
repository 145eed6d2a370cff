import { afterEach, describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/core/clock.ts'
import { createSend, type Send } from '../../src/upstream/client.ts'
import { ANSWER, CHUNKED, call, chunk, failure, OK, Taker, textOf } from './calls.ts'
import { closeAll, closers, server } from './raw-server.ts'

afterEach(closeAll)

/** The system's clock, which can be put forward. */
function lateClock() {
  let late = 0
  return {
    clock: { ...systemClock, elapsed: () => systemClock.elapsed() + late },
    forward(ms: number) {
      late += ms
    },
  }
}

const twice = async (url: string, send: Send = createSend(systemClock)): Promise<string[]> => {
  const first = await textOf(await call(url, { send }))
  return [first, await textOf(await call(url, { send }))]
}

describe('a kept connection', () => {
  test.each([
    ['bytes behind the end', `${ANSWER}HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother`],
    ['both length and chunks', `${OK}content-length: 7\r\ntransfer-encoding: chunked\r\n\r\n${chunk('ok')}0\r\n\r\n`],
    ['an end that was asked for', `${OK}connection: close\r\ncontent-length: 2\r\n\r\nok`],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
  ])('is not used again after %s', async (_, bytes) => {
    const upstream = server(socket => socket.write(bytes))
    expect(await twice(upstream.url)).toEqual(['ok', 'ok'])
    expect(upstream.connections).toHaveLength(2)
    await upstream.connections[0]?.closed
  })

  test('is closed when something comes that nobody asked for', async () => {
    const send = createSend(systemClock)
    const upstream = server(socket => socket.write(ANSWER))
    expect(await textOf(await call(upstream.url, { send }))).toBe('ok')
    const [first] = upstream.connections
    first?.socket.write(`${OK}content-length: 5\r\n\r\nother`)
    await first?.closed
    expect(await textOf(await call(upstream.url, { send }))).toBe('ok')
    expect(upstream.connections).toHaveLength(2)
  })

  test('that the server closes while it is idle is not used again', async () => {
    const send = createSend(systemClock)
    const upstream = server(socket => socket.write(ANSWER))
    await textOf(await call(upstream.url, { send }))
    upstream.connections[0]?.socket.end()
    await upstream.connections[0]?.closed
    // The server knows before we do.
    await systemClock.sleep(10)
    expect(await textOf(await call(upstream.url, { send }))).toBe('ok')
    expect(upstream.connections).toHaveLength(2)
  })

  test.each([
    ['at once', ''],
    ['behind the beginning of an answer', 'HTTP/1.1 2'],
  ])('that closes under a request, %s, is no reason to send it again: it may have been executed', async (_, word) => {
    let count = 0
    const upstream = server(socket => {
      count++
      if (count === 1) return void socket.write(ANSWER)
      socket.write(word)
      socket.end()
    })
    const send = createSend(systemClock)
    await textOf(await call(upstream.url, { send }))
    expect(await failure(call(upstream.url, { send }))).toMatchObject({
      kind: 'bad-gateway',
      message: 'the upstream closed the connection without an answer',
      upstream: { maybeExecuted: true },
    })
    expect(count).toBe(2)
  })

  test('is used no more when it has been idle for very long', async () => {
    const { clock, forward } = lateClock()
    const send = createSend(clock)
    const upstream = server(socket => socket.write(ANSWER))
    await textOf(await call(upstream.url, { send }))
    forward(60_000)
    await textOf(await call(upstream.url, { send }))
    expect(upstream.connections).toHaveLength(2)
    await upstream.connections[0]?.closed
  })

  test('of one origin is not used for another', async () => {
    const send = createSend(systemClock)
    const [one, other] = [server(socket => socket.write(ANSWER)), server(socket => socket.write(ANSWER))]
    await textOf(await call(one.url, { send }))
    await textOf(await call(other.url, { send }))
    expect([one.connections.length, other.connections.length]).toEqual([1, 1])
  })

  test('that was told to wait goes on for whoever gets it next', async () => {
    const send = createSend(systemClock)
    const upstream = server(socket => {
      socket.write(`${CHUNKED}${chunk('a')}`)
      setTimeout(() => socket.write(`${chunk('b')}0\r\n\r\n`), 20)
    })
    const { body } = await call(upstream.url, { send })
    const taker = new Taker(text => text === 'b' && body.pause())
    body.flow(taker)
    expect([await taker.done, taker.text]).toEqual([undefined, 'ab'])
    expect(await textOf(await call(upstream.url, { send, limits: { firstByte: 500 } }))).toBe('ab')
    expect(upstream.connections).toHaveLength(1)
  })

  test('is given up where the answer came before the request was sent whole', async () => {
    const send = createSend(systemClock)
    let connections = 0
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open() {
          connections++
        },
        data(socket) {
          socket.pause()
          socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno')
        },
        error() {},
      },
    })
    closers.push(() => listener.stop(true))
    for (const count of [1, 2]) {
      const response = await call(`http://127.0.0.1:${listener.port}/`, { send, body: 'x'.repeat(32 << 20) })
      expect([response.status, await textOf(response), connections]).toEqual([413, 'no', count])
    }
  })
})

test('a server that speaks first does no harm', async () => {
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { open: socket => void socket.write('220 smtp.test ESMTP\r\n'), data() {}, error() {} },
  })
  closers.push(() => listener.stop(true))
  const error = await failure(call(`http://127.0.0.1:${listener.port}/`, { limits: { firstByte: 1000 } }))
  expect(error).toMatchObject({ kind: 'bad-gateway' })
})

describe('localhost', () => {
  test.each(['127.0.0.1', '::1'])('that listens on %s only is found', async hostname => {
    const listener = Bun.listen({ hostname, port: 0, socket: { data: socket => void socket.write(ANSWER) } })
    closers.push(() => listener.stop(true))
    expect(await textOf(await call(`http://localhost:${listener.port}/`))).toBe('ok')
    const literal = hostname === '::1' ? '[::1]' : hostname
    expect(await textOf(await call(`http://${literal}:${listener.port}/`))).toBe('ok')
  })
})

describe('a large request', () => {
  test.each([
    ['ASCII', 'x', 32 << 20],
    ['others', 'ü漢😀', 4 << 20],
  ])('arrives whole although the server is slow to read: %s', async (_, piece, times) => {
    const body = piece.repeat(times)
    const size = Buffer.byteLength(body)
    const hash = new Bun.CryptoHasher('sha1')
    let head: string | undefined
    let got = 0
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data(socket, bytes) {
          let content = bytes
          if (head === undefined) {
            const end = bytes.indexOf('\r\n\r\n')
            head = bytes.toString('latin1', 0, end)
            content = bytes.subarray(end + 4)
          }
          hash.update(content)
          got += content.length
          if (got >= size) return void socket.write(ANSWER)
          socket.pause()
          setImmediate(() => socket.resume())
        },
        error() {},
      },
    })
    closers.push(() => listener.stop(true))
    expect(await textOf(await call(`http://127.0.0.1:${listener.port}/`, { body }))).toBe('ok')
    expect(head).toContain(`content-length: ${size}`)
    expect([got, hash.digest('hex')]).toEqual([size, new Bun.CryptoHasher('sha1').update(body).digest('hex')])
  })

  test('is no longer sent once its server has gone', async () => {
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { data: socket => void socket.terminate(), error() {} },
    })
    closers.push(() => listener.stop(true))
    const error = await failure(call(`http://127.0.0.1:${listener.port}/`, { body: 'x'.repeat(32 << 20) }))
    expect(error).toMatchObject({ kind: 'bad-gateway', upstream: { maybeExecuted: true } })
    expect(error.message).toStartWith('the upstream closed the connection without an answer')
  })
})

test('a URL that cannot be called is an error like others', async () => {
  expect(await failure(call('ftp://key@secret.test/'))).toMatchObject({
    kind: 'bad-gateway',
    message: 'the upstream has no URL that can be called',
    upstream: { maybeExecuted: false },
  })
})

test('a header that would break out of its line: nothing is sent', async () => {
  const upstream = server(socket => socket.write(ANSWER))
  const sent = createSend(systemClock)({
    url: upstream.url,
    headers: { 'x-a': 'secret\r\nx-b: 1' },
    standing: {},
    body: '{}',
    limits: { connect: 1000, firstByte: 1000, idle: 1000 },
    client: { signal: new AbortController().signal },
  })
  expect(await failure(sent)).toMatchObject({
    message: 'the request cannot be sent: the header x-a holds characters that no header can',
    upstream: { maybeExecuted: false },
  })
  await upstream.connections[0]?.closed
})
