import { describe, expect, test } from 'bun:test'
import type { Account, AccountSpec } from '../../src/accounts/account.ts'
import { AccountRegistry, type WantedAccount } from '../../src/accounts/registry.ts'
import { JetbrainsService } from '../../src/composition/jetbrains-service.ts'
import { buildProviders } from '../../src/composition/providers.ts'
import type { Config } from '../../src/config/schema.ts'
import { Catalog } from '../../src/routing/catalog.ts'
import type { Provider } from '../../src/routing/provider.ts'
import type { Send } from '../../src/upstream/client.ts'
import { PaperTokens } from '../accounts/paper-accounts.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { configOf } from './configs.ts'

const network: Send = () => Promise.reject(new Error('not called'))
const demo: Send = () => Promise.reject(new Error('not called either'))

const openai = (more: object = {}) => ({ name: 'A', provider_type: 'openai', base_url: 'https://a.example/v1/', ...more })
const jetbrains = (name: string, more: object = {}) => ({ name, provider_type: 'jetbrains', ...more })

const stored = (id: string, provider: string, kind: string, credential: AccountSpec['credential'], more: Partial<WantedAccount> = {}) => ({
  ...{ id, provider, label: id, kind, fingerprint: id, makeCredential: () => credential },
  ...more,
})
const key = (id: string, provider: string, more: Partial<WantedAccount> = {}) =>
  stored(id, provider, 'api_key', { kind: 'api_key', apiKey: `sk-${id}` }, more)
const token = (id: string, provider = 'jetbrains') => stored(id, provider, 'static_jwt', { kind: 'token', source: new PaperTokens() })

class Scene {
  readonly registry = new AccountRegistry()
  readonly warnings: string[] = []
  readonly config: Config
  readonly providers: Provider[]

  constructor(content: object, accounts: readonly WantedAccount[] = [], isDemo = false) {
    this.config = configOf(content)
    this.providers = buildProviders({
      config: this.config,
      demo: isDemo,
      accounts,
      registry: this.registry,
      sends: { network, demo },
      jetbrains: provider => new JetbrainsService({ settings: this.config.jetbrains, provider, send: network, clock: new FakeClock() }),
      warn: message => this.warnings.push(message),
    })
  }

  provider(name: string): Provider {
    const found = this.providers.find(provider => provider.name === name)
    if (!found) throw new Error(`there is no ${name}`)
    return found
  }

  /** `provider: label label` for each. */
  get pools(): string[] {
    return this.providers.map(({ name, pool }) => `${name}: ${pool.accounts.map(({ label }) => label).join(' ')}`)
  }
}

describe('a provider’s pool', () => {
  test('is its own key, and the stored accounts beside it', () => {
    const scene = new Scene({ providers: [openai({ api_key: 'sk-own' })] }, [key('x', 'A'), key('y', 'A', { priority: 3, enabled: false })])
    expect(scene.pools).toEqual(['A: A-1 x y'])
    const [own, x, y] = scene.provider('A').pool.accounts
    expect(own).toMatchObject({ kind: 'api_key', credential: { kind: 'api_key', apiKey: 'sk-own' }, priority: 1, enabled: true })
    expect(x?.credential).toEqual({ kind: 'api_key', apiKey: 'sk-x' })
    expect(y).toMatchObject({ priority: 3, enabled: false })
    expect(scene.warnings).toEqual([])
  })

  test('without a key of its own is the stored ones, or nobody in particular', () => {
    expect(new Scene({ providers: [openai()] }, [key('x', 'A')]).pools).toEqual(['A: x'])
    const scene = new Scene({ providers: [openai()] })
    expect(scene.pools).toEqual(['A: A-1'])
    expect(scene.provider('A').pool.accounts[0]?.credential).toEqual({ kind: 'none' })
  })

  test('gives its own key a label that no stored account has', () => {
    const scene = new Scene({ providers: [openai({ api_key: 'k' })] }, [key('x', 'A', { label: 'A-1' }), key('y', 'A', { label: 'A-2' })])
    expect(scene.pools).toEqual(['A: A-3 A-1 A-2'])
  })

  test('has the strategy of the provider, else the gateway’s', () => {
    const scene = new Scene({ load_balance_strategy: 'random', providers: [openai({ strategy: 'least_busy' }), openai({ name: 'B' })] })
    expect(scene.providers.map(({ pool }) => pool.strategy)).toEqual(['least_busy', 'random'])
  })

  test('keeps what is known of its accounts when it is made anew', () => {
    const scene = new Scene({ providers: [openai({ api_key: 'k' })] })
    const [before] = scene.provider('A').pool.accounts
    const again = buildProviders({
      ...{ config: scene.config, demo: false, accounts: [], registry: scene.registry, sends: { network, demo }, warn: () => {} },
      jetbrains: () => {
        throw new Error('there is none')
      },
    })
    expect(before && again[0]?.pool.accounts[0] === before).toBe(true)
  })
})

