import { describe, expect, test } from 'bun:test'
import type { Account } from '../../src/accounts/account.ts'
import { AccountRegistry } from '../../src/accounts/registry.ts'
import { AccountKeeper } from '../../src/composition/account-keeper.ts'
import { createCredentialMakers } from '../../src/composition/credential-makers.ts'
import { QwenService } from '../../src/composition/qwen-service.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { AccountRecord } from '../../src/store/account-record.ts'
import type { Accounts } from '../../src/store/accounts.ts'
import { quotaOf } from '../accounts/paper-accounts.ts'
import { accountStore } from '../store/account-stores.ts'
import { configOf, jwtOf } from './configs.ts'

const TWO = {
  jetbrains_tokens: [
    { token: jwtOf('a'), name: 'A' },
    { token: jwtOf('b'), name: 'B' },
  ],
}

/** A store, and one process that keeps accounts in it. */
async function scene(change: (accounts: Accounts) => Partial<Accounts> = () => ({})) {
  const { clock, accounts, store } = await accountStore()
  const warnings: string[] = []
  const chainsAsked: string[] = []
  const changed = { ...accounts, ...change(accounts) }
  const warn = (message: string) => warnings.push(message)
  const events = { renewalFailed: () => {}, storeFailed: () => {}, skewed: () => {} }
  const qwen = new QwenService({
    settings: () => configOf({}).qwen,
    send: () => Promise.reject(new Error('nobody is called')),
    clock,
    events,
  })
  const makerOf = createCredentialMakers({
    ...{ accounts: changed, clock, events, qwen, warn },
    chainOf(provider) {
      chainsAsked.push(provider)
      throw new GatewayError('bad-gateway', 'no chain here', { upstream: {} })
    },
    renewed() {},
  })
  const keeper = new AccountKeeper({ accounts: changed, clock, makerOf, warn })
  const registry = new AccountRegistry(
    (account, _, after) => keeper.observe(account, after),
    account => keeper.restore(account),
  )
  const all = async () => accounts.listAll()
  const serve = async (content: object): Promise<Account[]> => {
    const adopted = await keeper.adopt(configOf(content))
    return [...registry.replace(keeper.wanted(adopted, await all())).values()]
  }
  const recordOf = async (label: string) => (await all()).find(record => record.label === label) as AccountRecord
  return { clock, accounts, store, keeper, registry, warnings, chainsAsked, all, serve, recordOf }
}

const named = (accounts: readonly Account[], label: string): Account => {
  const account = accounts.find(one => one.label === label)
  if (!account) throw new Error(`there is no ${label}`)
  return account
}

describe('the config’s accounts', () => {
  test('are kept in the store, sealed, and served with their tokens', async () => {
    const { serve, all } = await scene()
    const served = await serve(TWO)
    expect(served.map(({ label, provider, kind, priority }) => [label, provider, kind, priority])).toEqual([
      ['A', 'jetbrains', 'static_jwt', 1],
      ['B', 'jetbrains', 'static_jwt', 1],
    ])
    expect((await all()).map(({ label, origin }) => [label, origin])).toEqual([
      ['A', 'config'],
      ['B', 'config'],
    ])
    const { credential } = named(served, 'A')
    expect(credential.kind === 'token' && (await credential.source.current())).toBe(jwtOf('a'))
  })

  test('are the same ones after a reload; their labels, priorities and whether they are enabled follow it', async () => {
    const { serve } = await scene()
    const before = named(await serve(TWO), 'A')
    const after = await serve({ jetbrains_tokens: [{ token: jwtOf('a'), name: 'Renamed', priority: 7 }] })
    expect(after.map(({ label, priority }) => [label, priority])).toEqual([['Renamed', 7]])
    expect(after[0] === before).toBe(true)
  })

  test('that are no longer declared are not served, though the store knows them', async () => {
    const { serve, all } = await scene()
    await serve(TWO)
    expect((await serve({ jetbrains_tokens: [jwtOf('b')] })).map(({ label }) => label)).toEqual(['B'])
    expect(await all()).toHaveLength(2)
  })

  test('one that cannot be kept is told by name, and the others are served', async () => {
    const { serve, accounts, warnings } = await scene()
    await accounts.create({ provider: 'jetbrains', label: 'A', kind: 'static_jwt', credential: { jwt: jwtOf('x') } })
    const served = await serve(TWO)
    expect(served.map(({ label }) => label)).toEqual(['B', 'A'])
    expect(named(served, 'A').credential.kind === 'token').toBe(true)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^account 'A' of jetbrains is left out: .*label/)
  })

  test('a store that does not work is no account’s fault', async () => {
    const { serve, warnings } = await scene(() => ({ adopt: () => Promise.reject(new Error('disk full')) }))
    await expect(serve(TWO)).rejects.toThrow('disk full')
    expect(warnings).toEqual([])
  })

  test('one whose credential nobody could use is told without it, and the others are served', async () => {
    const { serve, warnings, chainsAsked } = await scene()
    const providers = [{ name: 'JB', provider_type: 'jetbrains', api_key: 'sk-no-token-at-all' }]
    expect((await serve({ ...TWO, providers })).map(({ label }) => label)).toEqual(['A', 'B'])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toStartWith("account 'JB-1' of JB is left out: its credential cannot be used: jwt: ")
    expect(warnings[0]).not.toContain('sk-no-token')
    expect(chainsAsked).toEqual([])
  })
})

