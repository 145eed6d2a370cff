import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../checkers/json.ts'
import type { Answer } from '../simulators/answer.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { admin } from './support/admin.ts'
import { CLIENT_ROUTES, type ClientRoute, post } from './support/client-routes.ts'
import { ADMIN_KEY, CLIENT_KEY, newFolder, type RunningGateway, run, startGateway } from './support/gateway.ts'
import { UPSTREAM_KINDS, type UpstreamKind } from './support/upstreams.ts'

/** What must turn up nowhere. */
const PROMPT = 'canary-prompt-2f1d8c'
const SYSTEM = 'canary-system-77aa01'
const TOOL = 'canary-tool-argument-90b3ce'
const ANSWER = 'canary-answer-c0ffee'
const REASONING = 'canary-reasoning-51e9d2'
const FAULT = 'canary-upstream-body-1badb0'
const UPSTREAM_KEY = 'sk-canary-upstream-6f00d1c2b3a4'
const HEADER = 'canary-header-of-provider-3344'
const WRONG_KEY = 'sk-canary-wrong-key-8a7b6c5d'

const upstreams = new Map<UpstreamKind, Simulator>()
let gateway: RunningGateway
let storedKey = ''
/** Everything that clients and admins were told. */
let told = ''
const folder = newFolder()
/** What lies in the data dir, before the server stops and after. */
const files: Record<string, string> = {}
const readFiles = (when: string): void => {
  for (const name of readdirSync(gateway.dataDir)) files[`${name} ${when}`] = readFileSync(join(gateway.dataDir, name), 'latin1')
}

const body = (kind: UpstreamKind, route: ClientRoute, stream: boolean): Json => {
  const content = `${PROMPT} use tool`
  const schema = { type: 'object', properties: { x: { type: 'string' } } }
  return route.body(kind.model, {
    stream,
    messages:
      route.name === 'openai'
        ? [
            { role: 'system', content: SYSTEM },
            { role: 'user', content },
          ]
        : [{ role: 'user', content }],
    ...(route.name === 'openai'
      ? { tools: [{ type: 'function', function: { name: 'look', parameters: schema } }] }
      : { system: SYSTEM, tools: [{ name: 'look', input_schema: schema }] }),
  })
}

const FAULTS: Answer[] = [
  { text: ANSWER, toolCalls: [{ name: 'look', arguments: `{"x":"${TOOL}"}` }] },
  { reasoning: REASONING, text: ANSWER },
  { text: [ANSWER, ANSWER, ANSWER], delayBetweenMs: 10, cutAfter: 4 },
  { text: [ANSWER, ANSWER, ANSWER], delayBetweenMs: 10, resetAfter: 5 },
  { text: ANSWER, streamError: { type: 'api_error', message: `It broke at http://internal.example.com/x?key=${UPSTREAM_KEY}` } },
  { status: 500, body: `<html><body>${FAULT} ${UPSTREAM_KEY} at /srv/app.js:1</body></html>`, contentType: 'text/html' },
  { status: 401, message: `Incorrect API key provided: ${UPSTREAM_KEY}` },
  { body: `not JSON ${FAULT}` },
  { garbage: true },
  { closeBeforeHeaders: true },
]

beforeAll(async () => {
  for (const kind of UPSTREAM_KINDS) upstreams.set(kind, startWithKey(kind))
  gateway = await startGateway({
    folder,
    config: {
      log_level: 'debug',
      timeouts: { first_byte: '300ms' },
      // Many of the same, so that there is always one whose account is not cooling down.
      providers: FAULTS.flatMap((_, index) =>
        [...upstreams].map(([kind, simulator]) =>
          kind.provider(simulator, { name: `${kind.name} ${index}`, priority: index, models: [kind.model], headers: { 'x-own': HEADER } }),
        ),
      ),
    },
  })
  const created = await run(['keys', 'create', '--name', 'stored', '--data-dir', gateway.dataDir], { cwd: gateway.folder })
  storedKey = created.stdout.trim()
  for (const answer of FAULTS) {
    for (const [kind, simulator] of upstreams) {
      for (const route of CLIENT_ROUTES) {
        for (const stream of [true, false]) {
          simulator.script(answer)
          const response = await post(gateway.url, route, body(kind, route, stream), { key: storedKey })
          const text = await response.text()
          // A legal frame of the same dialect goes through as it is, an error of the upstream's own too.
          if (!answer.streamError || route.name !== kind.name) told += `${JSON.stringify([...response.headers])}${text}\n`
        }
      }
    }
  }
  for (const route of CLIENT_ROUTES) {
    for (const key of [null, WRONG_KEY, ADMIN_KEY])
      told += await (await post(gateway.url, route, body([...upstreams.keys()][0] as UpstreamKind, route, false), { key })).text()
    told += await (await post(gateway.url, route, `{"messages":"${PROMPT}`)).text()
    told += await (await fetch(`${gateway.url}${route.path}?key=${WRONG_KEY}`, { method: 'POST' })).text()
  }
  for (const path of [
    '/admin/requests?limit=1000',
    '/admin/usage?group_by=key,model,provider',
    '/admin/config',
    '/admin/accounts',
    '/admin/stats',
    '/config',
    '/stats',
  ]) {
    told += await (await admin(gateway.url, path)).text()
  }
  for (const path of ['/health', '/health/ready', '/swagger/json']) told += await (await fetch(gateway.url + path)).text()
  readFiles('while it runs')
  await gateway.stop()
  readFiles('afterwards')
}, 30_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await Promise.all([...upstreams.values()].map(simulator => simulator.close()))
})

