import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { CHAT, CLIENT_ROUTES, type ClientRoute, MESSAGES, post } from './support/client-routes.ts'
import { ERROR_ROWS, type ErrorRow } from './support/error-rows.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { UPSTREAM_KINDS, type UpstreamKind } from './support/upstreams.ts'

const STREAMED = [false, true] as const

/** Every case has a provider, a key and a model's name of its own, so that all can be asked at once and none meets another's cool-down. */
const cases = ERROR_ROWS.flatMap((row, number) =>
  UPSTREAM_KINDS.flatMap(kind =>
    CLIENT_ROUTES.flatMap(route =>
      STREAMED.map(stream => ({ row, kind, route, stream, id: `${number}-${kind.name}-${route.name}-${stream ? 'stream' : 'whole'}` })),
    ),
  ),
)
type Case = (typeof cases)[number]

const keyOf = ({ id }: Case): string => `sk-case-${id}`

/** What came back; the body as text. */
interface Got {
  status: number
  headers: Headers
  text: string
}

const upstreams = new Map<UpstreamKind, Simulator>()
const got = new Map<Case, Got>()
let gateway: RunningGateway

async function ask(each: Case): Promise<void> {
  const { route, stream, id } = each
  const response = await post(gateway.url, route, route.body(id, { max_tokens: 256, ...(stream && { stream }) }))
  got.set(each, { status: response.status, headers: response.headers, text: await response.text() })
}

beforeAll(async () => {
  for (const kind of UPSTREAM_KINDS) {
    const own = cases.filter(each => each.kind === kind)
    const simulator = kind.start({ keys: own.map(keyOf), lenient: true })
    upstreams.set(kind, simulator)
    for (const each of own) {
      const answer = { ...each.row.answer[kind.name], forKey: keyOf(each) }
      simulator.script(answer, answer, answer)
    }
  }
  gateway = await startGateway({
    config: {
      providers: cases.map(each =>
        each.kind.provider(
          { url: (upstreams.get(each.kind) as Simulator).url, key: keyOf(each) },
          { name: each.id, models: ['elsewhere'] },
        ),
      ),
      models: Object.fromEntries(cases.map(({ id, kind }) => [id, { targets: [{ provider: id, model: kind.model }] }])),
    },
  })
  await Promise.all(cases.map(ask))
}, 60_000)
afterAll(async () => {
  await gateway.stop()
  await Promise.all([...upstreams.values()].map(simulator => simulator.close()))
})

const requestsOf = (each: Case) => (upstreams.get(each.kind) as Simulator).requests.filter(({ key }) => key === keyOf(each))

/** The error in the client's envelope. A verdict in the upstream's own words is what it was, so only its shape is checked. */
function errorOf({ route, row, kind }: Case, { text }: Got): Json {
  const body = JSON.parse(text) as Json
  const passed = row.verbatim && kind.name === route.name
  return passed ? (body.error as Json) : route.readError(body)
}

const isWrapped = ({ row, kind, route }: Case): boolean => !row.verbatim || kind.name !== route.name

describe.each(ERROR_ROWS.map(row => [row.name, row] as const))('%s', (_, row: ErrorRow) => {
  test.each(
    cases
      .filter(each => each.row === row)
      .map(each => [each.kind.name, each.route.name, each.stream ? 'streamed' : 'whole', each] as const),
  )('of %s for %s, %s', (_kind, _route, _mode, each) => {
    const answer = got.get(each) as Got
    const told = row[each.route.name]
    expect(answer.status, answer.text).toBe(told.status)
    const error = errorOf(each, answer)
    expect(String(error.message)).toMatch(told.says)
    expect(error.type).toBe(told.type)
    if (each.route === CHAT && isWrapped(each) && told.code !== undefined) expect(error.code).toBe(told.code)
    if (each.route === CHAT && told.param !== undefined) expect(error.param).toBe(told.param)
    expect(answer.text).not.toMatch(/<h1>|https?:|sk-|10\.0\.0\.7|inner\.example|org-AbCd|7f8c5ee2/)

    const { headers } = answer
    const id = headers.get('x-request-id')
    expect(id).toStartWith('req_')
    if (each.route === MESSAGES) {
      expect(headers.get('request-id')).toBe(id)
      if (isWrapped(each)) expect(JSON.parse(answer.text)).toMatchObject({ request_id: id })
    }
    expect(headers.get('content-type')).toStartWith('application/json')
    expect(headers.get('retry-after')).toBe(row.retryAfter ?? null)
    if (row.retryAfter && isWrapped(each)) expect(headers.get('retry-after-ms')).toBe(`${row.retryAfter}000`)
    expect(headers.get('x-should-retry')).toBe(row.shouldRetry ?? null)
    for (const name of ['openai-organization', 'anthropic-organization-id', 'set-cookie', 'location']) expect(headers.get(name)).toBeNull()
    if (row.asked) expect(requestsOf(each)).toHaveLength(row.asked)
  })
})