describe('accounts made by the management commands', () => {
  test('are served after the config’s', async () => {
    const { serve, accounts } = await scene()
    await accounts.create({ provider: 'OpenAI', kind: 'api_key', credential: { api_key: 'sk-1' }, priority: 4, enabled: false })
    const served = await serve(TWO)
    expect(served.map(({ label }) => label)).toEqual(['A', 'B', 'OpenAI-1'])
    expect(served[2]).toMatchObject({ provider: 'OpenAI', kind: 'api_key', priority: 4, enabled: false })
    expect(served[2]?.credential).toEqual({ kind: 'api_key', apiKey: 'sk-1' })
  })

  test('with another credential are other accounts', async () => {
    const { serve, accounts } = await scene()
    const { id } = await accounts.create({ provider: 'OpenAI', kind: 'api_key', credential: { api_key: 'sk-1' } })
    const [before] = await serve({})
    await accounts.update(id, { label: 'New name' })
    expect((await serve({}))[0] === before).toBe(true)
    await accounts.update(id, { credential: { api_key: 'sk-2' } })
    const [after] = await serve({})
    expect([after?.id, after === before]).toEqual([id, false])
    expect(after?.credential).toEqual({ kind: 'api_key', apiKey: 'sk-2' })
  })
})

test('an account that is made anew has the token that was renewed since its adoption', async () => {
  const { keeper, registry, accounts, all } = await scene()
  const adopted = await keeper.adopt(configOf({ jetbrains_accounts: [{ licenseId: 'L', refresh_token: 'r', jwt: jwtOf('old') }] }))
  await accounts.saveCredential(adopted[0]?.id ?? '', { licenseId: 'L', refresh_token: 'r', jwt: jwtOf('new') })
  const [account] = [...registry.replace(keeper.wanted(adopted, await all())).values()]
  expect(account?.credential.kind === 'token' && (await account.credential.source.current())).toBe(jwtOf('new'))
})

describe('a token is made', () => {
  test('by the settings in effect at the time, not at the account’s beginning', async () => {
    const { serve, chainsAsked } = await scene()
    const [account] = await serve({ jetbrains_accounts: [{ licenseId: 'L', refresh_token: 'rt' }] })
    expect(chainsAsked).toEqual([])
    const { credential } = account as Account
    if (credential.kind !== 'token') throw new Error('there is no token')
    await expect(Promise.resolve(credential.source.current())).rejects.toThrow()
    expect(chainsAsked).toEqual(['jetbrains'])
  })
})