describe('accounts that cannot be used are told', () => {
  test.each<[string, object, WantedAccount, string]>([
    ['no such provider', {}, key('x', 'gone'), "account 'x' is not used: there is no provider named 'gone'"],
    [
      'one switched off',
      { providers: [openai({ is_active: false })] },
      key('x', 'A'),
      "account 'x' is not used: provider 'A' is switched off",
    ],
    ['one left out', { providers: [openai({ base_url: undefined })] }, key('x', 'A'), "account 'x' is not used: provider 'A' is left out"],
    [
      'a token where keys belong',
      { providers: [openai()] },
      token('x', 'A'),
      "account 'x' is not used: provider 'A' of type openai takes no credential of kind static_jwt",
    ],
    [
      'a key where tokens belong',
      { providers: [jetbrains('JB')] },
      key('x', 'JB'),
      "account 'x' is not used: provider 'JB' of type jetbrains takes no credential of kind api_key",
    ],
  ])('%s', (_, content, account, warning) => {
    const scene = new Scene(content, [account])
    expect(scene.warnings).toContain(warning)
    expect(scene.registry.find('x')).toBeUndefined()
  })

  test('the others serve', () => {
    const scene = new Scene({ providers: [openai()] }, [key('x', 'gone'), key('y', 'A')])
    expect(scene.pools).toEqual(['A: y'])
  })
})

describe('JetBrains accounts', () => {
  test('without a provider get one', () => {
    const scene = new Scene({}, [token('x'), token('y')])
    expect(scene.pools).toEqual(['jetbrains: x y'])
    expect(scene.provider('jetbrains')).toMatchObject({ type: 'jetbrains', priority: 1, baseUrl: 'https://api.jetbrains.ai', repair: true })
  })

  test('bring none about where there are none, or where it was switched off', () => {
    expect(new Scene({}).pools).toEqual([])
    const off = new Scene({ providers: [jetbrains('jetbrains', { is_active: false })] }, [token('x')])
    expect([off.pools, off.warnings]).toEqual([[], ["account 'x' is not used: provider 'jetbrains' is switched off"]])
  })

  test('are all that a provider of theirs has: its key is a token among them', () => {
    expect(new Scene({ providers: [jetbrains('JB', { api_key: 'eyJ' })] }, [token('x', 'JB')]).pools).toEqual(['JB: x'])
    expect(new Scene({ providers: [jetbrains('JB')] }).pools).toEqual(['JB: '])
  })

  test('join the one that there is', () => {
    const scene = new Scene({ providers: [jetbrains('JB', { priority: 4 })] }, [token('x', 'JB')])
    expect(scene.pools).toEqual(['JB: x'])
    expect(scene.provider('JB').priority).toBe(4)
  })

  test('are shown as a header, made once for each token', () => {
    const scene = new Scene({ jetbrains: { headers: { 'Grazie-Agent': 'mine' } } }, [token('x')])
    const provider = scene.provider('jetbrains')
    const [account] = provider.pool.accounts
    if (!account) throw new Error('there is no account')
    const first = provider.headers(account, 't1')
    expect(first).toMatchObject({ 'grazie-authenticate-jwt': 't1', 'grazie-agent': 'mine', 'content-type': 'application/json' })
    expect(provider.headers(account, 't1')).toBe(first)
    expect(provider.headers(account, 't2')['grazie-authenticate-jwt']).toBe('t2')
    expect(provider.secrets(account)).toEqual(['token-1', 'mine'])
  })
})

