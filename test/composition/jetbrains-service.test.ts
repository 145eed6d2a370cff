import { describe, expect, test } from 'bun:test'
import type { Account } from '../../src/accounts/account.ts'
import { JetbrainsService } from '../../src/composition/jetbrains-service.ts'
import { type ErrorKind, GatewayError } from '../../src/core/errors.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { BUILT_IN_PROFILES } from '../../src/routing/jetbrains/profiles.ts'
import type { UpstreamRequest, UpstreamResponse } from '../../src/upstream/client.ts'
import { answer } from '../accounts/jetbrains/fake-service.ts'
import { PaperTokens, paperAccount, tokenAccount } from '../accounts/paper-accounts.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { configOf } from './configs.ts'

const MIN = 60_000
const HOUR = 60 * MIN

const quota = (left: number, until: number): JsonValue => ({
  current: {
    ...{ current: { amount: String(1000 - left) }, maximum: { amount: '1000' }, until },
    tariffQuota: { available: { amount: String(left) } },
  },
})
const list = (...ids: string[]): JsonValue => ({ profiles: ids.map(id => ({ id })) })

class Scene {
  readonly clock = new FakeClock()
  readonly calls: UpstreamRequest[] = []
  readonly observed: string[] = []
  readonly tokens = new PaperTokens()
  readonly account = tokenAccount('a', this.tokens)
  /** What comes next; the last one for ever. */
  answers: (() => UpstreamResponse)[] = []
  readonly service: JetbrainsService

  constructor(settings: object = {}, provider: { base_url?: string; headers?: Record<string, string> } = {}) {
    this.service = new JetbrainsService({
      settings: configOf({ jetbrains: settings }).jetbrains,
      provider: { name: 'jb', base_url: provider.base_url, headers: provider.headers ?? {} },
      send: async request => {
        this.calls.push(request)
        const next = this.answers.length > 1 ? this.answers.shift() : this.answers[0]
        if (!next) throw new Error('no answer was foreseen')
        return next()
      },
      clock: this.clock,
      observed: ({ label }) => this.observed.push(label),
    })
  }

  answer(...answers: [status: number, body: JsonValue, headers?: Record<string, string>][]): void {
    this.answers = answers.map(
      ([status, body, headers]) =>
        () =>
          answer(status, body, headers),
    )
  }

  get shown(): (string | undefined)[] {
    return this.calls.map(({ headers }) => headers['grazie-authenticate-jwt'])
  }

  async refusal(run: Promise<unknown>): Promise<GatewayError> {
    const thrown = await run.then(
      () => undefined,
      error => error,
    )
    if (thrown instanceof GatewayError) return thrown
    throw new Error('was not refused', { cause: thrown })
  }

  get ids(): string[] {
    return this.service.profiles.map(({ id }) => id)
  }
}

