import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Simulator } from '../simulators/simulator.ts'
import { adminList } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, newFolder, type RunningGateway, startGateway } from './support/gateway.ts'
import { RawConnection, requestBytes } from './support/raw.ts'
import { StreamReader } from './support/streams.ts'
import { LONG_TEXT, OPENAI, stalled } from './support/upstreams.ts'
import { timed } from './support/wait.ts'

let upstream: Simulator
let gateway: RunningGateway

beforeEach(() => {
  upstream = OPENAI.start()
})
afterEach(async () => {
  await gateway.stop()
  await upstream.close()
})

const start = async (shutdown: string, folder?: string): Promise<RunningGateway> => {
  gateway = await startGateway({
    config: { shutdown_timeout: shutdown, providers: [OPENAI.provider(upstream)] },
    ...(folder === undefined ? {} : { folder }),
  })
  return gateway
}

const openStream = async (route = CHAT) => {
  const stream = new StreamReader(await post(gateway.url, route, route.body('gpt-4o', { stream: true })))
  await stream.until(/two/)
  return stream
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', signal => {
  test('of an idle server ends it at once, with 0', async () => {
    await start('30s')
    await fetch(`${gateway.url}/health`)
    gateway.signal(signal)
    const { value, ms } = await timed(gateway.exited)
    expect(value).toBe(0)
    expect(ms).toBeLessThan(1500)
    expect(gateway.output()).toContain('stopped')
    expect(existsSync(join(gateway.dataDir, 'dragoman.pid'))).toBe(false)
  })

  test('lets streams and whole answers finish, then ends with 0', async () => {
    await start('10s')
    upstream.script({ text: LONG_TEXT, delayBetweenMs: 25 }, { text: LONG_TEXT, delayBetweenMs: 25 }, { delayHeadersMs: 200 })
    const streams = [await openStream(CHAT), await openStream(MESSAGES)] as const
    const whole = post(gateway.url, CHAT, CHAT.body('gpt-4o'))
    await upstream.received(3)
    gateway.signal(signal)
    await gateway.until(/stopping/)
    expect(CHAT.readStream(await streams[0].rest())).toMatchObject({ text: LONG_TEXT.join(''), finish: 'stop' })
    expect(MESSAGES.readStream(await streams[1].rest())).toMatchObject({ text: LONG_TEXT.join(''), finish: 'end_turn' })
    expect((await whole).status).toBe(200)
    CHAT.readBody(await (await whole).json())
    expect(await gateway.exited).toBe(0)
  })
})

describe('a stop', () => {
  test('that takes too long ends streams by an error event of their dialect, and with 0', async () => {
    const folder = newFolder()
    await start('400ms', folder)
    upstream.script(stalled(OPENAI), stalled(OPENAI), { hangConnection: true })
    const streams = [await openStream(CHAT), await openStream(MESSAGES)] as const
    // One that has not even begun: its headers are not out.
    const silent = post(gateway.url, MESSAGES, MESSAGES.body('gpt-4o', { stream: true })).then(
      async answer => ({ status: answer.status, text: await answer.text() }),
      () => undefined,
    )
    const requests = await upstream.received(3)
    gateway.signal('SIGTERM')
    const { value: code, ms } = await timed(gateway.exited)
    expect(code).toBe(0)
    expect(ms).toBeWithin(350, 2500)
    for (const [index, route] of CLIENT_ROUTES.entries()) {
      const said = route.readStream(await (streams[index] as StreamReader).rest())
      expect(said).toMatchObject({ text: 'one two three ', error: { message: 'the gateway is stopping' } })
      expect(said.finish).toBeUndefined()
    }
    const answered = await silent
    if (answered) expect(answered).toMatchObject({ status: 503 })
    await Promise.all(requests.map(({ closed }) => closed))
    // All of them are in the books.
    const again = await startGateway({ config: { providers: [OPENAI.provider(upstream)] }, folder })
    try {
      const { data } = await adminList(again.url, '/admin/requests')
      expect(data).toHaveLength(3)
      for (const { status } of data) expect([499, 503]).toContain(Number(status))
    } finally {
      await again.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('takes no new work: not on new connections, and not on those there are', async () => {
    await start('5s')
    upstream.script({ text: LONG_TEXT, delayBetweenMs: 40 })
    const kept = await RawConnection.open(gateway.url)
    kept.send(requestBytes({ target: '/health/ready', headers: ['host: localhost'] }))
    await kept.until(/"ready":true/)
    const stream = await openStream()
    gateway.signal('SIGTERM')
    await gateway.until(/stopping/)
    const body = JSON.stringify(CHAT.body('gpt-4o'))
    kept.text = ''
    kept.send(requestBytes({ target: '/health/ready', headers: ['host: localhost'] }))
    const ready = await kept.until(/HTTP\/1\.1 (\d+)[\s\S]*\}/)
    // Where the connection is kept, it says that the gateway is not ready, and refuses in words.
    if (ready) {
      expect(ready[1]).toBe('503')
      kept.text = ''
      const headers = [
        'host: localhost',
        'content-type: application/json',
        `authorization: Bearer ${CLIENT_KEY}`,
        `content-length: ${body.length}`,
      ]
      kept.send(requestBytes({ method: 'POST', target: CHAT.path, headers, body }))
      const refused = await kept.until(/HTTP\/1\.1 (\d+)[\s\S]*\}/)
      if (refused) expect(refused[1]).toBe('503')
      console.log(`      a connection that was kept: ready ${ready[1]}, a new request ${refused?.[1] ?? 'closed'}`)
    } else console.log('      a connection that was kept: closed')
    expect(
      await post(gateway.url, CHAT, body).then(
        ({ status }) => status,
        () => 'refused',
      ),
    ).toBe('refused')
    expect(upstream.requests).toHaveLength(1)
    expect(CHAT.readStream(await stream.rest()).finish).toBe('stop')
    kept.destroy()
    expect(await gateway.exited).toBe(0)
  })

  test('is forced by a second signal, still with an error event and 0', async () => {
    await start('30s')
    upstream.script(stalled(OPENAI))
    const stream = await openStream()
    gateway.signal('SIGTERM')
    await gateway.until(/stopping/)
    gateway.signal('SIGTERM')
    const { value: code, ms } = await timed(gateway.exited)
    expect(code).toBe(0)
    expect(ms).toBeLessThan(1500)
    expect(CHAT.readStream(await stream.rest()).error).toMatchObject({ message: 'the gateway is stopping' })
  })
})
