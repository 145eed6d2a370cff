import { afterEach, describe, expect, test } from 'bun:test'
import type { Socket } from 'bun'
import { systemClock } from '../../src/core/clock.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { createSend, type UpstreamLimits, type UpstreamResponse } from '../../src/upstream/client.ts'
import { readAll, readSome } from '../../src/upstream/read-all.ts'
import { closeAll, closers, server } from './raw-server.ts'

const send = createSend(systemClock)
afterEach(closeAll)

const LIMITS: UpstreamLimits = { connect: 5000, firstByte: 5000, idle: 5000 }

const call = (
  url: string,
  limits: Partial<UpstreamLimits> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<UpstreamResponse> =>
  send({
    url,
    headers: {},
    standing: { 'content-type': 'application/json' },
    body: '{}',
    limits: { ...LIMITS, ...limits },
    client: { signal },
  })

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => new Error('did not fail'),
    thrown => thrown as unknown,
  )
  if (error instanceof GatewayError) {
    expect(error.message).not.toMatch(/127\.0\.0\.1|secret|http:/)
    return error
  }
  throw error
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n'
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`

const textOf = async (response: UpstreamResponse) => new TextDecoder().decode(await readAll(response.body, 1 << 20))

describe('a call', () => {
  test('posts the body as it is, asks for no compression, and reads the answer', async () => {
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('one')}${chunk('two')}0\r\n\r\n`))
    const opened = upstream.next()
    const response = await call(upstream.url)
    expect(response.status).toBe(200)
    expect(await textOf(response)).toBe('onetwo')
    const request = await (await opened).request
    expect(request).toStartWith('POST /v1/x?secret=1 HTTP/1.1\r\n')
    expect(request.toLowerCase()).toContain('accept-encoding: identity\r\n')
  })

  test('read whole leaves the connection for the next', async () => {
    const upstream = server(socket => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))
    for (let count = 0; count < 3; count++) expect(await textOf(await call(upstream.url))).toBe('ok')
    expect(upstream.connections).toHaveLength(1)
  })

  test('follows no redirect', async () => {
    const upstream = server(socket => socket.write('HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n'))
    const response = await call(upstream.url)
    expect([response.status, upstream.connections.length]).toEqual([307, 1])
    expect(await response.body.read()).toBeUndefined()
  })

  test.each([477, 529, 599])('takes status %p', async status => {
    const upstream = server(socket => socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\n\r\n`))
    expect((await call(upstream.url)).status).toBe(status)
  })

  test('without a body ends at once', async () => {
    const upstream = server(socket => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))
    const response = await call(upstream.url)
    expect(await response.body.read()).toBeUndefined()
    response.body.release()
  })
})

describe('a connection that fails', () => {
  test('refused: nothing was sent', async () => {
    const upstream = server(() => {})
    closeAll()
    expect(await failure(call(upstream.url))).toMatchObject({ kind: 'bad-gateway', upstream: { maybeExecuted: false } })
  })

  test('closed or reset before headers: maybe executed', async () => {
    for (const close of [(socket: Socket<unknown>) => socket.end(), (socket: Socket<unknown>) => socket.terminate()]) {
      const upstream = server(close)
      expect(await failure(call(upstream.url))).toMatchObject({ kind: 'bad-gateway', upstream: { maybeExecuted: true } })
      expect(upstream.connections).toHaveLength(1)
    }
  })

  test.each([
    ['short content-length', `${HEAD}content-length: 100\r\n\r\npart`],
    ['chunks cut', `${CHUNKED}${chunk('part')}`],
    ['a chunk cut', `${CHUNKED}ff\r\npart`],
    ['no chunk size', `${CHUNKED}${chunk('part')}zz\r\n`],
  ])('within the body, %s: an error, never a clean end', async (_, bytes) => {
    const upstream = server(socket => {
      socket.write(bytes)
      socket.end()
    })
    const read = async () => readAll((await call(upstream.url)).body, 1 << 20)
    expect(await failure(read())).toMatchObject({ kind: 'bad-gateway', upstream: { maybeExecuted: true } })
  })
})

describe('limits', () => {
  test('silent after accepting: first byte', async () => {
    const upstream = server(() => {})
    const opened = upstream.next()
    const started = performance.now()
    const error = await failure(call(upstream.url, { connect: 40, firstByte: 100 }))
    expect(error).toMatchObject({
      kind: 'timeout',
      message: 'no answer from the upstream within 0.1 s',
      upstream: { limit: 'first_byte', maybeExecuted: true },
    })
    expect(performance.now() - started).toBeWithin(90, 1000)
    await (await opened).closed
  })

  test('bytes that are not HTTP: first byte', async () => {
    const upstream = server(socket => socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
    const error = await failure(call(upstream.url, { firstByte: 100 }))
    expect(error.upstream?.limit === 'first_byte' || error.kind === 'bad-gateway').toBe(true)
  })

  test('headers but no byte behind them: first byte', async () => {
    const upstream = server(socket => socket.write(CHUNKED))
    const response = await call(upstream.url, { firstByte: 100, idle: 10 })
    expect(await failure(response.body.read())).toMatchObject({ upstream: { limit: 'first_byte' } })
  })

  test('a stall within the body: idle, although the first byte may take much longer', async () => {
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}`))
    const opened = upstream.next()
    const response = await call(upstream.url, { firstByte: 60_000, idle: 80 })
    await response.body.read()
    const started = performance.now()
    expect(await failure(response.body.read())).toMatchObject({ kind: 'timeout', upstream: { limit: 'idle' } })
    expect(performance.now() - started).toBeWithin(60, 1000)
    await (await opened).closed
  })

  test('a reader that pauses longer than the idle limit is not cut', async () => {
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}`))
    const opened = upstream.next()
    const response = await call(upstream.url, { firstByte: 60, idle: 60 })
    expect(await response.body.read()).toEqual(new TextEncoder().encode('a'))
    await systemClock.sleep(200)
    const reading = response.body.read()
    ;(await opened).socket.write(`${chunk('b')}0\r\n\r\n`)
    expect(await reading).toEqual(new TextEncoder().encode('b'))
    expect(await response.body.read()).toBeUndefined()
  })

  test('a server slower than half the connect limit is not taken for absent', async () => {
    const upstream = server(socket => setTimeout(() => socket.write(`${HEAD}content-length: 2\r\n\r\nok`), 150))
    expect(await textOf(await call(upstream.url, { connect: 60 }))).toBe('ok')
    expect(upstream.connections).toHaveLength(1)
  })

  test('a server that has stopped listening may finish what it has', async () => {
    const listeners: { stop(): void }[] = []
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data(socket) {
          for (const open of listeners.splice(0)) open.stop()
          setTimeout(() => socket.write(`${HEAD}content-length: 2\r\n\r\nok`), 150)
        },
        error() {},
      },
    })
    listeners.push(listener)
    closers.push(() => listener.stop(true))
    expect(await textOf(await call(`http://127.0.0.1:${listener.port}/`, { connect: 60 }))).toBe('ok')
  })
})

