import { afterEach, describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/core/clock.ts'
import { createSend } from '../../src/upstream/client.ts'
import { Exchange } from '../../src/upstream/exchange.ts'
import { ANSWER, CHUNKED, call, chunk, failure, OK, Taker, textOf } from './calls.ts'
import { closeAll, closers, server } from './raw-server.ts'

afterEach(closeAll)

const END = '0\r\n\r\n'

describe('a body that flows', () => {
  test('gives what was read first, then what comes, then the end, once', async () => {
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}`))
    const { body } = await call(upstream.url)
    await systemClock.sleep(20)
    const taker = new Taker()
    body.flow(taker)
    expect(taker.text).toBe('a')
    upstream.connections[0]?.socket.write(`${chunk('b')}${END}`)
    expect([await taker.done, taker.text, taker.ends]).toEqual([undefined, 'ab', 1])
  })

  test('gives what came in one packet with the fault behind it', async () => {
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}x\r\n`))
    const { status, body } = await call(upstream.url)
    const taker = new Taker()
    body.flow(taker)
    expect([status, taker.text, taker.ends, (await taker.done)?.kind]).toEqual([200, 'a', 1, 'bad-gateway'])
  })

  test.each([
    ['ended', END, undefined],
    ['broke', 'x\r\n', 'bad-gateway'],
  ])('that has %s already tells so, once', async (_, rest, kind) => {
    const upstream = server(socket => {
      socket.write(`${CHUNKED}${chunk('a')}`)
      setTimeout(() => socket.write(rest), 10)
    })
    const { body } = await call(upstream.url)
    await systemClock.sleep(40)
    const taker = new Taker()
    body.flow(taker)
    expect([taker.text, taker.ends, (await taker.done)?.kind]).toEqual(['a', 1, kind as never])
    body.resume()
    body.release()
    expect(taker.ends).toBe(1)
  })

  test('tells of an end once although it is flowed again from within', async () => {
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}${END}`))
    const { body } = await call(upstream.url)
    const taker = new Taker((_, self) => body.flow(self))
    body.flow(taker)
    await taker.done
    expect([taker.text, taker.ends]).toEqual(['a', 1])
  })

  test.each([
    ['its data', `${CHUNKED}${chunk('a')}`],
    ['its data, the end behind it', `${CHUNKED}${chunk('a')}${END}`],
  ])('can be released from within %s', async (_, bytes) => {
    const send = createSend(systemClock)
    const upstream = server(socket => {
      socket.write(bytes.slice(0, CHUNKED.length))
      setTimeout(() => socket.write(bytes.slice(CHUNKED.length)), 20)
    })
    const { body } = await call(upstream.url, { send })
    const taker = new Taker(() => body.release())
    body.flow(taker)
    await upstream.connections[0]?.closed
    expect([taker.text, taker.ends, await body.read()]).toEqual(['a', 0, undefined])
  })

  test('whose taker throws breaks, and closes its connection', async () => {
    const upstream = server(socket => {
      socket.write(CHUNKED)
      setTimeout(() => socket.write(chunk('a')), 20)
    })
    const { body } = await call(upstream.url)
    const taker = new Taker(() => {
      throw new Error('of the taker')
    })
    body.flow(taker)
    expect((await taker.done)?.message).toBe("the upstream's connection broke")
    await upstream.connections[0]?.closed
  })
})

describe('a pause', () => {
  test('before it flows, or while the first bytes are given, stays one', async () => {
    const text = 'x'.repeat(8 << 20)
    for (const early of [true, false]) {
      const upstream = server(socket => {
        let left = Buffer.from(`${OK}content-length: ${text.length}\r\n\r\n${text}`)
        const more = () => {
          left = left.subarray(Math.max(0, socket.write(left)))
          if (left.length > 0) setTimeout(more, 1)
        }
        more()
      })
      const { body } = await call(upstream.url)
      if (early) body.pause()
      else await systemClock.sleep(20)
      const taker = new Taker(() => body.pause())
      body.flow(taker)
      await systemClock.sleep(150)
      expect(taker.text.length).toBeLessThan(4 << 20)
      const go = setInterval(() => body.resume(), 1)
      expect(await taker.done).toBeUndefined()
      clearInterval(go)
      expect(taker.text.length).toBe(text.length)
    }
  })

  test('loses nothing where the server closes meanwhile', async () => {
    for (const head of ['', 'content-length: 100002\r\n']) {
      const upstream = server(socket => {
        socket.write(`${OK}${head}\r\nab`)
        setTimeout(() => socket.end('y'.repeat(100_000)), 30)
      })
      const { body } = await call(upstream.url)
      const taker = new Taker()
      body.flow(taker)
      body.pause()
      await systemClock.sleep(100)
      body.resume()
      expect([await taker.done, taker.text.length]).toEqual([undefined, 100_002])
    }
  })

  test('stops the idle limit, also where bytes still come', async () => {
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}`))
    const { body } = await call(upstream.url, { limits: { idle: 60, firstByte: 60 } })
    const taker = new Taker(() => body.pause())
    body.flow(taker)
    await systemClock.sleep(200)
    expect([taker.text, taker.ends]).toEqual(['a', 0])
    body.resume()
    expect(await taker.done).toMatchObject({ kind: 'timeout', upstream: { limit: 'idle' } })
  })
})

