import type { Static } from '@sinclair/typebox'
import { choice, duration, flag, list, object, optional, text } from './schema/fields.ts'
import { access, behaviour, server, storage } from './schema/gateway.ts'
import { models } from './schema/models.ts'
import { olderProxies } from './schema/older-proxies.ts'
import { providerSchema, STRATEGIES } from './schema/provider.ts'

/** The config file: types, checks, defaults, environment names, example and documentation all come from here. */
export const configSchema = object('Configuration of Dragoman.', {
  $schema: optional(text('For editors.')),
  ...server,
  ...access,
  providers: list('Upstreams, tried in the order of their priority.', providerSchema, {
    sample: [
      { name: 'OpenAI', provider_type: 'openai', api_key: 'sk-…', models: ['gpt-4o', 'gpt-4o-mini'], priority: 1 },
      { name: 'Local', provider_type: 'vllm', base_url: 'http://127.0.0.1:8000/v1', quirks: { mid_system: true, think_tags: true } },
    ],
  }),
  load_balance_strategy: choice('How accounts are chosen.', STRATEGIES, { default: 'round_robin' }),
  routing_headers: flag('Answers say which provider and account served them, and after how many attempts.', { default: true }),
  health_check_interval: duration('How often idle accounts are checked.', { default: '30s' }),
  ...models,
  ...behaviour,
  ...storage,
  ...olderProxies,
})

/** The effective configuration: every default filled in, durations in milliseconds, sizes in bytes, `~` expanded. */
export type Config = Static<typeof configSchema>

export type { ModelEntry, ModelListConfig } from './schema/models.ts'
export type { JetbrainsAccount, JetbrainsToken } from './schema/older-proxies.ts'
export type { ProviderConfig, ProviderType } from './schema/provider.ts'