describe('the client leaving', () => {
  const phases: [string, (socket: Socket<unknown>) => void][] = [
    ['before headers', () => {}],
    ['behind the headers', socket => socket.write(CHUNKED)],
    ['within the body', socket => socket.write(`${CHUNKED}${chunk('a')}`)],
  ]
  test.each(phases)('%s closes the upstream at once', async (phase, serve) => {
    const upstream = server(serve)
    const controller = new AbortController()
    const opened = upstream.next()
    const calling = call(upstream.url, {}, controller.signal).then(async response => {
      if (phase === 'within the body') await response.body.read()
      return response.body.read()
    })
    const connection = await opened
    await connection.request
    if (phase !== 'before headers') await systemClock.sleep(30)
    const started = performance.now()
    controller.abort()
    expect(await failure(calling)).toMatchObject({ kind: 'cancelled', message: 'the client went away' })
    await connection.closed
    expect(performance.now() - started).toBeLessThan(100)
  })

  test('before the call ends it in its first moments', async () => {
    const upstream = server(() => {})
    const opened = upstream.next()
    expect((await failure(call(upstream.url, {}, AbortSignal.abort()))).kind).toBe('cancelled')
    await (await opened).closed
  })

  test('when all is read means nothing', async () => {
    const upstream = server(socket => socket.write(`${HEAD}content-length: 2\r\n\r\nok`))
    const controller = new AbortController()
    const response = await call(upstream.url, {}, controller.signal)
    expect(await textOf(response)).toBe('ok')
    controller.abort()
    expect(await response.body.read()).toBeUndefined()
  })
})

test('release lets the rest go and closes the connection; twice is fine', async () => {
  const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}`))
  const opened = upstream.next()
  const response = await call(upstream.url)
  await response.body.read()
  response.body.release()
  response.body.release()
  await (await opened).closed
})

describe('reading whole', () => {
  const body = (text: string) =>
    call(server(socket => socket.write(`${CHUNKED}${chunk(text.slice(0, 3))}${chunk(text.slice(3))}0\r\n\r\n`)).url).then(
      response => response.body,
    )

  test('up to the limit', async () => {
    expect(await readAll(await body('abcdef'), 6)).toEqual(Buffer.from('abcdef'))
    expect(await failure(readAll(await body('abcdefg'), 6))).toMatchObject({
      kind: 'bad-gateway',
      message: "the upstream's answer is longer than 6 bytes",
    })
  })

  test('some of an error, whatever becomes of the rest', async () => {
    expect(Buffer.from(await readSome(await body('abcdef'), 4)).toString()).toBe('abcd')
    const broken = server(socket => {
      socket.write(`${HEAD}content-length: 100\r\n\r\npart`)
      setTimeout(() => socket.end(), 20)
    })
    expect(Buffer.from(await readSome((await call(broken.url)).body, 1000)).toString()).toBe('part')
  })
})