const startWithKey = (kind: UpstreamKind): Simulator => kind.start({ keys: [UPSTREAM_KEY] })

/** A secret as it stands, encoded, and most of it. */
const forms = (secret: string): string[] => [
  secret,
  secret.slice(0, -4),
  secret.slice(5),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
]

/** Where `pattern` stands in `text`, with what is around it; empty where it does not. */
function found(text: string, pattern: string | RegExp): string {
  const at = typeof pattern === 'string' ? text.indexOf(pattern) : text.search(pattern)
  return at === -1 ? '' : text.slice(Math.max(0, at - 200), at + 100)
}

const SECRETS: Record<string, () => string> = {
  'the client key': () => storedKey,
  "the config's client key": () => CLIENT_KEY,
  'the admin key': () => ADMIN_KEY,
  'a wrong key': () => WRONG_KEY,
  "the upstream's key": () => UPSTREAM_KEY,
  "a provider's header": () => HEADER,
}

const SAID = { PROMPT, SYSTEM, TOOL, ANSWER, REASONING, FAULT }

describe('neither the output', () => {
  test.each([...Object.entries(SECRETS), ...Object.entries(SAID).map(([name, text]) => [name, () => text] as const)])(
    'holds %s',
    (_, secret) => {
      for (const form of forms(secret())) expect(found(gateway.output(), form)).toBe('')
    },
  )

  test('is anything but one JSON object a line, one for every request', () => {
    const lines = gateway
      .output()
      .split('\n')
      .filter(line => line !== '' && !/^(Dragoman| {2})/.test(line))
    for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow()
    const requests = gateway.log().filter(({ route, status }) => route !== undefined && status !== undefined)
    const ids = new Set(requests.map(({ request_id }) => request_id))
    expect(requests.length).toBe(ids.size)
    expect(requests.length).toBeGreaterThanOrEqual(FAULTS.length * 8 + 10)
    const served = requests.find(({ status, stream }) => status === 200 && stream === true)
    expect(served).toMatchObject({
      level: 'info',
      time: expect.any(String),
      msg: 'request',
      key: 'stored',
      model: expect.any(String),
      provider: expect.any(String),
      latency_ms: expect.any(Number),
      first_token_ms: expect.any(Number),
      input_tokens: expect.any(Number),
      output_tokens: expect.any(Number),
      attempts: expect.any(Number),
    })
  })
})

describe('nor a file of the data dir', () => {
  test.each([...Object.entries(SECRETS), ...Object.entries(SAID).map(([name, text]) => [name, () => text] as const)])(
    'holds %s',
    (_, secret) => {
      expect(Object.keys(files).length).toBeGreaterThan(1)
      for (const [name, text] of Object.entries(files)) for (const form of forms(secret())) expect(text.includes(form), name).toBe(false)
    },
  )
})

describe('nor what clients and admins are told', () => {
  test.each(Object.entries(SECRETS))('holds %s', (_, secret) => {
    for (const form of forms(secret())) expect(found(told, form)).toBe('')
  })

  test('is empty: they were told what broke', () => {
    for (const words of ['It broke', 'without an answer', 'refused our credentials', 'is not JSON', ANSWER]) expect(told).toContain(words)
  })

  test('holds markup, paths or addresses of upstreams', () => {
    for (const { url } of upstreams.values()) expect(found(told.replace(/"base_url":"[^"]*"/g, ''), new URL(url).host)).toBe('')
    expect(found(told, /<html|internal\.example|app\.js|node_modules|\/\$bunfs/i)).toBe('')
    expect(found(told, FAULT)).toBe('')
  })
})
