import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Simulator } from '../simulators/simulator.ts'
import { admin } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, type ClientRoute, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC, LONG_TEXT, OPENAI, stalled } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

const UPSTREAM_KEY = 'sk-canary-upstream-6f00d1c2b3a4'
const OTHER_KEY = 'sk-canary-second-1d2c3b4a5f6e'
const HEADER = 'canary-header-of-provider-3344'
const COOKIE = 'session=canary-cookie-5566'
const JWT = `eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.${'canary'.repeat(4)}`
const BEARER = 'canary.bearer-in-a-prompt-9911'

const SECRETS = [CLIENT_KEY, UPSTREAM_KEY, OTHER_KEY, HEADER, COOKIE, JWT, BEARER]

let first: Simulator
let second: Simulator
let gateway: RunningGateway

const config = () => ({
  debug_log: true,
  routing_headers: true,
  providers: [
    OPENAI.provider(first, { name: 'first', api_key: UPSTREAM_KEY, models: ['gpt-4o'], priority: 1, headers: { 'x-own': HEADER } }),
    ANTHROPIC.provider(second, {
      name: 'second',
      api_key: OTHER_KEY,
      models: [ANTHROPIC.model],
      priority: 2,
    }),
  ],
  models: {
    both: {
      targets: [
        { provider: 'first', model: 'gpt-4o' },
        { provider: 'second', model: ANTHROPIC.model },
      ],
    },
  },
})

beforeEach(() => {
  first = OPENAI.start({ keys: [UPSTREAM_KEY] })
  second = ANTHROPIC.start({ keys: [OTHER_KEY] })
})
afterEach(async () => {
  await gateway.stop()
  await Promise.all([first.close(), second.close()])
})

const folder = () => join(gateway.dataDir, 'debug')
const names = () => (existsSync(folder()) ? readdirSync(folder()).sort() : [])

/** The file of an answer, when it has been written. */
async function fileOf(response: Response): Promise<string> {
  const id = response.headers.get('x-request-id') ?? 'no id'
  const name = await eventually(`a debugging file of ${id}`, () => names().find(one => one.includes(id)))
  const path = join(folder(), name)
  const text = await eventually('it is whole', () => {
    const found = readFileSync(path, 'utf8')
    return found.includes('===== answer to the client') && found
  })
  for (const secret of SECRETS) expect(text.includes(secret), secret).toBe(false)
  if (process.platform !== 'win32') expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
  return text
}

const bodyFor = (route: ClientRoute, stream: boolean) =>
  route.body('both', {
    stream,
    messages: [{ role: 'user', content: `Use ${JWT} and Authorization: Bearer ${BEARER}, and my key ${CLIENT_KEY}` }],
  })

const headings = (text: string): string[] => [...text.matchAll(/^===== (.*?)(?:, after \d+ ms)? =====$/gm)].map(match => match[1] ?? '')

