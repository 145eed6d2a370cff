import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Json, stringOf } from '../checkers/json.ts'
import { answerOf, ask, begin, chatWith, poll, refresh } from './qwen/ask.ts'
import type { FaultName } from './qwen/faults.ts'
import { bodyOf, errorOf, member, type Said } from './qwen/read.ts'
import { type QwenSimulator, startQwen } from './qwen.ts'

const START = Date.UTC(2026, 0, 1, 12)
const HOUR_MS = 3_600_000

let sim: QwenSimulator
beforeEach(() => {
  sim = startQwen({ now: () => START })
})
afterEach(() => sim.close())

const deviceCode = async (): Promise<string> => member(await begin(sim.url), 'device_code')
const chat = async (token: string): Promise<number> => (await ask(`${sim.portalUrl}/chat/completions`, token, chatWith('hi'))).status

describe('the credentials file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qwen-simulator-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is what the CLI writes', async () => {
    const ann = sim.user('ann')
    const file = join(folder, '.qwen', 'oauth_creds.json')
    const written = sim.writeCredentials(file, ann)
    expect(readFileSync(file, 'utf8')).toBe(
      `{\n  "access_token": "${ann.latest.accessToken}",\n  "refresh_token": "${ann.latest.refreshToken}",\n` +
        `  "token_type": "Bearer",\n  "resource_url": "${sim.url}",\n  "expiry_date": ${START + 6 * HOUR_MS}\n}`,
    )
    expect([statSync(file).mode & 0o777, statSync(join(folder, '.qwen')).mode & 0o777]).toEqual([0o600, 0o700])
    expect(await chat(stringOf(written.access_token))).toBe(200)
  })

  test('may be of a sign-in that has run out, and leaves others alone', async () => {
    const ann = sim.user('ann')
    const first = sim.credentials(ann)
    const old = sim.credentials(ann, -1)
    expect(old.expiry_date).toBe(START - 1)
    expect([await chat(stringOf(old.access_token)), await chat(stringOf(first.access_token))]).toEqual([401, 200])
    expect((await refresh(sim.url, stringOf(old.refresh_token)))[0]).toBe(200)
  })
})

describe('golden sequences', () => {
  const routes = (): unknown[] => sim.requests.map(({ route }) => route)

  test('credentials that are refused: chat, refresh, chat', async () => {
    const ann = sim.user('ann')
    const { accessToken, refreshToken } = ann.signIn()
    ann.expireTokens()
    expect(await chat(accessToken)).toBe(401)
    const body = bodyOf(await refresh(sim.url, refreshToken))
    expect(await chat(stringOf(body.access_token))).toBe(200)
    expect(routes()).toEqual(['generate', 'refresh', 'generate'])
  })

  test('credentials that have run out', async () => {
    const { accessToken, refreshToken } = sim.user('ann').signIn()
    sim.clock.advance(6 * HOUR_MS)
    expect(await chat(accessToken)).toBe(401)
    expect(await chat(member(await refresh(sim.url, refreshToken), 'access_token'))).toBe(200)
  })

  test('a revoked sign-in: chat, refresh, the end', async () => {
    const ann = sim.user('ann')
    const { accessToken, refreshToken } = ann.signIn()
    ann.revoke()
    expect([await chat(accessToken), (await refresh(sim.url, refreshToken))[0]]).toEqual([401, 400])
  })

  test('no credentials: polls at 0, 2, 5, 9.5, 14 and 16 seconds', async () => {
    sim.rules.minPollGapMs = 2000
    const code = await deviceCode()
    const polls: [number, FaultName | undefined, number, string | undefined][] = [
      [0, undefined, 400, 'authorization_pending'],
      [2000, 'slow-down', 429, 'slow_down'],
      [3000, 'slow-down', 429, 'slow_down'],
      [4500, 'html-504', 504, undefined],
      [4500, undefined, 400, 'authorization_pending'],
    ]
    for (const [after, fault, status, error] of polls) {
      sim.clock.advance(after)
      if (fault) sim.fault(fault, { on: 'poll' })
      expect(errorOf(await poll(sim.url, code))).toEqual([status, error])
    }
    sim.approve()
    sim.clock.advance(2000)
    expect(await chat(member(await poll(sim.url, code), 'access_token'))).toBe(200)
    expect(routes()).toEqual(['device', 'poll', 'poll', 'poll', 'poll', 'poll', 'poll', 'generate'])
  })

  test('throttled three times, timed out twice', async () => {
    const { accessToken } = sim.user('ann').signIn()
    sim.fault('token-limit', { times: 3 })
    sim.fault('timeout-504', { times: 2 })
    const statuses: number[] = []
    for (const _ of Array(6)) statuses.push(await chat(accessToken))
    expect(statuses).toEqual([429, 429, 429, 504, 504, 200])
  })

  test('after the end of the free tier: signing in works, chats do not', async () => {
    sim.rules.mode = 'discontinued'
    const code = await deviceCode()
    sim.approve()
    const tokens = await poll(sim.url, code)
    const renewed = await refresh(sim.url, member(tokens, 'refresh_token'))
    expect([await chat(member(tokens, 'access_token')), await chat(member(renewed, 'access_token'))]).toEqual([401, 401])
    const key = sim.apiKey()
    const body = { model: 'qwen-plus', messages: [{ role: 'user', content: 'hi' }] }
    expect((await ask(`${sim.compatibleUrl}/chat/completions`, key.key, body)).status).toBe(200)
  })
})