describe('a probe', () => {
  test('asks for the quota, which is free, and takes down what is left', async () => {
    const scene = new Scene({ base_url: 'https://jb.example/', headers: { 'X-Mine': 'yes' } })
    const until = scene.clock.now() + HOUR
    scene.answer([200, quota(250, until)])
    await scene.service.probe(scene.account)
    expect(scene.calls.map(({ url, method }) => [url, method])).toEqual([['https://jb.example/user/v5/quota/get', undefined]])
    expect(scene.shown).toEqual(['token-1'])
    expect(scene.calls[0]?.standing).toEqual({ 'user-agent': 'dragoman', 'x-mine': 'yes' })
    expect(scene.account.quota).toMatchObject({ available: 250, limit: 1000, resetsAt: until, at: scene.clock.now() })
    expect(scene.observed).toEqual(['a'])
  })

  test('that finds nothing left puts the account out until the reset', async () => {
    const scene = new Scene()
    const until = scene.clock.now() + HOUR
    scene.answer([200, quota(0, until)])
    await scene.service.probe(scene.account)
    expect(scene.account.summary(scene.clock.now())).toMatchObject({ state: 'exhausted', until })
  })

  test('of an account of whose quota nothing is said is good, and leaves what is known', async () => {
    const scene = new Scene()
    scene.answer([400, 'no licence'])
    await scene.service.probe(scene.account)
    expect([scene.account.quota, scene.observed]).toEqual([undefined, []])
  })

  test('whose token is refused is made once more with another', async () => {
    const scene = new Scene()
    scene.tokens.next = 'token-2'
    scene.answer([401, 'no'], [200, quota(5, 0)])
    await scene.service.probe(scene.account)
    expect([scene.shown, scene.tokens.refused]).toEqual([['token-1', 'token-2'], ['token-1']])
    expect(scene.account.quota?.available).toBe(5)
  })

  test.each([undefined, 'token-2'])('whose token is refused, the next being %p, says that somebody must sign in', async next => {
    const scene = new Scene()
    scene.tokens.next = next
    scene.answer([401, 'no'])
    const { kind, upstream } = await scene.refusal(scene.service.probe(scene.account))
    expect([kind, upstream?.status]).toEqual(['authentication', 401])
    expect(scene.calls).toHaveLength(next === undefined ? 1 : 2)
  })

  test.each<[number, string, ErrorKind, string | undefined]>([
    [477, 'quota', 'quota-exhausted', 'exhausted'],
    [477, 'License suspension', 'quota-exhausted', 'suspended'],
    [429, 'slow down', 'rate-limit', undefined],
    [503, 'later', 'unavailable', undefined],
  ])('%p (%s) is %s', async (status, body, kind, state) => {
    const scene = new Scene()
    scene.answer([status, body])
    const error = await scene.refusal(scene.service.probe(scene.account))
    expect([error.kind, error.upstream?.verdict?.state]).toEqual([kind, state as never])
  })

  test('that waits too long has failed', async () => {
    const scene = new Scene()
    const started = Promise.withResolvers<UpstreamResponse>()
    const slow = new JetbrainsService({
      settings: configOf().jetbrains,
      provider: { name: 'jb', base_url: undefined, headers: {} },
      send: ({ client }) => {
        client.signal.addEventListener('abort', () => started.reject(new GatewayError('cancelled', 'gone')))
        return started.promise
      },
      clock: scene.clock,
    })
    const refusal = scene.refusal(slow.probe(scene.account))
    await scene.clock.tick(0)
    await scene.clock.tick(10_000)
    expect((await refusal).kind).toBe('timeout')
  })

  test('of an account without a token is none', async () => {
    const scene = new Scene()
    expect((await scene.refusal(scene.service.probe(paperAccount('k')))).kind).toBe('authentication')
  })
})

describe('the profile list', () => {
  test('is the built-in one until it has been read, by GET', async () => {
    const scene = new Scene()
    expect([scene.service.profiles, scene.service.isLive, scene.service.profilesDue]).toEqual([BUILT_IN_PROFILES, false, true])
    scene.answer([200, list('openai-gpt-4o')])
    expect(await scene.service.refreshProfiles(scene.account)).toBe(true)
    expect(scene.calls.map(({ url, method, body }) => [url, method, body])).toEqual([
      ['https://api.jetbrains.ai/user/v5/llm/profiles/v8', 'GET', ''],
    ])
    expect([scene.ids, scene.service.isLive]).toEqual([['openai-gpt-4o'], true])
  })

  test('is due again after an hour, after a failure in five minutes', async () => {
    const scene = new Scene()
    scene.answer([200, list('m')])
    await scene.service.refreshProfiles(scene.account)
    scene.clock.advance(HOUR - 1)
    expect(scene.service.profilesDue).toBe(false)
    scene.clock.advance(1)
    expect(scene.service.profilesDue).toBe(true)
    scene.answer([500, 'x'])
    await scene.refusal(scene.service.refreshProfiles(scene.account))
    scene.clock.advance(5 * MIN - 1)
    expect(scene.service.profilesDue).toBe(false)
    scene.clock.advance(1)
    expect(scene.service.profilesDue).toBe(true)
  })

  test('that says the same as before is no news; the first reading always is', async () => {
    const scene = new Scene()
    const built = list(...BUILT_IN_PROFILES.map(({ id }) => id))
    scene.answer([200, built], [200, built], [200, list('m')])
    const news: boolean[] = []
    for (let reading = 0; reading < 3; reading++) news.push(await scene.service.refreshProfiles(scene.account))
    expect(news).toEqual([true, false, true])
  })

  test.each<[string, number, JsonValue]>([
    ['empty', 200, list()],
    ['nothing for conversations', 200, list('openai-embedding-small')],
    ['no list', 200, { profiles: 'x' }],
    ['no JSON', 200, '<html>'],
    ['a failure', 500, list('x')],
    ['a redirect', 302, list('x')],
    ['refused', 403, 'x'],
  ])('that is %s never takes the place of a good one', async (_, status, body) => {
    const scene = new Scene()
    scene.answer([200, list('good')], [status, body])
    await scene.service.refreshProfiles(scene.account)
    const { upstream } = await scene.refusal(scene.service.refreshProfiles(scene.account))
    expect(upstream?.status).toBe(status)
    expect([scene.ids, scene.service.isLive]).toEqual([['good'], true])
  })

  test('that is refused to one token is asked for once with another', async () => {
    const scene = new Scene()
    scene.tokens.next = 'token-2'
    scene.answer([401, 'no'], [200, list('m')])
    expect(await scene.service.refreshProfiles(scene.account)).toBe(true)
    expect(scene.shown).toEqual(['token-1', 'token-2'])
    scene.answer([401, 'no'])
    expect((await scene.refusal(scene.service.refreshProfiles(scene.account))).kind).toBe('authentication')
    expect(scene.calls).toHaveLength(4)
  })

  test('a limit says how long', async () => {
    const scene = new Scene()
    scene.answer([429, 'x', { 'retry-after': '7' }])
    expect(await scene.refusal(scene.service.refreshProfiles(scene.account))).toMatchObject({ kind: 'rate-limit', retryAfterMs: 7000 })
  })
})

