import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import { ask } from './qwen/ask.ts'
import { type Judged, judged, like } from './qwen/read.ts'
import { DEFAULT_RULES } from './qwen/rules.ts'
import { startQwen } from './qwen.ts'

const sim = startQwen()
const ann = sim.user('ann')
const [coding, token, standard] = [sim.apiKey('coding'), sim.apiKey('token'), sim.apiKey('standard')]
afterEach(() => void Object.assign(sim.rules, DEFAULT_RULES))
afterAll(() => sim.close())

const PORTAL = `${sim.portalUrl}/chat/completions`
const COMPATIBLE = `${sim.compatibleUrl}/chat/completions`
const user = { role: 'user', content: 'hi' }

const keyed = async (key: string, body: Json, url = COMPATIBLE): Promise<Judged> =>
  judged(await ask(url, key, { messages: [user], ...body }))

const tool = (change: object = {}, inner: object = {}): Json => ({
  type: 'function',
  function: { name: 'f', parameters: { type: 'object' }, ...inner },
  ...change,
})
const tools = (...list: unknown[]): Json => ({ tools: list })

describe('the plans by key', () => {
  const CODING = { model: 'qwen3.5-plus' }

  test('each has its own path and models', async () => {
    expect([
      (await keyed(coding.key, CODING, PORTAL)).status,
      (await keyed(token.key, { model: 'qwen3.7-max' })).status,
      (await keyed(standard.key, { model: 'qwen-plus' })).status,
    ]).toEqual([200, 200, 200])
    expect([coding.key, token.key, standard.key].map(key => key.slice(0, 6))).toEqual(['sk-sp-', 'sk-sp-', 'sk-000'])
    expect(await keyed(coding.key, { model: 'coder-model' }, PORTAL)).toMatchObject(like('unknown-model', 'coder-model'))
    expect(await keyed(token.key, { model: 'qwen-plus' })).toMatchObject(like('unknown-model', 'qwen-plus'))
  })

  test('keys of another host', async () => {
    expect(await keyed(ann.signIn().accessToken, { model: 'qwen-plus' })).toMatchObject(like('incorrect-key', '#apikey-error'))
    expect(await keyed('sk-made-up', { model: 'qwen-plus' })).toMatchObject(like('incorrect-key'))
    expect(await keyed('sk-sp-made-up', CODING, PORTAL)).toMatchObject(like('token-expired'))
    expect(await keyed(coding.key, CODING)).toMatchObject(like('wrong-path'))
  })

  test('arrears and allowances', async () => {
    const key = sim.apiKey('coding', 'sk-sp-mine')
    for (const period of ['hour', 'week', 'month'] as const) {
      key.exhausted = period
      expect(await keyed('sk-sp-mine', CODING, PORTAL)).toMatchObject(like(`plan-${period}`, `${period} allocated quota exceeded`))
    }
    key.arrears = true
    expect(await keyed('sk-sp-mine', CODING, PORTAL)).toMatchObject(like('arrears'))
  })

  test('no leading system message, no quota of calls', async () => {
    Object.assign(sim.rules, { callsPerDay: 0, callsPerMinute: 0, strictHeaders: true, mode: 'discontinued' })
    expect((await keyed(standard.key, { model: 'qwen-plus' })).status).toBe(200)
  })

  test('effort where a model has it, and not with a budget', async () => {
    expect((await keyed(standard.key, { model: 'qwen3.8-max', reasoning_effort: 'low' })).status).toBe(200)
    const both = await keyed(standard.key, { model: 'qwen3.8-max', reasoning_effort: 'low', thinking_budget: 10 })
    expect(both.error.message).toContain('must not be set together')
    const forced = { model: 'qwen3.8-max', tool_choice: 'required', ...tools(tool()) }
    expect((await keyed(standard.key, forced)).status).toBe(400)
    expect((await keyed(standard.key, { ...forced, reasoning_effort: 'none' })).status).toBe(200)
  })
})

describe('embeddings', () => {
  const EMBED = `${sim.compatibleUrl}/embeddings`
  const embed = async (change: Json, key = standard.key, url = EMBED): Promise<Judged> =>
    judged(await ask(url, key, { model: 'text-embedding-v4', input: 'x', ...change }))
  const rows = (count: number): string[] => Array.from({ length: count }, () => 'x')

  const REFUSED: [string, Json, string][] = [
    ['eleven rows of v4', { input: rows(11) }, 'batch size is invalid, it should not be larger than 10'],
    ['eleven rows of v3', { model: 'text-embedding-v3', input: rows(11) }, 'not be larger than 10'],
    ['26 rows of v2', { model: 'text-embedding-v2', input: rows(26) }, 'not be larger than 25'],
    ['no rows', { input: [] }, 'neither str nor list of str'],
    ['tokens as input', { input: [1, 2] }, 'neither str nor list of str'],
    ['an empty row', { input: ['x', ''] }, 'must not be empty'],
    ['a long row of v4', { input: 'x'.repeat(40_000) }, 'Range of input length should be [1, 8192]'],
    ['a long row of v1', { model: 'text-embedding-v1', input: 'x'.repeat(10_000) }, '[1, 2048]'],
    ['dimensions that v4 lacks', { dimensions: 100 }, 'dimension 100 is invalid'],
    ['dimensions that v3 lacks', { model: 'text-embedding-v3', dimensions: 2048 }, 'dimension 2048 is invalid'],
    ['another encoding', { encoding_format: 'binary' }, 'encoding_format'],
  ]
  for (const [name, change, message] of REFUSED) {
    test(`refused: ${name}`, async () => {
      const { status, error } = await embed(change)
      expect([status, error]).toEqual([
        400,
        { code: 'InvalidParameter', type: 'InvalidParameter', param: null, message: expect.stringContaining(message) },
      ])
    })
  }

  test('refused: an unknown model or field, no JSON, no key, another plan, and everybody over OAuth', async () => {
    expect(await embed({ model: 'text-embedding-3-small' })).toMatchObject(like('unknown-model', 'text-embedding-3-small'))
    expect((await embed({ nonsense: 1 })).error.message).toContain('nonsense')
    const headers = { authorization: `Bearer ${standard.key}` }
    expect((await fetch(EMBED, { method: 'POST', headers, body: '{}' })).status).toBe(400)
    expect(await embed({}, 'sk-made-up')).toMatchObject(like('incorrect-key'))
    expect(await embed({}, token.key)).toMatchObject(like('wrong-path'))
    expect(await embed({}, ann.signIn().accessToken, `${sim.portalUrl}/embeddings`)).toMatchObject(like('wrong-path'))
    expect(await embed({}, coding.key, `${sim.portalUrl}/embeddings`)).toMatchObject(like('wrong-path'))
  })

  test('taken: as many rows as there may be; v1 and v2 take no notice of dimensions', async () => {
    expect((await embed({ input: rows(10), dimensions: 64, encoding_format: 'base64', user: 'me' })).status).toBe(200)
    expect((await embed({ model: 'text-embedding-v1', input: rows(25), dimensions: 7 })).status).toBe(200)
  })
})
