import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import type { OpenedStream } from '../../src/operations/open-answer.ts'
import { Pump } from '../../src/operations/pump.ts'
import { frames, Scene } from './pump-scene.ts'
import { tinyClient } from './tiny-dialect.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('a stream', () => {
  test('is one write a read, and ends cleanly', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    expect(await scene.read()).toBe(frames('a'))
    scene.upstream.give(frames('b', 'c'))
    expect(await scene.read()).toBe(frames('b', 'c'))
    scene.upstream.give('data: d')
    scene.upstream.give(`\n\n${frames('!')}`)
    expect(await scene.read()).toBe(frames('d', '!'))
    expect(await scene.read()).toBeUndefined()
    expect(scene.ends).toEqual([{ error: undefined, opened: expect.anything() }])
    expect(scene.streams.count).toBe(0)
  })

  test('that is complete already needs no read', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a', '!')]))
    expect(await scene.rest()).toBe(frames('a', '!'))
    expect(scene.ends).toHaveLength(1)
  })

  test('lingers for the upstream’s own end, but not for long', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a', '!')]))
    await scene.rest()
    expect([scene.upstream.flowing, scene.upstream.released]).toEqual([1, 0])
    await scene.clock.tick(1000)
    expect(scene.upstream.released).toBeGreaterThan(0)
    expect(scene.clock.waiting).toBe(0)
    const quick = new Scene()
    quick.upstream.give(undefined)
    quick.start(quick.opened([frames('a', '!')]))
    await quick.rest()
    await turn()
    expect(quick.clock.waiting).toBe(0)
  })

  test('lets an upstream go that says more behind its end', async () => {
    const scene = new Scene()
    scene.upstream.give(frames('more'))
    scene.start(scene.opened([frames('a', '!')]))
    await scene.rest()
    await turn()
    expect(scene.upstream.released).toBe(1)
    expect(scene.clock.waiting).toBe(0)
  })

  test('stops waiting for the end of an upstream that breaks behind its end', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a', '!')]))
    await scene.rest()
    scene.upstream.give(new GatewayError('bad-gateway', 'broke'))
    expect([scene.clock.waiting, scene.ends.length]).toEqual([0, 1])
  })

  test('lets an upstream end although the client is still full', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    scene.client.fill()
    scene.upstream.give(frames('b', '!'))
    scene.upstream.give(undefined)
    expect([scene.upstream.paused, scene.clock.waiting]).toEqual([false, 0])
  })

  test('says why it was ended to a client that is only there afterwards', async () => {
    const scene = new Scene()
    const { clock, streams } = scene
    const settled = () => {}
    const options = {
      client: tinyClient,
      requestId: 'req_1',
      clock,
      heartbeatMs: 15_000,
      streams,
      signal: scene.controller.signal,
      settled,
    }
    const pump = new Pump(scene.opened([frames('a')]), options)
    streams.interruptAll(new GatewayError('unavailable', 'stopping'))
    expect(pump.start(scene.client)).toBeUndefined()
    expect(await scene.rest()).toBe('event: error\ndata: unavailable req_1\n\n')
  })

  test('makes the upstream wait while the client is full', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    scene.client.fill()
    scene.upstream.give(frames('b'))
    scene.upstream.give(frames('c', '!'))
    expect(scene.upstream.paused).toBe(true)
    expect(scene.client.writes).toEqual([frames('a'), frames('b')])
    scene.client.drain()
    expect(await scene.rest()).toBe(frames('a', 'b', 'c', '!'))
    expect(scene.upstream.paused).toBe(false)
  })
})

describe('what breaks', () => {
  test('after content becomes the client’s own error, and a clean end', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    scene.upstream.give(new GatewayError('timeout', 'silent', { upstream: { limit: 'idle' } }))
    expect(await scene.rest()).toBe(`${frames('a')}event: error\ndata: timeout req_1\n\n`)
    expect(scene.ends).toMatchObject([{ error: { kind: 'timeout' }, left: false }])
    expect(scene.upstream.released).toBeGreaterThan(0)
  })

  test('in our own code is internal', async () => {
    const scene = new Scene()
    const opened = scene.opened([frames('a')])
    opened.relay.push = () => {
      throw new TypeError('bug')
    }
    scene.start(opened)
    scene.upstream.give(frames('b'))
    expect(await scene.rest()).toEndWith('event: error\ndata: internal req_1\n\n')
  })

  test('by the upstream’s word ends the stream with that', async () => {
    for (const translated of [true, false]) {
      const scene = new Scene()
      scene.start(scene.opened([frames('a')], translated))
      scene.upstream.give(frames('?'))
      expect(await scene.rest()).toEndWith(translated ? 'event: error\ndata: overloaded req_1\n\n' : frames('?'))
      expect(scene.ends).toMatchObject([{ error: { kind: 'overloaded' } }])
    }
  })

  test('an upstream that just ends is an error', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    scene.upstream.give(undefined)
    expect(await scene.rest()).toEndWith('event: error\ndata: bad-gateway req_1\n\n')
    expect(scene.ends).toMatchObject([{ error: { kind: 'bad-gateway' } }])
  })

  test('a stop ends every stream in its own dialect', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    await scene.read()
    const drained = scene.streams.drained()
    scene.streams.interruptAll(new GatewayError('unavailable', 'stopping'))
    expect(await scene.rest()).toBe('event: error\ndata: unavailable req_1\n\n')
    await drained
    expect(scene.ends).toMatchObject([{ error: { kind: 'unavailable' } }])
    expect(scene.upstream.released).toBeGreaterThan(0)
    await scene.streams.drained()
  })
})