test('what was on its way when it paused does not start the idle limit', async () => {
  const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}`))
  const { body } = await call(upstream.url, { limits: { idle: 60 } })
  const taker = new Taker()
  body.flow(taker)
  body.pause()
  if (!(body instanceof Exchange)) throw new Error('of another kind')
  body.data(Buffer.from('b'))
  await systemClock.sleep(150)
  expect([taker.text, taker.ends]).toEqual(['ab', 0])
  body.release()
})

describe('release', () => {
  test('ends a read that waits', async () => {
    const upstream = server(socket => socket.write(CHUNKED))
    const { body } = await call(upstream.url)
    const reading = body.read()
    body.release()
    expect(await reading).toBeUndefined()
    await upstream.connections[0]?.closed
  })

  test('of what was read whole keeps the connection', async () => {
    const send = createSend(systemClock)
    const upstream = server(socket => socket.write(ANSWER))
    const response = await call(upstream.url, { send })
    expect(await textOf(response)).toBe('ok')
    response.body.release()
    response.body.release()
    expect(await textOf(await call(upstream.url, { send }))).toBe('ok')
    expect(upstream.connections).toHaveLength(1)
  })

  test('of what was not harms nobody who is served next', async () => {
    const send = createSend(systemClock)
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}${socket === upstream.connections[0]?.socket ? '' : END}`))
    const response = await call(upstream.url, { send })
    response.body.release()
    const next = await call(upstream.url, { send })
    response.body.release()
    expect(await textOf(next)).toBe('a')
    expect(upstream.connections).toHaveLength(2)
  })
})

describe('leaving', () => {
  /** Accepts, and tells when it is closed; says nothing. */
  function mute() {
    const closed = Promise.withResolvers<void>()
    const opened = Promise.withResolvers<void>()
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { open: () => opened.resolve(), data() {}, close: () => closed.resolve(), error() {} },
    })
    closers.push(() => listener.stop(true))
    return { port: listener.port, opened: opened.promise, closed: closed.promise }
  }

  test.each([0, 40])('while TLS is agreed on, after %p ms, closes the connection', async ms => {
    const upstream = mute()
    const controller = new AbortController()
    const calling = call(`https://127.0.0.1:${upstream.port}/`, { signal: controller.signal })
    await upstream.opened
    await systemClock.sleep(ms)
    controller.abort()
    expect(await failure(calling)).toMatchObject({ kind: 'cancelled' })
    await upstream.closed
  })

  test('so does the connect limit', async () => {
    const upstream = mute()
    const error = await failure(call(`https://127.0.0.1:${upstream.port}/`, { limits: { connect: 60 } }))
    expect(error).toMatchObject({ kind: 'timeout', upstream: { limit: 'connect', maybeExecuted: false } })
    await upstream.closed
  })

  test('while a large request is being sent closes the connection', async () => {
    const closed = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { data: () => begun.resolve(), close: () => closed.resolve(), error() {} },
    })
    closers.push(() => listener.stop(true))
    const controller = new AbortController()
    const calling = call(`http://127.0.0.1:${listener.port}/`, { body: 'x'.repeat(64 << 20), signal: controller.signal })
    await begun.promise
    controller.abort()
    expect(await failure(calling)).toMatchObject({ kind: 'cancelled' })
    await closed.promise
  })

  test('while paused closes the connection and tells the taker', async () => {
    const upstream = server(socket => socket.write(`${CHUNKED}${chunk('a')}`))
    const controller = new AbortController()
    const { body } = await call(upstream.url, { signal: controller.signal })
    const taker = new Taker()
    body.flow(taker)
    body.pause()
    await systemClock.sleep(30)
    controller.abort()
    expect((await taker.done)?.kind).toBe('cancelled')
    await upstream.connections[0]?.closed
  })
})

describe('the connection lost', () => {
  test('within an answer that ends with it is no end', async () => {
    const upstream = server(socket => {
      socket.write(`${OK}\r\npart`)
      setTimeout(() => socket.terminate(), 20)
    })
    const response = await call(upstream.url)
    expect(await failure(textOf(response))).toMatchObject({
      kind: 'bad-gateway',
      message: "the upstream's connection broke (ECONNRESET)",
    })
  })

  test('closed in order, it is', async () => {
    const upstream = server(socket => {
      socket.write(`${OK}\r\npart`)
      setTimeout(() => socket.end(), 20)
    })
    expect(await textOf(await call(upstream.url))).toBe('part')
  })
})
