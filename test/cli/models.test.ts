import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { registerModels } from '../../src/cli/models.ts'
import { modelData } from '../../src/routing/model-data.ts'
import { openDatabase } from '../../src/store/database.ts'
import { createModels } from '../../src/store/models.ts'
import { removeWorkplaces } from '../config/workplace.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { CommandLine } from './command-line.ts'

afterAll(removeWorkplaces)

/** Nobody is asked, so nobody has to be there. */
const NOBODY = { url: 'http://127.0.0.1:9', loginUrl: 'http://127.0.0.1:9' }

const QWEN = {
  name: 'Q',
  provider_type: 'qwen',
  base_url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  api_key: 'sk-hunter2',
  models: ['qwen3-coder-plus', 'qwen3-max'],
}
const OPENAI = { name: 'O', provider_type: 'openai', api_key: 'sk-hunter2', models: ['gpt-4o', 'gpt-*'] }

function commandLine(config: Record<string, unknown> = { providers: [QWEN, OPENAI] }) {
  const line = new CommandLine(NOBODY, config)
  const models = (...args: string[]) => line.run(registerModels, ['models', ...args])
  const listed = async () => JSON.parse((await models('--json')).out)
  const database = join(line.place.cwd, 'data', 'dragoman.db')
  return { line, models, listed, database }
}

describe('models', () => {
  test('lists what is served with what is known of it, and the plans', async () => {
    const { models } = commandLine()
    const { code, out, err } = await models()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^qwen3-coder-plus +1,000,000 +997,952 +65,536 +Q +-$/m)
    expect(out).toMatch(/^gpt-4o +128,000 +- +16,384 +O +-$/m)
    expect(out).toContain('any name like gpt-* goes to O as it is')
    expect(out).toMatch(/^coding +singapore +https:\/\/coding-intl\.dashscope\.aliyuncs\.com\/v1$/m)
    expect(out).toMatch(/^coding: .*kimi-k2\.5/m)
    expect(out).not.toContain('hunter2')
  })

  test('knows entries of the config, their other names, and what they say of limits', async () => {
    const { listed } = commandLine({
      providers: [QWEN, { ...OPENAI, models: [] }],
      models: {
        fast: 'qwen3-max',
        'qwen3-max': { max_output: 5000 },
        big: { targets: [{ provider: 'Q', model: 'glm-5' }], context_window: 1234, aliases: ['huge'] },
      },
      anthropic_model_mappings: { 'claude-3.5-sonnet': 'qwen3-max', 'claude-y': 'gpt-y' },
    })
    const { data, patterns, ...file } = await listed()
    const of = (id: string) => data.find((model: { id: string }) => model.id === id)
    expect(of('qwen3-max')).toEqual({
      id: 'qwen3-max',
      aliases: ['fast', 'claude-3.5-sonnet'],
      targets: [{ provider: 'Q', model: 'qwen3-max' }],
      context_window: 262_144,
      max_output: 5000,
    })
    expect(of('big')).toEqual({ id: 'big', aliases: ['huge'], targets: [{ provider: 'Q', model: 'glm-5' }], context_window: 1234 })
    expect(of('gpt-y')).toEqual({ id: 'gpt-y', aliases: ['claude-y'], targets: [{ provider: 'O', model: 'gpt-y' }] })
    expect(patterns).toEqual([{ provider: 'O', match: '*' }])
    const { models: known, embeddings, qwen } = modelData
    expect(file).toEqual({ known, embeddings, qwen })
  })

  test('knows stored names, and makes no database where there is none', async () => {
    const { listed, line, database } = commandLine()
    expect((await listed()).data).toHaveLength(3)
    expect(existsSync(database)).toBe(false)
    line.place.write('data/.keep', '')
    const clock = new FakeClock()
    const store = await openDatabase({ path: database, clock })
    await createModels({ store, clock }).put([{ name: 'mine', dialect: 'any', target: { alias: 'gpt-4o' }, origin: 'import' }])
    await store.close()
    expect((await listed()).data).toContainEqual(expect.objectContaining({ id: 'gpt-4o', aliases: ['mine'] }))
  })

  test('lists the models of JetBrains accounts without asking for them', async () => {
    const { listed, database } = commandLine({ jetbrains_accounts: [{ licenseId: 'LIC1', authorization: 'hunter2hunter2' }] })
    const { data } = await listed()
    expect(data.length).toBeGreaterThan(5)
    expect(data[0].targets[0].provider).toBe('jetbrains')
    expect(existsSync(database)).toBe(false)
  })

  test('says so where nothing is named, and what is wrong with a config', async () => {
    const empty = await commandLine({}).models()
    expect(empty).toMatchObject({ code: 0, err: expect.stringContaining('no model is named here') })
    expect(empty.out).toContain('QWEN PLAN')
    const broken = await commandLine({ providers: 5 }).models()
    expect(broken).toMatchObject({ code: 1, out: '', err: expect.stringContaining('providers') })
    expect((await commandLine().models('--nonsense')).code).toBe(2)
    expect((await commandLine().models('surplus')).code).toBe(2)
  })
})