describe('heartbeats', () => {
  test('fill any 15 seconds of silence, whenever the last write was', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    await scene.read()
    await scene.clock.tick(2000)
    scene.upstream.give(frames('b'))
    expect(await scene.read()).toBe(frames('b'))
    const reading = scene.read()
    let text: string | undefined
    void reading.then(read => {
      text = read
    })
    await scene.clock.tick(14_999)
    expect(text).toBeUndefined()
    await scene.clock.tick(1)
    expect(text).toBe(': ping\n\n')
    const next = scene.read()
    await scene.clock.tick(15_000)
    expect(await next).toBe(': ping\n\n')
  })

  test('are not heard where the stream flows', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    await scene.read()
    for (let second = 0; second < 40; second++) {
      scene.upstream.give(frames('b'))
      expect(await scene.read()).toBe(frames('b'))
      await scene.clock.tick(1000)
    }
  })

  test('do not pile up before a client that does not read', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    scene.client.fill()
    scene.upstream.give(frames('b'))
    for (let minute = 0; minute < 10; minute++) await scene.clock.tick(60_000)
    scene.client.drain()
    scene.upstream.give(frames('!'))
    expect(await scene.rest()).toBe(frames('a', 'b', '!'))
    expect(scene.clock.waiting).toBe(1)
  })

  test('end with the stream', async () => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    scene.pump.cancel()
    expect(scene.clock.waiting).toBe(0)
  })
})

describe('a client that leaves', () => {
  test.each(['cancel', 'abort', 'both'])('by %s releases the upstream and settles once', async way => {
    const scene = new Scene()
    scene.start(scene.opened([frames('a')]))
    if (way !== 'cancel') scene.controller.abort()
    if (way !== 'abort') scene.pump.cancel()
    scene.upstream.give(frames('b'))
    await turn()
    expect(scene.ends).toEqual([{ left: true, opened: expect.anything() }])
    expect(scene.upstream.released).toBeGreaterThan(0)
    expect([scene.streams.count, scene.clock.waiting]).toEqual([0, 0])
  })

  test('before it was begun', () => {
    const scene = new Scene()
    scene.controller.abort()
    scene.start(scene.opened([frames('a')]))
    expect(scene.ends).toMatchObject([{ left: true }])
    expect(scene.upstream.released).toBeGreaterThan(0)
  })

  test('while the stream still opens: settled with what was opened after all', async () => {
    for (const way of ['cancel', 'abort', 'aborted before']) {
      const scene = new Scene()
      const opening = Promise.withResolvers<OpenedStream>()
      if (way === 'aborted before') scene.controller.abort()
      scene.start(opening.promise)
      if (way === 'cancel') scene.pump.cancel()
      else scene.controller.abort()
      expect([scene.ends.length, scene.streams.count, scene.clock.waiting]).toEqual([0, 0, 0])
      const opened = scene.opened([frames('a')])
      opening.resolve(opened)
      await turn()
      expect(scene.ends).toEqual([{ left: true, opened }])
      expect(scene.upstream.released).toBeGreaterThan(0)
    }
  })

  test('while the stream still opens, in vain', async () => {
    const scene = new Scene()
    const opening = Promise.withResolvers<OpenedStream>()
    scene.start(opening.promise)
    scene.controller.abort()
    opening.reject(new GatewayError('cancelled', 'the client went away'))
    await turn()
    expect(scene.ends).toEqual([{ left: true, opened: undefined }])
  })
})

describe('a late opening', () => {
  test('begins with a heartbeat and goes on with them until content comes', async () => {
    const scene = new Scene()
    const opening = Promise.withResolvers<OpenedStream>()
    scene.start(opening.promise)
    expect(await scene.read()).toBe(': ping\n\n')
    const second = scene.read()
    await scene.clock.tick(15_000)
    expect(await second).toBe(': ping\n\n')
    opening.resolve(scene.opened([frames('a')]))
    expect(await scene.read()).toBe(frames('a'))
    scene.upstream.give(frames('!'))
    expect(await scene.rest()).toBe(frames('!'))
    expect(scene.ends).toHaveLength(1)
  })

  test('that fails is the client’s error', async () => {
    const scene = new Scene()
    const opening = Promise.withResolvers<OpenedStream>()
    scene.start(opening.promise)
    opening.reject(new GatewayError('rate-limit', 'all 2 attempts failed'))
    expect(await scene.rest()).toBe(': ping\n\nevent: error\ndata: rate-limit req_1\n\n')
    expect(scene.ends).toMatchObject([{ error: { kind: 'rate-limit' }, left: false }])
  })

  test('with nothing to say yet goes on reading', async () => {
    const scene = new Scene()
    scene.start(Promise.resolve(scene.opened()))
    expect(await scene.read()).toBe(': ping\n\n')
    scene.upstream.give(frames('a', '!'))
    expect(await scene.rest()).toBe(frames('a', '!'))
  })

  test('that a stop overtakes lets go of its upstream', async () => {
    const scene = new Scene()
    const opening = Promise.withResolvers<OpenedStream>()
    scene.start(opening.promise)
    scene.streams.interruptAll(new GatewayError('unavailable', 'stopping'))
    expect(await scene.rest()).toBe(': ping\n\nevent: error\ndata: unavailable req_1\n\n')
    opening.resolve(scene.opened([frames('a')]))
    await turn()
    expect(scene.upstream.released).toBeGreaterThan(0)
    expect(scene.ends).toHaveLength(1)
  })
})
