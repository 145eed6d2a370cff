import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import type { FaultName } from '../simulators/qwen/faults.ts'
import { admin } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, type ClientRoute, expectError, post } from './support/client-routes.ts'
import { chatsOf, type QwenStage, startQwenStage } from './support/qwen.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

const MODEL = 'coder-model'
const USERS = ['ann', 'bob'] as const
const LABELS = ['qwen-1', 'bob'] as const

/** A row of the catalogue (qwen.md §3.2), and what becomes of it. */
interface Row {
  fault: FaultName
  status: number
  openai: { type: string; code: string | null; param?: string }
  anthropic: string
  says: RegExp
  /** How often it is asked where both accounts fail so: once where the request is to blame. */
  asked: number
  retryAfter?: string
  /** Of the accounts afterwards. */
  state: string
  reason?: RegExp
  until?: (now: number) => number
  /** An OpenAI client gets Qwen's words to the byte, with the members that only Qwen has. */
  verbatim?: boolean
}

const BAD = 'invalid_request_error'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The next midnight in Beijing; with `weekday` that before the given day of the week (Sunday: 0). */
function midnight(now: number, weekday?: number): number {
  let next = Math.ceil((now + 8 * HOUR) / DAY) * DAY
  while (weekday !== undefined && new Date(next).getUTCDay() !== weekday) next += DAY
  return next - 8 * HOUR
}

const refused = (fault: FaultName, says: RegExp, openai: Row['openai'], status = 400, anthropic = BAD): Row => ({
  ...{ fault, says, openai, status, anthropic, asked: 1, state: 'active' },
})
const throttled = (fault: FaultName, says: RegExp): Row => ({
  ...{ fault, says, status: 429, asked: 2, retryAfter: '60', state: 'active' },
  openai: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  anthropic: 'rate_limit_error',
})
const usedUp = (fault: FaultName, says: RegExp, reason: RegExp, until: (now: number) => number): Row => ({
  ...{ fault, says, reason, until, status: 429, asked: 2, state: 'exhausted' },
  openai: { type: 'insufficient_quota', code: 'insufficient_quota' },
  anthropic: 'rate_limit_error',
})
const unpaid = (fault: FaultName): Row => ({
  ...{ fault, says: /good standing/, status: 402, asked: 2, state: 'exhausted', reason: /bill to pay/ },
  openai: { type: 'insufficient_quota', code: 'insufficient_quota' },
  anthropic: 'billing_error',
})
const timedOut = (fault: FaultName): Row => ({
  ...{ fault, says: /smaller context/, status: 504, asked: 2, state: 'active', anthropic: 'timeout_error' },
  openai: { type: 'api_error', code: 'timeout' },
})
/** What may pass by itself is tried once more. */
const walledOff = (fault: FaultName): Row => ({
  ...{ fault, says: /firewall/, status: 502, asked: 3, state: 'active', anthropic: 'api_error' },
  openai: { type: 'api_error', code: 'bad_gateway' },
})

const ROWS: readonly Row[] = [
  usedUp('free-quota', /Free allocated quota/, /free quota/, now => midnight(now)),
  usedUp('free-quota-403', /Free allocated quota/, /free quota/, now => midnight(now)),
  throttled('token-limit', /exceeded your current quota/),
  throttled('allocation-quota', /Allocated quota exceeded/),
  throttled('rate-quota', /rate limit exceeded/),
  throttled('tpm', /TPM/),
  throttled('bare-429', /429/),
  usedUp('plan-hour', /hour allocated quota/, /hours/, now => now + HOUR),
  usedUp('plan-week', /week allocated quota/, /week/, now => midnight(now, 1)),
  usedUp('plan-month', /month allocated quota/, /month/, now => midnight(now)),
  { ...refused('bad-request', /bad request/, { type: BAD, code: 'invalid_parameter_error' }), verbatim: true },
  refused('input-too-long', /98361\d tokens.*98361\d/, { type: BAD, code: 'context_length_exceeded', param: 'messages' }),
  refused('max-tokens', /Range of max_tokens/, { type: BAD, code: 'invalid_parameter_error', param: 'max_tokens' }),
  refused('inspection', /inappropriate content/, { type: BAD, code: 'content_policy_violation' }),
  refused('unknown-model', /not supported/, { type: BAD, code: 'model_not_found', param: 'model' }, 404, 'not_found_error'),
  { ...refused('wrong-path', /404/, { type: BAD, code: null }, 404, 'not_found_error'), asked: 2 },
  timedOut('timeout-504'),
  timedOut('html-504'),
  unpaid('arrears'),
  unpaid('arrears-403'),
  walledOff('waf-403'),
  walledOff('waf-405'),
]

let stage: QwenStage

beforeAll(async () => {
  stage = await startQwenStage({ users: USERS })
})
afterAll(() => stage.stop())

/** What was held against the accounts is forgotten, so that the next test finds them as the first did. */
beforeEach(async () => {
  for (const label of LABELS)
    expect((await admin(stage.gateway.url, `/admin/accounts/${label}/check`, { method: 'POST' })).status).toBe(200)
})

const ask = (route: ClientRoute, stream: boolean) => post(stage.gateway.url, route, route.body(MODEL, { stream }))