describe('DEBUG_LOG', () => {
  const pairs = CLIENT_ROUTES.flatMap(route => [true, false].map(stream => [route.name, stream, route] as const))

  test.each(pairs)('%s, stream %p: the request, both upstreams and the answer, without secrets', async (_, stream, route) => {
    gateway = await startGateway({ config: { ...config(), debug_log: undefined }, env: { DEBUG_LOG: 'true' } })
    first.script({ status: 500, message: `It broke with ${UPSTREAM_KEY}` })
    second.script({ text: ['said ', 'by the ', 'second'] })
    const response = await post(gateway.url, route, bodyFor(route, stream), { headers: { cookie: COOKIE, 'x-shown': 'shown' } })
    expect((await expectAnswer(response.clone() as Response, route)).text).toBe('said by the second')
    const text = await fileOf(response)
    expect(headings(text)).toEqual([
      'client request',
      "upstream request 1: first, account 'first-1', model 'gpt-4o'",
      'upstream answer 1: 500',
      `upstream request 2: second, account 'second-1', model '${ANTHROPIC.model}'`,
      'upstream answer 2: 200',
      'answer to the client: 200',
    ])
    expect(text).toContain(`POST ${route.path}\n`)
    expect(text).toContain('x-shown: shown\n')
    expect(text).toContain('cookie: …5566\n')
    expect(text).toContain(`POST ${first.url}/chat/completions\n`)
    expect(text).toContain('It broke with …b3a4')
    expect(text).toContain(`POST ${second.url}/v1/messages\n`)
    expect(text).toContain('x-api-key: …5f6e\n')
    const answer = text.slice(text.indexOf('===== answer to the client'))
    expect(answer).toContain(await response.text())
    expect(gateway.output()).toContain('debug files are written')
    for (const secret of [BEARER, JWT]) expect(gateway.output()).not.toContain(secret)
  })

  test('tells of errors: of ours, of upstreams, of bodies that are none, of streams that break, and of clients that leave', async () => {
    gateway = await startGateway({ config: config() })
    const unknown = await post(gateway.url, CHAT, CHAT.body('unknown-model'))
    await expectError(unknown.clone() as Response, CHAT, 404)
    expect(await fileOf(unknown)).toMatch(/answer to the client: 404, after.*===== error =====\nmodel-not-found: /s)

    first.script({ status: 400, message: 'the upstream refuses this' })
    const refused = await post(gateway.url, CHAT, CHAT.body('gpt-4o'))
    await expectError(refused.clone() as Response, CHAT, 400)
    expect(await fileOf(refused)).toMatch(/upstream answer 1: 400.*the upstream refuses this.*answer to the client: 400/s)

    const broken = await post(gateway.url, MESSAGES, '{"model":')
    await expectError(broken.clone() as Response, MESSAGES, 400)
    expect(await fileOf(broken)).toContain('[the body was not read, or refused before it was whole]\n\n===== answer to the client: 400')

    first.script({ text: LONG_TEXT, resetAfter: 5 })
    const cut = await post(gateway.url, CHAT, CHAT.body('gpt-4o', { stream: true }))
    await cut.clone().text()
    expect(await fileOf(cut)).toMatch(
      /upstream answer 1: 200.*"one ".*\n\[[^\n]+\]\n.*answer to the client: 200.*"one ".*===== error =====\n/s,
    )

    const leaving = new AbortController()
    first.script(stalled(OPENAI))
    const left = await post(gateway.url, CHAT, CHAT.body('gpt-4o', { stream: true }), { signal: leaving.signal })
    await left.body?.getReader().read()
    leaving.abort()
    expect(await fileOf(left)).toMatch(/===== error =====\ncancelled: the client left/)

    const stranger = await post(gateway.url, CHAT, CHAT.body('gpt-4o'), { key: 'sk-nobody-1234567890' })
    await expectError(stranger, CHAT, 401)
    await fileOf(await post(gateway.url, CHAT, CHAT.body('gpt-4o')))
    expect(names()).toHaveLength(6)
  })

  test('tells of token counts and embeddings too', async () => {
    gateway = await startGateway({ config: config() })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` }
    const ask = (path: string, body: object) => fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    const counted = await ask('/v1/messages/count_tokens', MESSAGES.body(ANTHROPIC.model, { max_tokens: undefined }))
    const count = await fileOf(counted)
    expect(headings(count)).toHaveLength(4)
    expect(count).toContain(`POST ${second.url}/v1/messages/count_tokens\n`)
    const embedded = await ask('/v1/embeddings', { model: 'gpt-4o', input: 'words to embed' })
    expect(await fileOf(embedded)).toMatch(/POST \/v1\/embeddings\n.*words to embed.*answer to the client: /s)
  })

  test('is switched by a reload, and keeps log_file_limit files', async () => {
    gateway = await startGateway({ config: { ...config(), debug_log: false } })
    await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
    const apply = async (more: object) => {
      gateway.writeConfig({ ...config(), ...more })
      const { warnings } = (await (await admin(gateway.url, '/admin/reload', { method: 'POST' })).json()) as { warnings: string[] }
      expect(warnings).toEqual([])
    }
    await apply({ log_file_limit: 3 })
    expect(names()).toEqual([])
    const answers: Response[] = []
    for (let number = 0; number < 5; number++) {
      const response = await post(gateway.url, CHAT, CHAT.body('gpt-4o'))
      await fileOf(response)
      answers.push(response)
    }
    const ids = answers.map(response => response.headers.get('x-request-id') ?? '')
    expect(names().map(name => /req_\w+/.exec(name)?.[0])).toEqual(ids.slice(2))
    const before = names()
    for (const more of [{ log_file_limit: 0 }, { debug_log: false }]) {
      await apply(more)
      await expectAnswer(await post(gateway.url, CHAT, CHAT.body('gpt-4o')), CHAT)
    }
    await gateway.signal('SIGTERM')
    await gateway.exited
    expect(names()).toEqual(before)
  })

  test('cuts what is longer than a megabyte, and leaves the answer as it is', async () => {
    gateway = await startGateway({ config: config() })
    const long = 'a long word, '.repeat(200_000)
    first.script({ text: long })
    const response = await post(gateway.url, CHAT, CHAT.body('gpt-4o', { messages: [{ role: 'user', content: long }] }))
    expect((await expectAnswer(response.clone() as Response, CHAT)).text).toBe(long)
    const text = await fileOf(response)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_000_000)
    expect(text.match(/bytes are cut here/g)).toHaveLength(4)
    expect(headings(text)).toHaveLength(4)
  })

  test('has the last requests written when the server stops', async () => {
    gateway = await startGateway({ config: config() })
    const response = await post(gateway.url, CHAT, CHAT.body('gpt-4o'))
    await expectAnswer(response.clone() as Response, CHAT)
    gateway.signal('SIGTERM')
    await gateway.exited
    expect(names()).toHaveLength(1)
    expect(await fileOf(response)).toContain('answer to the client: 200')
  })
})
