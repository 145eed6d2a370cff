import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../checkers/json.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { admin } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, expectAnswer, expectError, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { StreamReader } from './support/streams.ts'
import { LONG_TEXT, OPENAI } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

const NEW_KEY = 'sk-e2e-new-9d3b5f0c1f6c2b7d4e8a'

let first: Simulator
let second: Simulator
let gateway: RunningGateway

const before = (): Json => ({ providers: [OPENAI.provider(first, { name: 'first', models: ['gpt-4o'] })] })
const after = (): Json => ({
  providers: [
    OPENAI.provider(first, { name: 'first', models: ['gpt-4o'] }),
    OPENAI.provider(second, { name: 'second', models: ['gpt-4.1'] }),
  ],
  models: { fresh: 'gpt-4.1' },
  client_api_keys: [
    { name: 'e2e', key: CLIENT_KEY },
    { name: 'new', key: NEW_KEY },
  ],
})

beforeEach(async () => {
  first = OPENAI.start()
  second = OPENAI.start()
  gateway = await startGateway({ config: before() })
})
afterEach(async () => {
  await gateway.stop()
  await Promise.all([first.close(), second.close()])
})

const reloads = (): number => gateway.output().split('configuration reloaded').length - 1

const reload = () => admin(gateway.url, '/admin/reload', { method: 'POST' })

describe('a new configuration', () => {
  const ways: Record<string, () => Promise<unknown>> = {
    'by the file alone': () => eventually('the change is seen', () => reloads() > 0, 3000),
    'by SIGHUP': async () => {
      gateway.signal('SIGHUP')
      await gateway.until(/configuration reloaded/)
    },
    'by POST /admin/reload': async () => {
      const answer = await reload()
      expect(answer.status).toBe(200)
      expect(await answer.json()).toEqual({ message: 'Configuration reloaded successfully', reloaded: true, warnings: [] })
    },
    'by POST /reload': async () => expect((await admin(gateway.url, '/reload', { method: 'POST' })).status).toBe(200),
  }

  test.each(Object.entries(ways))('is taken %s: providers, models and keys, and no stream is dropped', async (_, how) => {
    first.script({ text: LONG_TEXT, delayBetweenMs: 40 })
    const stream = new StreamReader(await post(gateway.url, CHAT, CHAT.body('gpt-4o', { stream: true })))
    await stream.until(/two/)
    await expectError(await post(gateway.url, CHAT, CHAT.body('fresh')), CHAT, 404)
    await expectError(await post(gateway.url, CHAT, CHAT.body('gpt-4o'), { key: NEW_KEY }), CHAT, 401)

    gateway.writeConfig(after())
    await how()
    expect(stream.text).not.toContain('twelve')
    for (const route of CLIENT_ROUTES) {
      for (const key of [CLIENT_KEY, NEW_KEY]) await expectAnswer(await post(gateway.url, route, route.body('fresh'), { key }), route)
    }
    expect(second.requests).toHaveLength(4)
    expect(CHAT.readStream(await stream.rest())).toMatchObject({ text: LONG_TEXT.join(''), finish: 'stop' })
  })

  test('without a change, SIGHUP reads it again all the same', async () => {
    gateway.signal('SIGHUP')
    await gateway.until(/configuration reloaded/)
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
  })

  test('takes what it no longer names: keys, providers, models', async () => {
    gateway.writeConfig(after())
    await reload()
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('fresh'), { key: NEW_KEY }), CHAT)
    gateway.writeConfig(before())
    await reload()
    await expectError(await post(gateway.url, CHAT, CHAT.body('gpt-4o'), { key: NEW_KEY }), CHAT, 401)
    await expectError(await post(gateway.url, CHAT, CHAT.body('fresh')), CHAT, 404)
    await expectError(await post(gateway.url, CHAT, CHAT.body('gpt-4.1')), CHAT, 404)
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
  })

  test('takes a new admin key, and the old one is dead', async () => {
    gateway.writeConfig({ ...before(), admin_key: NEW_KEY })
    expect((await reload()).status).toBe(200)
    expect((await admin(gateway.url, '/admin/stats')).status).toBe(401)
    expect((await fetch(`${gateway.url}/admin/stats`, { headers: CHAT.keyHeader(NEW_KEY) })).status).toBe(200)
  })

  test('keeps what is known of an account', async () => {
    first.script({ status: 401 })
    await expectError(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT, 502)
    gateway.writeConfig(after())
    await reload()
    await expectError(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT, 503)
    // Another credential is another account.
    gateway.writeConfig({ providers: [OPENAI.provider({ url: first.url, key: 'sk-other' }, { name: 'first', models: ['gpt-4o'] })] })
    await reload()
    await expectError(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT, 502)
    gateway.writeConfig(before())
    await reload()
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
  })

  test('says what only a restart can change', async () => {
    gateway.writeConfig({ ...before(), server_host: '0.0.0.0' })
    const answer = (await (await reload()).json()) as { warnings: string[] }
    expect(answer.warnings.join()).toContain('server_host')
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  })
})

describe('a configuration that is no good', () => {
  test.each([
    ['half a file', '{"providers": [', /JSON|end|expected/i],
    ['a wrong type', JSON.stringify({ providers: 'none' }), /providers/],
    ['an unknown key', JSON.stringify({ provders: [] }), /provders/],
    ['an empty file', '', /./],
  ])('(%s) is refused and said so, and the old one serves on', async (_, text, words) => {
    writeFileSync(join(gateway.folder, 'dragoman.json'), text)
    const error = await expectError(await reload(), CHAT, 400)
    expect(error.message).toContain('not applied')
    expect(error.message).toMatch(words)
    expect(error.code).toBe('invalid_config')
    await gateway.until(/configuration not applied/)
    expect(gateway.log().find(({ msg }) => String(msg).startsWith('configuration not applied'))).toMatchObject({ level: 'error' })
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
    expect((await admin(gateway.url, '/admin/stats')).status).toBe(200)
    expect(reloads()).toBe(0)
    gateway.writeConfig(after())
    expect((await reload()).status).toBe(200)
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('fresh')), CHAT)
  })

  test('(a file that is gone) is refused, until there is one again', async () => {
    unlinkSync(join(gateway.folder, 'dragoman.json'))
    await gateway.until(/configuration not applied: .*dragoman\.json: is gone/)
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
    gateway.writeConfig(after())
    await gateway.until(/configuration reloaded/)
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('fresh')), CHAT)
  })

  test('is refused when nobody asked, too', async () => {
    writeFileSync(join(gateway.folder, 'dragoman.json'), '{')
    await gateway.until(/configuration not applied/)
    gateway.signal('SIGHUP')
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
    expect(process.kill(gateway.pid, 0)).toBe(true)
  })
})

test('a first configuration is taken by a server that was started without any', async () => {
  const bare = await startGateway({ config: null })
  try {
    await expectError(await post(bare.url, CHAT, CHAT.body('gpt-4o')), CHAT, 401)
    bare.writeConfig(before())
    await bare.until(/configuration reloaded/)
    await expectAnswer(await post(bare.url, CHAT, CHAT.body('gpt-4o')), CHAT)
    expect(bare.log().find(({ msg }) => msg === 'configuration reloaded')).toMatchObject({ files: [join(bare.folder, 'dragoman.json')] })
  } finally {
    await bare.stop()
  }
})