function expectTold(error: Record<string, unknown>, { says, openai, anthropic }: Row, route: ClientRoute): void {
  expect(error.message).toMatch(says)
  expect(String(error.message)).not.toMatch(/\b[ar]t-\w{6}-/)
  if (route.name === 'openai') expect(error).toMatchObject({ param: null, ...openai })
  else expect(error).toMatchObject({ type: anthropic })
}

async function verbatim(answer: Response, status: number): Promise<Json> {
  expect(answer.status).toBe(status)
  const body = (await answer.json()) as { error: Json; request_id: string }
  expect(body.request_id).toBeString()
  return body.error
}

const CALLS = CLIENT_ROUTES.flatMap(route => [false, true].map(stream => ({ route, stream, name: `${route.name}, stream ${stream}` })))

describe.each(CALLS)('$name', ({ route, stream }) => {
  test.each(ROWS)('$fault, with every account: $status', async row => {
    const { fault, status, asked, retryAfter, state, reason, until } = row
    const before = stage.sim.counts.chat
    const now = Date.now()
    const messages = [{ role: 'user', content: `[qwen:${fault}]` }]
    const answer = await post(stage.gateway.url, route, route.body(MODEL, { stream, messages }))
    const error = row.verbatim && route === CHAT ? await verbatim(answer.clone(), status) : await expectError(answer.clone(), route, status)
    expectTold(error, row, route)
    expect(answer.headers.get('retry-after')).toBe(retryAfter ?? null)
    // After a 403 a token is renewed, and tried once more, unless it is fresh.
    if (!fault.endsWith('-403')) expect(stage.sim.counts.chat - before).toBe(asked)
    const accounts = await Promise.all(LABELS.map(stage.account))
    for (const account of asked === 1 ? [] : accounts) {
      expect(account.state).toBe(state)
      if (reason) expect(account.reason).toMatch(reason)
      if (until) expect(Math.abs(Date.parse(String(account.until)) - until(now))).toBeLessThan(5000)
    }
  })
})

describe('one account only', () => {
  test.each(ROWS)('$fault', async row => {
    const { fault, status, asked } = row
    stage.sim.fault(fault, { forKey: 'ann' })
    const bobs = chatsOf(stage, 'bob')
    // Accounts take turns, so that one of the two requests comes to hers first.
    const answers = [await ask(CHAT, false), await ask(CHAT, false)]
    const told = answers.filter(({ status: told }) => told !== 200)
    if (asked === 1) {
      expect(told.map(one => one.status)).toEqual([status])
      expect(chatsOf(stage, 'bob') - bobs).toBe(1)
    } else {
      expect(told).toEqual([])
      expect(answers.map(({ headers }) => headers.get('x-dragoman-attempts')).sort()).toEqual(['1', '2'])
    }
    expect((await stage.account('bob')).state).toBe('active')
  })
})

describe('a throttle', () => {
  test('is over within a minute, or when Qwen says so; until then nobody asks', async () => {
    stage.sim.fault('token-limit', { forKey: 'ann' })
    stage.sim.fault('token-limit', { forKey: 'bob', retryAfter: 7 })
    expect((await ask(CHAT, false)).headers.get('retry-after')).toBe('7')
    const before = stage.sim.counts.chat
    const error = await expectError(await ask(CHAT, true), CHAT, 503)
    const waits = (error.candidates as { account: string; until: string }[]).map(({ account, until }) => ({
      account,
      seconds: Math.round((Date.parse(until) - Date.now()) / 1000),
    }))
    expect(waits.find(({ account }) => account === 'qwen-1')?.seconds).toBeWithin(55, 61)
    expect(waits.find(({ account }) => account === 'bob')?.seconds).toBeWithin(2, 8)
    expect(stage.sim.counts.chat).toBe(before)
  })
})

describe('a long request that runs out of time', () => {
  const LONG = 'word '.repeat(130_000)
  const asking = (route: ClientRoute, stream: boolean) => route.body(MODEL, { stream, messages: [{ role: 'user', content: LONG }] })

  test.each(CALLS)('$name: is a 504 that says what helps, and no other account is tried', async ({ route, stream }) => {
    stage.sim.rules.timeoutAboveTokens = 100_000
    try {
      const before = stage.sim.counts.chat
      const error = await expectError(await post(stage.gateway.url, route, asking(route, stream)), route, 504)
      expect(error.message).toMatch(/smaller context/)
      expect(stage.sim.counts.chat - before).toBe(1)
      for (const label of LABELS) expect((await stage.account(label)).state).toBe('active')
    } finally {
      stage.sim.rules.timeoutAboveTokens = undefined
    }
  })
})

test("a day's free calls: the account waits for midnight in Beijing, the other one goes on", async () => {
  const { used } = stage.user('ann').calls
  stage.sim.rules.callsPerDay = used + 1
  stage.user('bob').calls.exhaust()
  try {
    expect((await ask(CHAT, false)).status).toBe(200)
    const error = await expectError(await ask(CHAT, false), CHAT, 429)
    expect(error.code).toBe('insufficient_quota')
    for (const label of LABELS) {
      const { state, until } = await stage.account(label)
      expect([state, Date.parse(String(until))]).toEqual(['exhausted', midnight(Date.now())])
    }
  } finally {
    stage.sim.rules.callsPerDay = 100_000
  }
})