describe('JetBrains models', () => {
  const targets = (content: object, ...names: string[]) => {
    const scene = new Scene(content, [token('x', 'JB')])
    const catalog = new Catalog({ providers: scene.providers, models: new Map(), anthropicMappings: new Map() })
    return names.map(name => {
      const resolution = catalog.resolve(name, 'openai-chat')
      return resolution.found ? resolution.targets.map(({ model }) => model).join(' ') : 'none'
    })
  }

  test('are all that the service lists, under all their names, and no others', () =>
    expect(targets({ providers: [jetbrains('JB')] }, 'openai-gpt-4o', 'gpt-4o', 'claude-sonnet-4-5', 'claude-opus-99', 'nonsense')).toEqual(
      ['openai-gpt-4o', 'openai-gpt-4o', 'anthropic-claude-4-5-sonnet', 'anthropic-claude-4-7-opus', 'none'],
    ))

  test('may be chosen by id, by another name, by patterns of both; what is too new for the list is passed on', () => {
    const models = ['openai-gpt-4o', 'claude-sonnet-4-5', 'google-*', 'grok-*', 'openai-gpt-9']
    const names = ['gpt-4o', 'anthropic-claude-4-5-sonnet', 'gemini-2.5-pro', 'grok-4', 'openai-gpt-9', 'gpt-4o-mini', 'o3', 'some-opus']
    expect(targets({ providers: [jetbrains('JB', { models })] }, ...names)).toEqual([
      'openai-gpt-4o',
      'anthropic-claude-4-5-sonnet',
      'google-chat-gemini-pro-2.5',
      'xai-grok-4',
      'openai-gpt-9',
      'none',
      'none',
      'none',
    ])
  })

  test('of the first provider are the settings’, where it names none itself', () => {
    const content = (more: object) => ({ jetbrains: { models: ['gpt-4o'] }, providers: [jetbrains('JB', more)] })
    expect(targets(content({}), 'gpt-4o', 'o3')).toEqual(['openai-gpt-4o', 'none'])
    expect(targets(content({ models: ['o3'] }), 'gpt-4o', 'o3')).toEqual(['none', 'openai-o3'])
    const second = { ...content({ models: ['o3'] }), providers: [jetbrains('JB', { models: ['o3'] }), jetbrains('JB2')] }
    expect(targets(second, 'o3', 'o1')).toEqual(['openai-o3 openai-o3', 'openai-o1'])
  })

  test('that a pattern finds none of are not all names there are', () =>
    expect(targets({ providers: [jetbrains('JB', { models: ['llama-*'] })] }, 'gpt-4o', 'llama-9', 'claude-opus-4')).toEqual([
      'none',
      'llama-9',
      'none',
    ]))

  test('have tiers of their own, and the operator’s before them', () => {
    expect(new Scene({ providers: [jetbrains('JB')] }).provider('JB').tiers).toEqual({
      big: 'anthropic-claude-4-7-opus',
      medium: 'anthropic-claude-4-6-sonnet',
      small: 'anthropic-claude-4-5-haiku',
    })
    const own = new Scene({ providers: [jetbrains('JB', { big_model: 'gpt-4o' })] }).provider('JB')
    expect(own.tiers.big).toBe('gpt-4o')
    expect(own.wire?.('gpt-4o')).toMatchObject({ model: 'openai-gpt-4o' })
    expect(own.wire?.('never-heard-of')).toMatchObject({ model: 'never-heard-of' })
  })

  test('are listed by id and short name', () => {
    const { models } = new Scene({ providers: [jetbrains('JB', { models: ['openai-gpt-5-4', 'anthropic-claude-4-5-sonnet'] })] }).provider(
      'JB',
    )
    expect(models).toEqual(['openai-gpt-5-4', 'gpt-5-4', 'anthropic-claude-4-5-sonnet', 'claude-4-5-sonnet'])
  })
})

describe('other providers', () => {
  test('of kinds that are not spoken, or without an address, are left out and told', () => {
    const scene = new Scene({
      providers: [openai({ base_url: undefined }), { name: 'R', provider_type: 'recraft' }, openai({ name: 'B' })],
    })
    expect(scene.providers.map(({ name }) => name)).toEqual(['B'])
    expect(scene.warnings).toEqual([
      "provider 'A' is left out: it has no base_url",
      "provider 'R' is left out: provider_type 'recraft' is not supported by this version",
    ])
  })

  test('that are switched off are not there', () => expect(new Scene({ providers: [openai({ is_active: false })] }).pools).toEqual([]))

  test('the demo comes when asked for, last, and through its own door', () => {
    const scene = new Scene({ providers: [openai()] }, [], true)
    expect(scene.providers.map(({ name, send }) => [name, send === demo])).toEqual([
      ['A', false],
      ['demo', true],
    ])
    expect(new Scene({ providers: [{ name: 'demo', provider_type: 'demo' }] }, [], true).providers).toHaveLength(1)
  })
})

test('a Qwen plan asks for its cache, and the operator may say otherwise; nobody else is asked', () => {
  const plan = (name: string, more: object = {}) => ({ name, provider_type: 'qwen', plan: 'standard', api_key: 'sk-1', ...more })
  const { providers } = new Scene({
    providers: [plan('Q'), plan('R', { headers: { 'X-DashScope-CacheControl': 'disable' } }), openai({ api_key: 'sk-2' })],
  })
  const sent = providers.map(provider => provider.headers(provider.pool.accounts[0] as Account)['x-dashscope-cachecontrol'])
  expect(sent).toEqual(['enable', 'disable', undefined])
})
