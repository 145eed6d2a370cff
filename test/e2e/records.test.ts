import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../checkers/json.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { adminList, recordOf } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, expectAnswer, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, newFolder, type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC, OPENAI } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

const OTHER_KEY = 'sk-e2e-other-2b7d4e8a9d3b5f0c1f6c'

let openai: Simulator
let anthropic: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  openai = OPENAI.start()
  anthropic = ANTHROPIC.start()
  gateway = await startGateway({
    config: {
      client_api_keys: [
        { name: 'e2e', key: CLIENT_KEY },
        { name: 'other', key: OTHER_KEY },
      ],
      providers: [
        OPENAI.provider(openai, { models: ['gpt-4o', 'gpt-4.1', 'gpt-limited'] }),
        ANTHROPIC.provider(anthropic, { models: [ANTHROPIC.model] }),
      ],
      models: { nick: 'gpt-4o' },
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([openai.close(), anthropic.close()])
})

const OPENAI_USAGE = {
  prompt_tokens: 100,
  completion_tokens: 40,
  prompt_tokens_details: { cached_tokens: 60 },
  completion_tokens_details: { reasoning_tokens: 25 },
}
const ANTHROPIC_USAGE = {
  input_tokens: 30,
  cache_read_input_tokens: 60,
  cache_creation_input_tokens: 10,
  output_tokens: 40,
  output_tokens_details: { thinking_tokens: 25 },
}

const pairs = CLIENT_ROUTES.flatMap(route =>
  ([OPENAI, ANTHROPIC] as const).flatMap(kind =>
    [true, false].map(stream => [`${kind.name} behind ${route.name}, stream ${stream}`, kind, route, stream] as const),
  ),
)

describe('the record of a request', () => {
  test.each(pairs)('%s counts the whole prompt, cached and reasoning tokens', async (_, kind, route, stream) => {
    const simulator = kind === OPENAI ? openai : anthropic
    simulator.script({ text: ['hello'], usage: kind === OPENAI ? OPENAI_USAGE : ANTHROPIC_USAGE })
    const response = await post(gateway.url, route, route.body(kind.model, { stream }))
    await expectAnswer(response.clone() as Response, route)
    const record = await recordOf(gateway.url, response)
    expect(record).toEqual({
      id: String(response.headers.get('x-request-id')),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      key: 'config:e2e',
      key_name: 'e2e',
      route: route.path,
      model: kind.model,
      provider: kind.name,
      account: `${kind.name}-1`,
      upstream_model: kind.model,
      status: 200,
      stream,
      latency_ms: expect.any(Number),
      first_token_ms: expect.any(Number),
      attempts: [
        expect.objectContaining({ provider: kind.name, account: `${kind.name}-1`, outcome: 'ok', status: 200, ms: expect.any(Number) }),
      ],
      skipped: [],
      usage: {
        input_tokens: 100,
        output_tokens: 40,
        cached_tokens: 60,
        cache_write_tokens: kind === ANTHROPIC ? 10 : 0,
        reasoning_tokens: 25,
        estimated: false,
        spent: null,
      },
      cost_usd: null,
      notes: expect.any(Array),
      error: null,
    })
  })

  test('says which name was asked for and which was sent', async () => {
    const response = await post(gateway.url, CHAT, CHAT.body('nick'))
    await response.text()
    expect(await recordOf(gateway.url, response)).toMatchObject({ model: 'nick', upstream_model: 'gpt-4o' })
  })

  test('says what was lost in translation', async () => {
    const response = await post(gateway.url, CHAT, CHAT.body(ANTHROPIC.model, { seed: 5, logit_bias: { '1': 1 } }))
    await response.text()
    expect(response.headers.get('x-dragoman-notes')).toContain('dropped:seed')
    expect((await recordOf(gateway.url, response)).notes).toContainEqual(expect.objectContaining({ action: 'dropped', field: 'seed' }))
  })

  test('estimates where the upstream counts nothing, and says so', async () => {
    const chunk = (delta: Json, finish: string | null) =>
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
    for (const route of CLIENT_ROUTES) {
      openai.script({
        sse: `${chunk({ role: 'assistant', content: 'some words that were said' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`,
      })
      const response = await post(gateway.url, route, route.body('gpt-4o', { stream: true }))
      await expectAnswer(response.clone() as Response, route)
      const { usage } = await recordOf(gateway.url, response)
      expect(usage).toMatchObject({ estimated: true })
      expect((usage as Json).input_tokens).toBeGreaterThan(0)
      expect((usage as Json).output_tokens).toBeWithin(2, 60)
    }
  })

  test('is there for what was refused here, refused there, and broken off', async () => {
    const refusedHere = await post(gateway.url, CHAT, CHAT.body('gpt-4o', { messages: [] }))
    expect(await recordOf(gateway.url, refusedHere)).toMatchObject({
      status: 400,
      attempts: [],
      error: expect.stringContaining('messages'),
    })
    openai.script({ status: 400, message: 'not like this' })
    const refusedThere = await post(gateway.url, CHAT, CHAT.body('gpt-4o'))
    expect(await recordOf(gateway.url, refusedThere)).toMatchObject({
      status: 400,
      attempts: [{ status: 400, outcome: 'invalid request' }],
    })
    const unknown = await post(gateway.url, CHAT, CHAT.body('made-up-name'))
    expect(await recordOf(gateway.url, unknown)).toMatchObject({ status: 404, model: null })
    openai.script({ text: 'the beginning ', delayBetweenMs: 15, cutAfter: 2 })
    const cut = await post(gateway.url, CHAT, CHAT.body('gpt-4o', { stream: true }))
    await cut.text()
    expect(await recordOf(gateway.url, cut)).toMatchObject({
      status: 502,
      usage: { estimated: true },
      attempts: [{ status: 200, outcome: 'broke off' }],
    })
    const headers = { 'x-dragoman-strict': 'true' }
    const strict = await post(gateway.url, CHAT, CHAT.body(ANTHROPIC.model, { seed: 5 }), { headers })
    expect(await recordOf(gateway.url, strict)).toMatchObject({ status: 400, attempts: [], error: expect.stringContaining('seed') })
  })
})

describe('lists', () => {
  test('are filtered and paged, newest first, each row once', async () => {
    for (let index = 0; index < 7; index++) {
      await (await post(gateway.url, CHAT, CHAT.body('gpt-4.1'), { key: OTHER_KEY })).text()
    }
    openai.script({ status: 429 })
    await (await post(gateway.url, CHAT, CHAT.body('gpt-limited'), { key: OTHER_KEY })).text()
    const all = (await adminList(gateway.url, '/admin/requests?key=config:other')).data
    expect(all).toHaveLength(8)
    expect(all.map(({ at }) => String(at))).toEqual(
      all
        .map(({ at }) => String(at))
        .toSorted()
        .reverse(),
    )
    expect((await adminList(gateway.url, '/admin/requests?key=config:other&model=gpt-4.1')).data).toHaveLength(7)
    expect((await adminList(gateway.url, '/admin/requests?key=config:other&status=429')).data).toHaveLength(1)
    expect((await adminList(gateway.url, '/admin/requests?key=config:other&provider=anthropic')).data).toHaveLength(0)
    const paged: Json[] = []
    let next: string | null = ''
    while (next !== null) {
      const page = await adminList(gateway.url, `/admin/requests?key=config:other&limit=3${next && `&cursor=${encodeURIComponent(next)}`}`)
      expect(page.data.length).toBeLessThanOrEqual(3)
      paged.push(...page.data)
      next = page.next
    }
    expect(paged).toEqual(all)
  })

  test('of usage are grouped, and add up', async () => {
    const rows = async (query: string) => (await adminList(gateway.url, `/admin/usage?${query}`)).data
    const [whole] = await rows('group_by=')
    const byKey = await rows('group_by=key')
    expect(byKey.map(({ key }) => key)).toEqual(expect.arrayContaining(['config:e2e', 'config:other']))
    expect(byKey.find(({ key }) => key === 'config:other')).toMatchObject({ key_name: 'other', requests: 8, errors: 1 })
    for (const grouping of ['key', 'model', 'provider', 'day', 'key,model,provider,day']) {
      const grouped = await rows(`group_by=${grouping}`)
      for (const field of ['requests', 'errors', 'input_tokens', 'output_tokens', 'cached_tokens', 'reasoning_tokens']) {
        expect(
          grouped.reduce((sum, row) => sum + Number(row[field]), 0),
          `${grouping} ${field}`,
        ).toBe(Number(whole?.[field]))
      }
    }
    const byName = await adminList(gateway.url, '/admin/requests?key=other&limit=1000')
    expect(byName.data.map(({ key }) => key)).toEqual(Array.from({ length: 8 }, () => 'config:other'))
    const today = new Date().toISOString().slice(0, 10)
    expect((await rows('group_by=day')).at(-1)).toMatchObject({ day: today })
    expect(await rows('group_by=model&from=2001-01-01&to=2001-01-02')).toEqual([])
    const count = (await adminList(gateway.url, '/admin/requests?limit=1000')).data.length
    expect(whole?.requests).toBe(count)
  })
})

test('a record that was written outlives a kill -9', async () => {
  const folder = newFolder()
  const config = { providers: [OPENAI.provider(openai)] }
  const first = await startGateway({ config, folder })
  let second: RunningGateway | undefined
  try {
    const ids: string[] = []
    for (const route of [CHAT, MESSAGES, CHAT, MESSAGES]) {
      const response = await post(first.url, route, route.body('gpt-4o'))
      await response.text()
      ids.push(String(response.headers.get('x-request-id')))
    }
    const written = (): number => {
      const database = new Database(join(first.dataDir, 'dragoman.db'), { readonly: true })
      try {
        return database.query<{ count: number }, []>('select count(*) as count from requests').get()?.count ?? 0
      } finally {
        database.close()
      }
    }
    await eventually('the rows are written', () => written() === ids.length, 1000)
    first.signal('SIGKILL')
    await first.exited
    second = await startGateway({ config, folder })
    const { data } = await adminList(second.url, '/admin/requests')
    expect(data.map(({ id }) => String(id)).sort()).toEqual(ids.sort())
    expect((await adminList(second.url, '/admin/usage?group_by=')).data[0]).toMatchObject({ requests: ids.length })
  } finally {
    await first.stop()
    await second?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a record is there for every request, although SIGTERM follows its answer at once', async () => {
  const folder = newFolder()
  const running = await startGateway({ config: { providers: [OPENAI.provider(openai)] }, folder })
  try {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const route = index % 2 === 0 ? CHAT : MESSAGES
        const response = await post(running.url, route, route.body('gpt-4o', { stream: index % 3 === 0 }))
        await response.text()
        return String(response.headers.get('x-request-id'))
      }),
    )
    running.signal('SIGTERM')
    expect(await running.exited).toBe(0)
    const database = new Database(join(running.dataDir, 'dragoman.db'), { readonly: true })
    const ids = database.query<{ id: string }, []>('select id from requests').all()
    database.close()
    expect(ids.map(({ id }) => id).sort()).toEqual(answers.sort())
  } finally {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a count of tokens that is refused leaves a line in the log', async () => {
  const body = { model: 'no-such-model', messages: [{ role: 'user', content: 'Hi' }] }
  const response = await post(gateway.url, { ...MESSAGES, path: `${MESSAGES.path}/count_tokens` }, body)
  expect(response.status).toBe(404)
  const id = response.headers.get('x-request-id')
  await eventually('the line is there', () => gateway.log().some(line => line.request_id === id && line.status === 404))
})
