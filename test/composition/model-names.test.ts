import { describe, expect, test } from 'bun:test'
import { modelNames } from '../../src/composition/model-names.ts'
import { defaultConfig } from '../../src/config/default.ts'
import type { Config } from '../../src/config/schema.ts'
import type { ModelRecord } from '../../src/store/models.ts'

const stored = (name: string, target: ModelRecord['target'], dialect: ModelRecord['dialect'] = 'any'): ModelRecord => ({
  ...{ name, dialect, target, origin: 'import', createdAt: 0, version: 1 },
})

const entry = (targets: Config['models'][string]) => targets

describe('names of models', () => {
  test("are the configuration's, and the stored ones behind them", () => {
    const config: Config = {
      ...defaultConfig(),
      models: {
        fast: 'gpt-4o-mini',
        smart: entry({
          aliases: ['clever'],
          targets: [
            { provider: 'p', weight: 1 },
            { provider: 'q', model: 'm', weight: 1 },
          ],
        }),
      },
      anthropic_model_mappings: { sonnet: 'mine' },
    }
    const names = modelNames(config, [
      stored('fast', { alias: 'stored' }),
      stored('clever', { alias: 'stored' }),
      stored('new', { alias: 'stored' }),
      stored('sonnet', { alias: 'stored' }, 'anthropic'),
      stored('haiku', { alias: 'stored' }, 'anthropic'),
    ])
    expect(Object.fromEntries(names.models)).toEqual({
      fast: { alias: 'gpt-4o-mini' },
      clever: { alias: 'smart' },
      new: { alias: 'stored' },
      smart: {
        targets: [
          { provider: 'p', model: 'smart' },
          { provider: 'q', model: 'm' },
        ],
      },
    })
    expect(Object.fromEntries(names.anthropicMappings)).toEqual({ sonnet: 'mine', haiku: 'stored' })
  })

  test('with stored targets: at a provider, or wherever the model is', () => {
    const { models } = modelNames(defaultConfig(), [
      stored('placed', {
        targets: [
          { provider: 'p', model: 'm' },
          { provider: 'q', model: 'n' },
        ],
      }),
      stored('open', { targets: [{ model: 'm' }] }),
    ])
    expect(Object.fromEntries(models)).toEqual({
      placed: {
        targets: [
          { provider: 'p', model: 'm' },
          { provider: 'q', model: 'n' },
        ],
      },
      open: { alias: 'm' },
    })
  })
})
