import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CHAT, MESSAGES, post } from './support/client-routes.ts'
import { newFolder, type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC } from './support/upstreams.ts'

const occurrences = (text: string, part: string): number => text.split(part).length - 1

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('the first start in an empty folder', () => {
  const folder = newFolder()
  const dataDir = join(folder, 'data')
  let gateway: RunningGateway
  let clientKey = ''
  let adminKey = ''

  beforeAll(async () => {
    gateway = await startGateway({ config: null, args: ['--demo'], folder })
    clientKey = (await gateway.until(/client key: (\S+)/))[1] ?? ''
    adminKey = (await gateway.until(/admin key: +(\S+)/))[1] ?? ''
    await gateway.until(/^ {2}curl /m)
  })
  afterAll(async () => {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is quick', () => {
    console.log(`      listening ${gateway.startMs.toFixed(0)} ms after the start of the process`)
    expect(gateway.startMs).toBeLessThan(1000)
  })

  test('shows each key once, the client key also in the curl line', () => {
    expect(clientKey).toMatch(/^sk-dragoman-\S{20,}$/)
    expect(adminKey).toMatch(/^sk-dragoman-admin-\S{20,}$/)
    expect(occurrences(gateway.output(), clientKey)).toBe(2)
    expect(occurrences(gateway.output(), adminKey)).toBe(1)
  })

  test('keeps the data dir and its files to itself', () => {
    expect(modeOf(dataDir)).toBe('700')
    const files = readdirSync(dataDir)
    expect(files).toContain('dragoman.db')
    expect(files).toContain('admin.key')
    expect(Object.fromEntries(files.map(file => [file, modeOf(join(dataDir, file))]))).toEqual(
      Object.fromEntries(files.map(file => [file, '600'])),
    )
  })

  test('keeps the admin key in its file and the client key nowhere', () => {
    expect(readFileSync(join(dataDir, 'admin.key'), 'utf8').trim()).toBe(adminKey)
    for (const file of readdirSync(dataDir)) {
      const text = readFileSync(join(dataDir, file), 'latin1')
      expect(text.includes(clientKey), file).toBe(false)
      if (file !== 'admin.key') expect(text.includes(adminKey), file).toBe(false)
    }
  })

  test('serves both dialects with the key at once', async () => {
    for (const route of [CHAT, MESSAGES]) {
      const answer = await post(gateway.url, route, route.body(route === CHAT ? 'gpt-4o-mini' : 'claude-sonnet-4-5'), { key: clientKey })
      expect(answer.status).toBe(200)
      expect(route.readBody(await answer.json()).text).toContain('hello')
    }
  })

  test('answers /health without a key', async () => {
    const answer = await fetch(`${gateway.url}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ status: 'ok', healthy_tokens: 1, total_tokens: 1, strategy: 'round_robin' })
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  })

  test('is not repeated: the second start makes and shows no key, and both keys go on working', async () => {
    await gateway.stop()
    gateway = await startGateway({ config: null, args: ['--demo'], folder })
    await fetch(`${gateway.url}/health`)
    expect(gateway.output()).not.toMatch(/key:|curl|sk-/)
    expect((await post(gateway.url, CHAT, CHAT.body('gpt-4o-mini'), { key: clientKey })).status).toBe(200)
    const stats = await fetch(`${gateway.url}/admin/stats`, { headers: { authorization: `Bearer ${adminKey}` } })
    expect(stats.status).toBe(200)
  })
})

describe('a first start with keys in the config', () => {
  test('makes none', async () => {
    const gateway = await startGateway()
    try {
      expect(gateway.output()).not.toMatch(/key:/)
      expect(readdirSync(gateway.dataDir)).not.toContain('admin.key')
      await gateway.until(/No provider is configured/)
      const health = await fetch(`${gateway.url}/health`)
      expect(await health.json()).toMatchObject({ status: 'down', total_tokens: 0 })
      expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503)
    } finally {
      await gateway.stop()
    }
  })
})

test('the curl line names a model that the only provider has, though it lists none by name', async () => {
  const upstream = ANTHROPIC.start()
  const gateway = await startGateway({
    config: { client_api_keys: [], providers: [ANTHROPIC.provider(upstream, { models: ['claude-*'] })] },
  })
  try {
    const [, key = '', model = ''] = await gateway.until(/Bearer (\S+)'.*"model":"([^"]+)"/)
    expect((await post(gateway.url, CHAT, CHAT.body(model), { key })).status).toBe(200)
  } finally {
    await gateway.stop()
    await upstream.close()
  }
})