describe('what is seen of an account', () => {
  test('is in the store after a flush, and known when the next process serves it', async () => {
    const { serve, keeper, registry, recordOf, clock } = await scene()
    const served = await serve(TWO)
    const until = clock.now() + 60_000
    named(served, 'A').observed(quotaOf(0, { at: clock.now(), resetsAt: until }), clock.now())
    named(served, 'B').quota = quotaOf(40)
    keeper.observe(named(served, 'B'), undefined)
    expect((await recordOf('A')).state).toBeUndefined()
    await keeper.flush()
    expect((await recordOf('A')).state).toEqual({ state: 'exhausted', reason: 'quota exhausted', until, at: clock.now() })
    expect((await recordOf('B')).state).toMatchObject({ state: 'active' })

    registry.replace([])
    const again = await serve(TWO)
    expect(named(again, 'A').summary(clock.now())).toMatchObject({ state: 'exhausted', reason: 'quota exhausted', until })
    expect(named(again, 'A').quota).toEqual(quotaOf(0, { at: clock.now(), resetsAt: until }))
    expect(named(again, 'B').summary(clock.now())).toBeUndefined()
    expect(named(again, 'B').quota?.available).toBe(40)
  })

  test('and has ended meanwhile is not restored', async () => {
    const { serve, keeper, registry, recordOf, clock } = await scene()
    named(await serve(TWO), 'A').health.exhausted(clock.now(), clock.now() + 60_000)
    await keeper.flush()
    clock.advance(60_000)
    registry.replace([])
    const served = await serve(TWO)
    expect(named(served, 'A').summary(clock.now())).toBeUndefined()
    // As if nothing had been: a good check has nothing to bring back.
    named(served, 'A').health.checked()
    await keeper.flush()
    expect((await recordOf('A')).state?.state).toBe('exhausted')
  })

  test('a suspension has no end, and is restored', async () => {
    const { serve, keeper, registry, clock } = await scene()
    const verdict = { state: 'suspended' as const, reason: 'licence suspended (477)' }
    named(await serve(TWO), 'A').failed('m', new GatewayError('quota-exhausted', 'x', { upstream: { verdict } }), clock.now())
    await keeper.flush()
    clock.advance(365 * 86_400_000)
    registry.replace([])
    expect(named(await serve(TWO), 'A').summary(clock.now())).toEqual(expect.objectContaining({ ...verdict, until: undefined }))
  })

  test('is put back when it cannot be written, unless newer has been seen', async () => {
    let fails = true
    const { serve, keeper, recordOf, clock } = await scene(({ saveObserved }) => ({
      saveObserved: async seen => {
        if (fails) throw new Error('locked')
        await saveObserved(seen)
      },
    }))
    const served = await serve(TWO)
    named(served, 'A').health.exhausted(clock.now(), undefined)
    named(served, 'B').health.exhausted(clock.now(), undefined)
    const failing = keeper.flush()
    clock.advance(5)
    named(served, 'B').health.checked()
    await expect(failing).rejects.toThrow('locked')
    fails = false
    await keeper.flush()
    expect((await recordOf('A')).state?.state).toBe('exhausted')
    expect((await recordOf('B')).state).toMatchObject({ state: 'active', at: clock.now() })
  })

  test('while it is being written is written next', async () => {
    const gate = Promise.withResolvers<void>()
    const { serve, keeper, recordOf, clock } = await scene(({ saveObserved }) => ({
      saveObserved: async seen => {
        await gate.promise
        await saveObserved(seen)
      },
    }))
    const account = named(await serve(TWO), 'A')
    account.health.exhausted(clock.now(), undefined)
    const first = keeper.flush()
    clock.advance(5)
    account.health.checked()
    gate.resolve()
    await first
    expect((await recordOf('A')).state?.state).toBe('exhausted')
    await keeper.flush()
    expect((await recordOf('A')).state?.state).toBe('active')
  })

  test('of the key of a provider itself is in no store', async () => {
    const writes: number[] = []
    const { serve, keeper, registry, clock } = await scene(({ saveObserved }) => ({
      saveObserved: seen => {
        writes.push(seen.length)
        return saveObserved(seen)
      },
    }))
    await serve({})
    const key = { kind: 'api_key' as const, apiKey: 'k' }
    const own = { id: 'own', provider: 'P', label: 'P-1', kind: 'api_key', fingerprint: 'f', makeCredential: () => key }
    registry.replace([own]).get('own')?.health.exhausted(clock.now(), undefined)
    await keeper.flush()
    expect(writes).toEqual([])
  })

  test('with the credential before is not held against the new one', async () => {
    const { serve, keeper, accounts, recordOf, clock } = await scene()
    const { id } = await accounts.create({ provider: 'OpenAI', label: 'K', kind: 'api_key', credential: { api_key: 'sk-1' } })
    named(await serve({}), 'K').failed('m', new GatewayError('authentication', 'x', { upstream: { status: 401 } }), clock.now())
    await accounts.update(id, { credential: { api_key: 'sk-2' } })
    expect(named(await serve({}), 'K').summary(clock.now())).toBeUndefined()
    await keeper.flush()
    expect((await recordOf('K')).state).toBeUndefined()
  })

  test('and is no quota is none', async () => {
    const { serve, registry, accounts, recordOf, clock } = await scene()
    await serve(TWO)
    const { id } = await recordOf('A')
    await accounts.saveObserved([{ id, quota: { used: 'many', limit: 5, available: null, at: clock.now() } }])
    registry.replace([])
    expect(named(await serve(TWO), 'A').quota).toBeUndefined()
  })
})

describe('what another process has found', () => {
  async function outAndFlushed() {
    const whole = await scene()
    const account = named(await whole.serve(TWO), 'A')
    whole.keeper.catchUp(whole.registry.all)
    account.failed('m', new GatewayError('authentication', 'x', { upstream: { status: 401 } }), whole.clock.now())
    await whole.keeper.flush()
    whole.clock.advance(1000)
    /** Another process says so, and this one reads it. */
    const says = async (state: 'active' | 'suspended', touch = true) => {
      const at = whole.clock.now()
      await whole.accounts.saveObserved([{ id: account.id, state: { state, reason: '', at } }])
      if (touch) await whole.accounts.touch(account.id)
      await whole.serve(TWO)
      whole.keeper.catchUp(whole.registry.all)
    }
    const out = () => account.summary(whole.clock.now())?.state
    return { ...whole, account, says, out }
  }

  test('good is good here too', async () => {
    const { says, out } = await outAndFlushed()
    expect(out()).toBe('needs_sign_in')
    await says('active')
    expect(out()).toBeUndefined()
  })

  test('bad, or nothing of late, changes nothing here', async () => {
    const one = await outAndFlushed()
    await one.says('suspended')
    expect(one.out()).toBe('needs_sign_in')
    const other = await outAndFlushed()
    await other.says('active', false)
    expect(other.out()).toBe('needs_sign_in')
  })

  test('before we found otherwise does not count, though ours is not written yet', async () => {
    const { says, out, account, clock, accounts, serve, keeper, registry } = await outAndFlushed()
    await says('active')
    clock.advance(1000)
    account.failed('m', new GatewayError('authentication', 'x', { upstream: { status: 401 } }), clock.now())
    await accounts.touch(account.id)
    await serve(TWO)
    keeper.catchUp(registry.all)
    expect(out()).toBe('needs_sign_in')
  })
})
