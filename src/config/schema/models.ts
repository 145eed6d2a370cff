import { type Static, Type } from '@sinclair/typebox'
import { choice, duration, flag, list, map, number, object, oneOrMany, optional, secret, text, whole } from './fields.ts'
import { prices } from './provider.ts'

const target = object('A provider that serves the model.', {
  provider: text('Name of the provider.'),
  model: optional(text("The model's name there. Default: the same name.")),
  weight: number('Share of requests among targets.', { default: 1, minimum: 0 }),
})

const modelEntry = object('A model.', {
  aliases: list('Other names for it.', text('A name.')),
  targets: list('Where it is served, in this order. Without any: wherever the name is listed.', target),
  prices: optional(prices),
  context_window: optional(whole('Tokens of prompt and answer together. Longer prompts are refused unsent.', { minimum: 1 })),
  max_output: optional(whole('Tokens of an answer. Larger limits are lowered.', { minimum: 1 })),
})

export type ModelEntry = Static<typeof modelEntry>

const override = object('Models that are served elsewhere, by family or by the start of their handle.', {
  family: optional(text('Family of the models.', { sample: 'gpt-4' })),
  handle: optional(text('How their handles begin.')),
  base_url: text('Where they are served.', { sample: 'https://other.example.com' }),
  auth_token: optional(secret('Token for that place.')),
  dialect: optional(choice('What is spoken there.', ['openai', 'anthropic', 'gemini', 'cohere'])),
})

const modelList = object('A list of models fetched from elsewhere.', {
  url: text('Address of the list.', { secret: 'url', sample: 'https://api.example.com/models' }),
  auth_token: optional(secret('Token for the list and the models.')),
  refresh_interval: duration('How often it is fetched.', { default: '5m', least: 1000 }),
  overrides: list('Exceptions.', override, {
    sample: [{ family: 'gpt-4', base_url: 'https://other.example.com', auth_token: '…', dialect: 'openai' }],
  }),
  allow_http: flag('Accept a plain http:// address that is not loopback.', { default: false }),
})

export type ModelListConfig = Static<typeof modelList>

/** Names clients use, and where they lead. */
export const models = {
  models: map(
    'Names for clients: another name for a model, or where it is served.',
    Type.Union([text('Name of another model.'), modelEntry]),
    {
      sample: { fast: 'gpt-4o-mini', 'gpt-4o': { targets: [{ provider: 'OpenAI', model: 'gpt-4o' }] } },
    },
  ),
  anthropic_model_mappings: map('Names that /v1/messages maps to others.', text('Name of a model.'), {
    sample: { 'claude-3.5-sonnet': 'anthropic-claude-3.5-sonnet' },
  }),
  model_list: oneOrMany('Model lists to serve: one, or a list of them.', modelList, {
    sample: { url: 'https://api.example.com/models', auth_token: '…', refresh_interval: '5m' },
  }),
  images: object(
    'Images named by their address.',
    {
      allow_hosts: list('Hosts from which images may be fetched although they are private or loopback.', text('A host name.'), {
        sample: ['images.internal'],
      }),
    },
    { default: {} },
  ),
}
