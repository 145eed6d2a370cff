import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import { adminList, recordOf } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, expectAnswer, MESSAGES, post } from './support/client-routes.ts'
import { byJwt, byRefresh, type JetbrainsStage, startJetbrainsStage } from './support/jetbrains.ts'
import { eventually } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const MODEL = 'google-chat-gemini-pro-2.5'

describe('checks in the background', () => {
  let stage: JetbrainsStage
  beforeAll(async () => {
    stage = await startJetbrainsStage({
      accounts: ['STEADY', 'EMPTY', 'FAILING', 'REVOKED', 'UNKNOWN'].map(licenseId => ({
        licenseId,
        ...(licenseId === 'UNKNOWN' && { quota: { form: 'none' as const } }),
      })),
      entry: account => (account.licenseId === 'REVOKED' ? byRefresh(account) : byJwt(account)),
      config: { health_check_interval: '300ms' },
    })
  })
  afterAll(() => stage.stop())

  const healthy = async (): Promise<Json> => (await (await fetch(`${stage.gateway.url}/health`)).json()) as Json
  const counts = (healthy_tokens: number) =>
    eventually(`${healthy_tokens} are healthy`, async () => (await healthy()).healthy_tokens === healthy_tokens)
  const lines = (account: string) =>
    stage.gateway.log().filter(line => line.account === account && String(line.msg).startsWith('account is'))

  /** One line for each change, and no more. */
  async function told(account: string, ...states: string[]): Promise<void> {
    await eventually('the log tells of it', () => lines(account).length >= states.length)
    expect(lines(account).map(({ state }) => state)).toEqual(states)
  }

  test('a quota that is used up takes an account out, and one that is renewed brings it back, without a request', async () => {
    await counts(5)
    expect(await healthy()).toMatchObject({ status: 'ok', total_tokens: 5 })
    stage.account('EMPTY').exhaust()
    await counts(4)
    expect(await healthy()).toMatchObject({ status: 'degraded' })
    stage.account('EMPTY').refill()
    await counts(5)
    await told('empty', 'exhausted', 'active')
  })

  test('an account whose checks fail is out after the second, and back with the first that succeeds', async () => {
    const fault = { status: 500, forKey: 'FAILING' }
    stage.sim.scriptQuota(fault)
    await eventually('one check has failed', () => asked('FAILING', 'quota') > 0 && stage.gateway.output() !== '')
    stage.sim.scriptQuota(fault, fault, fault)
    await counts(4)
    await counts(5)
    await told('failing', 'cooling_down', 'active')
    expect(lines('failing')[0]?.msg).toContain('500')
  })

  test('a sign-in that was revoked is found out, and no checks bring it back', async () => {
    stage.account('REVOKED').revoke()
    await counts(4)
    await told('revoked', 'needs_sign_in')
  })

  test('a licence that was suspended is told by a request; only the operator brings it back', async () => {
    stage.account('FAILING').suspend()
    for (let at = 0; at < 6; at++) await expectAnswer(await post(stage.gateway.url, CHAT, CHAT.body(MODEL)), CHAT)
    await counts(3)
    stage.account('FAILING').reinstate()
    const before = stage.sim.counts.quota
    await eventually('two more rounds of checks', () => stage.sim.counts.quota > before + 5)
    expect(await healthy()).toMatchObject({ healthy_tokens: 3 })
    await told('failing', 'cooling_down', 'active', 'suspended')
    expect(lines('failing').at(-1)).toMatchObject({ state: 'suspended', msg: expect.stringContaining('suspended') })
  })

  test('none of it cost anything', () => {
    expect(stage.sim.counts.chat).toBeLessThanOrEqual(7)
    expect(asked('EMPTY', 'generate') + asked('STEADY', 'generate')).toBeGreaterThan(0)
    expect(lines('unknown')).toEqual([])
    expect(lines('steady')).toEqual([])
  })

  const asked = (licence: string, route: string): number =>
    stage.sim.requestsOf(stage.account(licence)).filter(request => request.route === route).length
})

describe('quotas', () => {
  let stage: JetbrainsStage
  beforeAll(async () => {
    stage = await startJetbrainsStage({
      accounts: [{ licenseId: 'ONE', quota: { maximum: 1_000_000, topUp: 500 } }],
      jetbrains: { native: false },
    })
  })
  afterAll(() => stage.stop())

  const account = async (): Promise<Json> => {
    const { data } = await adminList(stage.gateway.url, '/admin/accounts')
    return data.find(({ label }) => label === 'one') ?? {}
  }

  test('are read at the start, and told by each answer', async () => {
    await eventually('the quota is known', async () => (await account()).quota)
    expect(await account()).toMatchObject({
      provider: 'jetbrains',
      kind: 'static_jwt',
      state: 'active',
      quota: { used: 0, limit: 1_000_000 },
    })
    stage.sim.script({ spent: 1234.5 })
    await expectAnswer(await post(stage.gateway.url, CHAT, CHAT.body(MODEL)), CHAT)
    expect(await account()).toMatchObject({ quota: { used: 1234.5, limit: 1_000_000, resets_at: expect.stringMatching(/Z$/) }, served: 1 })
  })

  test.each(CLIENT_ROUTES)('$name: usage is counted here, says so, and stands beside what JetBrains says was spent', async route => {
    for (const stream of [true, false]) {
      stage.sim.script({ text: ['one two three four five six seven'], spent: 77.25 })
      const include = route === CHAT && stream ? { stream_options: { include_usage: true } } : {}
      const response = await post(stage.gateway.url, route, route.body(MODEL, { stream, ...include }))
      const text = await response.clone().text()
      const counted = [...text.matchAll(/"(?:completion|output)_tokens":(\d+)/g)].map(match => Number(match[1]))
      const read = [...text.matchAll(/"(?:prompt|input)_tokens":(\d+)/g)].map(match => Number(match[1]))
      expect(counted.at(-1), text).toBeGreaterThan(4)
      expect(read[0], text).toBeGreaterThan(1)
      expect(response.headers.get('x-dragoman-notes')).toContain('usage:estimated')
      const { usage } = await recordOf(stage.gateway.url, response)
      expect(usage).toMatchObject({ estimated: true, output_tokens: counted.at(-1) })
      expect(JSON.stringify(usage)).toContain('77.25')
    }
  })

  test('a top-up is used when the tariff is', async () => {
    const one = stage.account('ONE')
    one.quota.spend(1_000_000 - one.used)
    await expectAnswer(await post(stage.gateway.url, MESSAGES, MESSAGES.body(MODEL)), MESSAGES)
    expect(await account()).toMatchObject({ state: 'active' })
    one.exhaust()
    expect((await post(stage.gateway.url, MESSAGES, MESSAGES.body(MODEL))).status).toBeGreaterThanOrEqual(429)
    const { state, until } = await account()
    expect(state).toBe('exhausted')
    // Its own reset, not a guess.
    expect(Math.abs(Date.parse(String(until)) - one.quota.until)).toBeLessThan(2000)
  })
})