describe('the words', () => {
  const find = (name: string, kind: string, route: ClientRoute): Case =>
    cases.find(each => each.row.name === name && each.kind.name === kind && each.route === route && !each.stream) as Case
  const read = (name: string, kind: string, route: ClientRoute): Json =>
    errorOf(find(name, kind, route), got.get(find(name, kind, route)) as Got)

  test('of a verdict are the upstream’s to the byte for a client of its dialect', () => {
    for (const each of cases.filter(({ row, kind, route }) => row.verbatim && kind.name === route.name)) {
      const { body, message, status } = each.row.answer[each.kind.name]
      const { text } = got.get(each) as Got
      if (body !== undefined) expect(text).toBe(JSON.stringify(body))
      else expect(text).toContain(message ?? `simulated status ${status}`)
    }
  })

  test('for a context that is too long are those that the client looks for', () => {
    expect(read('a context that is too long', 'openai', MESSAGES).message).toBe('prompt is too long: 9000 tokens > 8192 maximum')
    expect(read('input and output that are too long together', 'openai', MESSAGES).message).toStartWith(
      'input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192',
    )
    expect(read('a context that is too long', 'anthropic', CHAT)).toMatchObject({
      message: expect.stringContaining('maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens'),
      code: 'context_length_exceeded',
      param: 'messages',
    })
  })

  test('name the caller’s field, or none', () => {
    expect(read('400 for a field', 'anthropic', CHAT).param).toBe('max_tokens')
    expect(read('400 for thinking, in words that Claude Code acts upon', 'anthropic', CHAT).param).toBeNull()
  })
})

describe('rate limits', () => {
  const headersOf = (kind: string, route: ClientRoute): Headers =>
    (got.get(cases.find(each => each.row.name === '429' && each.kind.name === kind && each.route === route) as Case) as Got).headers

  test('pass within a dialect', () => {
    expect(headersOf('openai', CHAT).get('x-ratelimit-limit-requests')).toBe('10000')
    expect(headersOf('anthropic', MESSAGES).get('anthropic-ratelimit-input-tokens-limit')).toBe('400000')
  })

  test('are translated between dialects', () => {
    const forMessages = headersOf('openai', MESSAGES)
    expect(forMessages.get('anthropic-ratelimit-requests-limit')).toBe('10000')
    expect(forMessages.get('anthropic-ratelimit-tokens-remaining')).toBe('1999000')
    expect(Math.abs(Date.parse(String(forMessages.get('anthropic-ratelimit-tokens-reset'))) - Date.now())).toBeLessThan(60_000)
    expect([...forMessages.keys()].filter(name => name.startsWith('x-ratelimit-'))).toEqual([])
    const forChat = headersOf('anthropic', CHAT)
    expect(forChat.get('x-ratelimit-limit-tokens')).toBe('500000')
    expect(forChat.get('x-ratelimit-reset-requests')).toMatch(/^(\d+m)?[\d.]+m?s$/)
    expect([...forChat.keys()].filter(name => name.startsWith('anthropic-'))).toEqual([])
  })
})
