import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { adminList } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, run, startGateway } from './support/gateway.ts'
import { OPENAI } from './support/upstreams.ts'
import { eventually, timed } from './support/wait.ts'

let upstream: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  upstream = OPENAI.start()
  gateway = await startGateway({
    config: {
      providers: [
        OPENAI.provider(upstream, {
          models: ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1'],
          big_model: 'gpt-4.1',
          medium_model: 'gpt-4o',
          small_model: 'gpt-4o-mini',
        }),
      ],
      models: { fast: 'gpt-4o-mini', faster: 'fast', smart: { targets: [{ provider: 'openai', model: 'gpt-4.1' }] } },
      anthropic_model_mappings: { 'claude-mapped': 'gpt-4.1' },
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

const keys = (...args: string[]) => run(['keys', ...args, '--data-dir', gateway.dataDir], { cwd: gateway.folder })

async function create(name: string, ...options: string[]): Promise<{ id: string; key: string; prefix: string }> {
  const { stdout, stderr, code } = await keys('create', '--name', name, '--json', ...options)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as { id: string; key: string; prefix: string }
}

const statusFor = async (key: string, model = 'gpt-4o'): Promise<number> => {
  const answer = await post(gateway.url, CHAT, CHAT.body(model), { key })
  await answer.arrayBuffer()
  return answer.status
}

const models = async (key: string, headers: Record<string, string> = {}): Promise<string[]> => {
  const answer = await fetch(`${gateway.url}/v1/models?limit=1000`, { headers: { ...CHAT.keyHeader(key), ...headers } })
  const { data } = (await answer.json()) as { data: { id: string }[] }
  return data.map(({ id }) => id)
}

describe('a key made on the command line while the server runs', () => {
  test('works at once, and its requests are counted under it', async () => {
    const { stdout } = await keys('create', '--name', 'plain')
    const key = stdout.trim()
    expect(key).toMatch(/^sk-dragoman-\S+$/)
    expect(await statusFor(key)).toBe(200)
    const list = JSON.parse((await keys('list', '--json')).stdout) as { data: Json[]; next: null }
    const listed = list.data.find(({ name }) => name === 'plain')
    const { data } = await adminList(gateway.url, `/admin/requests?key=${listed?.id}`)
    expect(data).toHaveLength(1)
    expect(JSON.stringify(list)).not.toContain(key)
  })

  test('is dead within a second of being revoked', async () => {
    for (const by of ['id', 'name', 'prefix'] as const) {
      const { id, key, prefix } = await create(`revoke by ${by}`)
      expect(await statusFor(key)).toBe(200)
      const { code, stderr } = await keys('revoke', by === 'id' ? id : by === 'name' ? `revoke by ${by}` : prefix)
      expect(stderr).toBe('')
      expect(code).toBe(0)
      const { ms } = await timed(eventually('the key is refused', async () => (await statusFor(key)) === 401, 1000))
      console.log(`      revoked by ${by}: dead ${ms.toFixed(0)} ms after the command's end`)
      expect(
        (await expectError(await post(gateway.url, MESSAGES, MESSAGES.body('claude-sonnet-4-5'), { key }), MESSAGES, 401)).message,
      ).toContain('revoked')
    }
  })

  test('ends when it expires', async () => {
    const { key } = await create('short', '--expires', '1s')
    expect(await statusFor(key)).toBe(200)
    await eventually('the key is refused', async () => (await statusFor(key)) === 401, 2000)
    const list = (await keys('list')).stdout
    expect(list).toMatch(/short.*expired/)
  })

  test('keeps what is wrong to itself: exit codes and stderr', async () => {
    const unknown = await keys('revoke', 'no-such-key')
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toContain('no-such-key')
    const duration = await keys('create', '--name', 'x', '--expires', 'soon')
    expect(duration.code).toBe(2)
    expect(duration.stdout).toBe('')
  })
})

describe("a key's model list", () => {
  let mini = ''
  let tiers = ''
  let claudeOnly = ''
  let patterned = ''

  beforeAll(async () => {
    const made = await Promise.all([
      create('mini', '--models', 'gpt-4o-mini'),
      create('tiers', '--models', 'gpt-4o,claude-*'),
      create('claude only', '--models', 'claude-sonnet-4-5'),
      create('patterned', '--models', 'gpt-4o*'),
    ])
    ;[mini, tiers, claudeOnly, patterned] = made.map(({ key }) => key) as [string, string, string, string]
  })

  test('holds on every route, in its dialect, and nothing is sent', async () => {
    const before = upstream.requests.length
    for (const route of CLIENT_ROUTES) {
      const error = await expectError(await post(gateway.url, route, route.body('gpt-4o'), { key: mini }), route, 403)
      expect(error.message).toContain("'gpt-4o'")
      expect(error.type).toBe('permission_error')
      if (route === CHAT) expect(error).toMatchObject({ code: 'model_not_allowed', param: 'model' })
    }
    expect(upstream.requests).toHaveLength(before)
    for (const route of CLIENT_ROUTES) await expectAnswer(await post(gateway.url, route, route.body('gpt-4o-mini'), { key: mini }), route)
  })

  test('is checked on the name behind aliases, mappings and prefixes', async () => {
    for (const alias of ['fast', 'faster', 'claude-via-gpt-4o-mini']) expect(await statusFor(mini, alias), alias).toBe(200)
    for (const alias of ['smart', 'claude-via-gpt-4o', 'claude-via-gpt-4.1']) expect(await statusFor(mini, alias), alias).toBe(403)
    await expectError(await post(gateway.url, MESSAGES, MESSAGES.body('claude-mapped'), { key: patterned }), MESSAGES, 403)
  })

  test('takes patterns', async () => {
    expect(await statusFor(patterned, 'gpt-4o')).toBe(200)
    expect(await statusFor(patterned, 'gpt-4o-mini')).toBe(200)
    expect(await statusFor(patterned, 'gpt-4.1')).toBe(403)
  })

  test('is not escaped through a tier', async () => {
    // sonnet leads to gpt-4o, which is on the list; opus to gpt-4.1 and haiku to gpt-4o-mini, which are not.
    const status = async (model: string, key: string) => (await post(gateway.url, MESSAGES, MESSAGES.body(model), { key })).status
    expect(await status('claude-sonnet-4-5', tiers)).toBe(200)
    expect(await status('claude-opus-4-6', tiers)).toBe(403)
    expect(await status('claude-haiku-4-5', tiers)).toBe(403)
    expect(await status('claude-sonnet-4-5', claudeOnly)).toBe(403)
    expect(await status('claude-sonnet-4-5', mini)).toBe(403)
  })

  test('filters /v1/models: whatever stands there works, and nothing that works is missing', async () => {
    const all = await models(CLIENT_KEY)
    expect(all).toEqual(expect.arrayContaining(['fast', 'faster', 'smart', 'gpt-4o', 'gpt-4o-mini', 'gpt-4.1']))
    for (const key of [mini, patterned, tiers]) {
      const listed = await models(key)
      const usable: string[] = []
      for (const name of all) if ((await statusFor(key, name)) === 200) usable.push(name)
      expect(listed.toSorted()).toEqual(usable.toSorted())
      for (const name of all) {
        const { status } = await fetch(`${gateway.url}/v1/models/${name}`, { headers: CHAT.keyHeader(key) })
        expect(status, name).toBe(usable.includes(name) ? 200 : 404)
      }
    }
  })

  test('filters the list in the shape of Anthropic too', async () => {
    const listed = await models(mini, { 'anthropic-version': '2023-06-01' })
    expect(listed).toEqual(expect.arrayContaining(['gpt-4o-mini', 'claude-via-gpt-4o-mini', 'fast']))
    expect(listed.filter(name => /gpt-4o$|4\.1|smart/.test(name))).toEqual([])
    for (const name of listed) {
      await expectAnswer(await post(gateway.url, MESSAGES, MESSAGES.body(name), { key: mini }), MESSAGES)
    }
  })

  test('hides what it does not hold from suggestions', async () => {
    const error = await expectError(await post(gateway.url, CHAT, CHAT.body('gpt-4p'), { key: mini }), CHAT, 404)
    expect(error.message).not.toMatch(/'gpt-4o'|4\.1/)
  })
})