describe('what an answer says', () => {
  const updated = { current: { amount: '900' }, maximum: { amount: '1000' } }

  test('of the quota is the account’s, of the cost the request’s', () => {
    const scene = new Scene()
    expect(scene.service.observe(scene.account, { updated, spent: { amount: '12.34' } }, 5)).toBe(12.34)
    expect(scene.account.quota).toMatchObject({ used: 900, available: 100, at: 5 })
    expect(scene.observed).toEqual(['a'])
  })

  test('may be either alone, or nothing', () => {
    const scene = new Scene()
    const observe = (account: Account, metadata: JsonValue) => scene.service.observe(account, metadata, 5)
    expect(observe(scene.account, { spent: { amount: '1' } })).toBe(1)
    for (const nothing of [{}, { updated: {} }, { updated: 5, spent: 'x' }, null, 'text', [updated]]) {
      expect(observe(scene.account, nothing)).toBeUndefined()
    }
    expect([scene.account.quota, scene.observed]).toEqual([undefined, []])
    expect(observe(scene.account, { updated })).toBeUndefined()
    expect(scene.account.quota?.available).toBe(100)
  })

  test('that nothing is left puts the account out', () => {
    const scene = new Scene()
    scene.service.observe(scene.account, { updated: { current: { amount: '1000' }, maximum: { amount: '1000' } } }, scene.clock.now())
    expect(scene.account.summary(scene.clock.now())?.state).toBe('exhausted')
  })
})

describe('settings', () => {
  const fits = (before: [object?, object?], after: [object?, object?]) => {
    const service = new Scene(before[0], before[1]).service
    const provider = { name: 'jb', base_url: undefined, headers: {}, ...after[1] }
    return service.fits({ settings: configOf({ jetbrains: after[0] ?? {} }).jetbrains, provider })
  }

  test('that stay the same leave the service as it is, and so does the choice of models', () => {
    expect(fits([], [])).toBe(true)
    expect(fits([{ models: ['a'] }], [{ models: ['b'] }])).toBe(true)
    expect(fits([], [{}, { name: 'other' }])).toBe(true)
  })

  test.each<[object, object]>([
    [{ base_url: 'https://other.example' }, {}],
    [{ oauth_url: 'https://other.example' }, {}],
    [{ api_version: 'v7' }, {}],
    [{ native: false }, {}],
    [{ headers: { a: 'b' } }, {}],
    [{}, { base_url: 'https://other.example' }],
    [{}, { headers: { a: 'b' } }],
  ])('%j %j need another one', (settings, provider) => expect(fits([], [settings, provider])).toBe(false))

  test('of the provider win over those of the service', () => {
    const { service } = new Scene(
      { base_url: 'https://a.example', headers: { 'X-A': '1', 'X-B': '1' } },
      { base_url: 'https://b.example//', headers: { 'x-b': '2', 'User-Agent': 'mine' } },
    )
    expect([service.baseUrl, service.headers]).toEqual(['https://b.example', { 'user-agent': 'mine', 'x-a': '1', 'x-b': '2' }])
  })

  test('choose the version of the own chat', () => {
    const path = (settings: object) => {
      const { upstream } = new Scene(settings).service.wires.wireOf({ id: 'm' }).dialect
      return upstream?.path
    }
    expect([path({}), path({ api_version: 'v7' })]).toEqual(['/user/v5/llm/chat/stream/v8', '/user/v5/llm/chat/stream/v7'])
  })
})
