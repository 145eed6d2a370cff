import { afterEach, describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/core/clock.ts'
import type { UpstreamBody } from '../../src/upstream/body.ts'
import { call, OK, Taker } from './calls.ts'
import { closeAll, closers } from './raw-server.ts'

afterEach(closeAll)

const MEGABYTE = 1 << 20
const SIZE = 50 * MEGABYTE

/** Sends SIZE bytes as fast as they are taken. */
function flood(piece: Buffer, head: string) {
  const state = { sent: 0 }
  const whole = Buffer.concat(Array.from({ length: Math.ceil(MEGABYTE / piece.length) }, () => piece))
  let rest = whole.subarray(0, 0)
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket) {
        socket.write(head)
        more(socket)
      },
      drain: socket => more(socket),
      error() {},
    },
  })
  function more(socket: Bun.Socket<undefined>): void {
    while (state.sent < SIZE) {
      if (rest.length === 0) rest = whole
      const written = socket.write(rest)
      if (written <= 0) return
      rest = rest.subarray(written)
      state.sent += written
    }
  }
  closers.push(() => listener.stop(true))
  return { url: `http://127.0.0.1:${listener.port}/`, state }
}

/** Waits until nothing more is sent. */
async function settle(state: { sent: number }): Promise<void> {
  for (let last = -1, quiet = 0; quiet < 20; quiet = state.sent === last ? quiet + 1 : 0) {
    last = state.sent
    await systemClock.sleep(5)
  }
}

/** What was read off the connection and waits: all that comes at once where everything behind it is paused. */
function waiting(body: UpstreamBody): { length: number; memory: number } {
  const buffers = new Set<ArrayBufferLike>()
  let length = 0
  body.pause()
  body.flow({
    data(bytes) {
      length += bytes.length
      buffers.add(bytes.buffer)
    },
    end() {},
    broke() {},
  })
  return { length, memory: [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0) }
}

describe('who reads nothing lets the sender wait', () => {
  test('of a plain body', async () => {
    const { url, state } = flood(Buffer.alloc(64 * 1024, 'x'), `${OK}content-length: ${SIZE}\r\n\r\n`)
    const { body } = await call(url)
    await settle(state)
    // The rest is in the system's buffers.
    expect(state.sent).toBeLessThan(SIZE / 2)
    expect(waiting(body).memory).toBeLessThan(2 * MEGABYTE)
    body.release()
  })

  test('of chunks that are mostly nothing', async () => {
    const { url, state } = flood(Buffer.from(`1;${'e'.repeat(4000)}\r\nx\r\n`), `${OK}transfer-encoding: chunked\r\n\r\n`)
    const { body } = await call(url)
    await settle(state)
    expect(waiting(body).memory).toBeLessThan(2 * MEGABYTE)
    body.release()
  })

  test('and who reads slowly gets it all', async () => {
    const { url, state } = flood(Buffer.alloc(64 * 1024, 'x'), `${OK}content-length: ${SIZE}\r\n\r\n`)
    const { body } = await call(url)
    let got = 0
    let most = 0
    for (let bytes = await body.read(); bytes; bytes = await body.read()) {
      got += bytes.length
      most = Math.max(most, state.sent - got)
      if (got % 7 === 0) await systemClock.sleep(1)
    }
    expect(got).toBe(SIZE)
    expect(most).toBeLessThan(SIZE / 2)
  })

  test('so does who pauses again and again', async () => {
    const { url } = flood(Buffer.alloc(64 * 1024, 'x'), `${OK}content-length: ${SIZE}\r\n\r\n`)
    const { body } = await call(url)
    const taker = new Taker((_, self) => {
      self.text = ''
      got += _.length
      body.pause()
      setImmediate(() => body.resume())
    })
    let got = 0
    body.flow(taker)
    expect([await taker.done, got]).toEqual([undefined, SIZE])
  })
})
