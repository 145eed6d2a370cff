import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Account } from '../../src/accounts/account.ts'
import { AccountService } from '../../src/composition/account-service.ts'
import { buildProviders } from '../../src/composition/providers.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { createLogger } from '../../src/log/logger.ts'
import { openDatabase } from '../../src/store/database.ts'
import type { Send, UpstreamResponse } from '../../src/upstream/client.ts'
import { answer, BASE_URL, FakeService, jwtOf, OAUTH_URL } from '../accounts/jetbrains/fake-service.ts'
import { removeWorkplaces, Workplace } from '../config/workplace.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { configOf } from './configs.ts'

afterAll(removeWorkplaces)

const DAY = 86_400_000

/** A gateway's accounts on a store of their own, with JetBrains behind them. */
async function scene(content: object = {}, writeBack: string[] = []) {
  const clock = new FakeClock()
  const jetbrains = new FakeService(clock)
  const lines: string[] = []
  const log = createLogger({ write: line => void lines.push(line), flush: async () => {} }, { level: 'info' })
  const store = await openDatabase({ path: ':memory:', clock })
  const settings = {
    secret_key: 'a secret key for tests',
    jetbrains: { base_url: BASE_URL, oauth_url: OAUTH_URL },
    qwen: { credentials: [] },
  }
  let config = configOf({ ...settings, ...content })
  let send: Send = jetbrains.send
  const service = await AccountService.open({
    ...{ store, clock, log, random: { float: () => 0.5 } },
    send: request => send(request),
    config: () => config,
    writeBack: () => writeBack,
    rebuild() {},
  })
  /** What a start or a reload with this configuration does. */
  const serve = async (present: object): Promise<Account[]> => {
    config = configOf({ ...settings, ...present })
    await service.catchUp()
    await service.adopt(config)
    await service.catchUp()
    buildProviders({ config, demo: false, ...service.sources(), sends: { network: send, demo: send }, warn() {} })
    service.built()
    return service.registry.all
  }
  const stored = async () => (await service.accounts.listAll()).map(({ label }) => label).sort()
  return {
    ...{ clock, jetbrains, lines, service, serve, stored },
    accounts: await serve(content),
    answerWith(next: Send): void {
      send = next
    },
  }
}

const tokens = (...names: string[]) => ({ jetbrains_tokens: names.map(name => ({ name, token: jwtOf({ jti: name }) })) })
const OAUTH = { jetbrains_accounts: [{ name: 'o', licenseId: 'LIC1', refresh_token: 'refresh-token-0' }] }

async function tokenOf(account: Account | undefined): Promise<string> {
  if (account?.credential.kind !== 'token') throw new Error('the account has no token')
  return account.credential.source.current()
}

describe('an account that the configuration names no more', () => {
  test('is not served, is kept for thirty days, and then forgotten', async () => {
    const { clock, serve, stored } = await scene(tokens('a', 'b'))
    clock.advance(DAY)
    expect((await serve(tokens('b'))).map(({ label }) => label)).toEqual(['b'])
    clock.advance(28 * DAY)
    await serve(tokens('b'))
    expect(await stored()).toEqual(['a', 'b'])
    clock.advance(2 * DAY)
    await serve(tokens('b'))
    expect(await stored()).toEqual(['b'])
  })

  test('says nothing any more when a request that it was sent ends', async () => {
    const { accounts, clock, lines, serve, service } = await scene(tokens('a', 'b'))
    const suspended = new GatewayError('quota-exhausted', 'x', { upstream: { verdict: { state: 'suspended', reason: 'suspended' } } })
    const fail = (label: string) => accounts.find(account => account.label === label)?.failed('m', suspended, clock.now())
    fail('b')
    await serve(tokens('b'))
    fail('a')
    expect(lines.map(line => JSON.parse(line).account)).toEqual(['b'])
    await service.stop()
    const states = (await service.accounts.listAll()).map(({ label, state }) => [label, state?.state])
    expect(Object.fromEntries(states)).toEqual({ a: undefined, b: 'suspended' })
  })
})

describe('a token that is being renewed', () => {
  test('is waited for at the end: the refresh token that came with it may be the only one that is good', async () => {
    const { accounts, answerWith, jetbrains, service } = await scene(OAUTH)
    const gate = Promise.withResolvers<void>()
    answerWith(async request => {
      await gate.promise
      return jetbrains.send(request)
    })
    const token = tokenOf(accounts[0])
    let isOver = false
    const stopped = service.stop().then(() => {
      isOver = true
    })
    await new Promise(resolve => setImmediate(resolve))
    expect(isOver).toBe(false)
    gate.resolve()
    await stopped
    const [record] = await service.accounts.listAll()
    expect(record?.credential).toMatchObject({ refresh_token: jetbrains.refreshToken, jwt: jetbrains.jwt })
    expect(await token).toBe(jetbrains.jwt)
  })

  test('is not waited for without end', async () => {
    const { accounts, answerWith, clock, service } = await scene(OAUTH)
    answerWith(() => new Promise<UpstreamResponse>(() => {}))
    tokenOf(accounts[0]).catch(() => {})
    await new Promise(resolve => setImmediate(resolve))
    const stopped = service.stop()
    await clock.tick(10_000)
    await stopped
  })

  test('is written back into the file of an older proxy where that is asked for', async () => {
    const folder = new Workplace()
    const file = folder.write('jetbrainsai.json', [{ licenseId: 'LIC1', jwt: 'eyJ.before' }])
    const { accounts, clock, lines } = await scene(OAUTH, [join(folder.cwd, 'absent.json'), file])
    const token = await tokenOf(accounts[0])
    while (readFileSync(file, 'utf8').includes('before')) await new Promise(resolve => setImmediate(resolve))
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([{ licenseId: 'LIC1', jwt: token, last_updated: clock.now() / 1000 }])
    expect(lines.map(line => JSON.parse(line).msg)).toEqual(['a new JWT could not be written back'])
    expect(lines.join('')).not.toContain(token)
  })
})

describe('the list of models', () => {
  test('is read through another account where one is refused', async () => {
    const { answerWith, lines, service } = await scene(tokens('a', 'b'))
    const shown: (string | undefined)[] = []
    answerWith(async ({ url, headers }) => {
      if (!url.endsWith('/profiles/v8')) return answer(200, {})
      shown.push(headers['grazie-authenticate-jwt'])
      return shown.length === 1 ? answer(401, 'no') : answer(200, { profiles: [{ id: 'openai-gpt-4o' }] })
    })
    await service.jetbrains.refreshProfiles()
    expect(shown).toEqual([jwtOf({ jti: 'a' }), jwtOf({ jti: 'b' })])
    expect(service.jetbrains.named('jetbrains').profiles.map(({ id }) => id)).toEqual(['openai-gpt-4o'])
    expect(lines).toEqual([])
  })

  test('is asked of no other account where the service itself is away', async () => {
    const { answerWith, lines, service } = await scene(tokens('a', 'b'))
    let asked = 0
    answerWith(async () => {
      asked++
      return answer(503, 'later')
    })
    expect(await service.jetbrains.refreshProfiles()).toBe(false)
    expect(asked).toBe(1)
    expect(lines.map(line => JSON.parse(line).msg)).toEqual(['no new list of models; the built-in one is used'])
  })
})