describe('the page and the controls over HTTP', () => {
  const control = async (path: string, body: Json): Promise<Said> => answerOf(await ask(`${sim.url}/__sim/${path}`, '', body))

  test('the page needs both members, and its buttons decide', async () => {
    const code = await deviceCode()
    const incomplete = await fetch(`${sim.url}/authorize?user_code=X`)
    expect([incomplete.status, await incomplete.text()]).toEqual([400, expect.stringContaining('user_code or client is null')])
    const page = await (await fetch(`${sim.url}/authorize?user_code=${sim.codes[0]?.userCode}&client=%3Cb%3E`)).text()
    expect(page).toContain('action="/__sim/approve"')
    expect(page).not.toContain('<b>')
    const field = /name="user_code" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const done = await fetch(`${sim.url}/__sim/approve`, { method: 'POST', body: new URLSearchParams({ user_code: field }) })
    expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('Done')])
    expect((await poll(sim.url, code))[0]).toBe(200)
  })

  test('deny, expire, clock, faults and recorded requests', async () => {
    const denied = await deviceCode()
    await control('deny', {})
    const expired = await deviceCode()
    await control('expire', { user_code: sim.codes[1]?.userCode })
    expect([errorOf(await poll(sim.url, denied))[1], errorOf(await poll(sim.url, expired))[1]]).toEqual(['access_denied', 'expired_token'])
    const late = await deviceCode()
    await control('clock', { advance_ms: 900_000 })
    expect(errorOf(await poll(sim.url, late))[1]).toBe('expired_token')
    await control('clock', { set_ms: START })
    const { accessToken } = sim.user('ann').signIn()
    await control('faults', { fault: 'allocation-quota', times: 2, retry_after: 9, for: 'ann', on: 'generate' })
    const limited = await ask(`${sim.portalUrl}/chat/completions`, accessToken, chatWith('hi'))
    expect([limited.status, limited.headers.get('retry-after'), await chat(accessToken), await chat(accessToken)]).toEqual([
      429,
      '9',
      429,
      200,
    ])
    const seen: unknown = await (await fetch(`${sim.url}/__sim/requests`)).json()
    expect(seen).toHaveLength(9)
    expect(seen).toContainEqual(expect.objectContaining({ route: 'generate', key: 'ann', body: chatWith('hi') }))
  })

  test('controls that make no sense', async () => {
    const message = async (path: string, body: Json): Promise<string> => member(await control(path, body), 'error')
    expect(await message('approve', {})).toBe('nobody is waiting to sign in')
    expect(await message('faults', { fault: 'nonsense' })).toStartWith('fault must be one of token-expired')
    expect(await message('faults', { fault: 'tpm', on: 'nowhere' })).toStartWith('on must be one of device')
    expect(await message('clock', {})).toBe('advance_ms or set_ms must be a number')
  })

  test('paths and methods that are none', async () => {
    expect(await answerOf(await fetch(`${sim.url}/api/v1/nothing`))).toEqual([404, { detail: 'Not Found' }])
    expect(await answerOf(await fetch(`${sim.url}/api/v1/oauth2/token`))).toEqual([405, { detail: 'Method Not Allowed' }])
  })
})
