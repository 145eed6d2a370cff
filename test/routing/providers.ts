import { Account } from '../../src/accounts/account.ts'
import { Pool } from '../../src/accounts/pool.ts'
import type { Provider } from '../../src/routing/provider.ts'

/** A provider that exists on paper only, with as many accounts as asked for. */
export function paperProvider(name: string, settings: Partial<Provider> = {}, accounts = 1): Provider {
  const pool = new Pool(
    Array.from(
      { length: accounts },
      (_, index) =>
        new Account({
          id: `${name}-id-${index + 1}`,
          provider: name,
          label: `${name}-${index + 1}`,
          kind: 'api_key',
          fingerprint: '',
          credential: { kind: 'api_key', apiKey: `sk-secret-${name}` },
        }),
    ),
  )
  return {
    name,
    type: 'openai',
    dialect: { id: 'openai-chat' },
    baseUrl: `http://${name}.internal/v1`,
    priority: 1,
    models: [],
    tiers: {},
    traits: {},
    limits: { connect: 1000, firstByte: 1000, idle: 1000 },
    repair: true,
    pool,
    send: () => Promise.reject(new Error('a paper provider is not called')),
    headers: () => ({}),
    secrets: () => [],
    ...settings,
  }
}
