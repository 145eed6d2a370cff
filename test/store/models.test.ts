import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../src/store/database.ts'
import { createModels, type NewModel } from '../../src/store/models.ts'
import { FakeClock } from '../support/fake-clock.ts'

async function setUp() {
  const clock = new FakeClock()
  const store = await openDatabase({ path: ':memory:', clock })
  return { clock, models: createModels({ store, clock }) }
}

const alias = (name: string, to: string, dialect: NewModel['dialect'] = 'any'): NewModel => ({
  ...{ name, dialect, target: { alias: to }, origin: 'import' },
})

describe('put', () => {
  test('keeps names with what they stand for', async () => {
    const { models, clock } = await setUp()
    const targets = [{ provider: 'JetBrains', model: 'openai-gpt-4o' }, { model: 'gpt-4o' }]
    expect(await models.put([{ name: 'gpt-4o', dialect: 'any', target: { targets }, origin: 'import' }, alias('fast', 'gpt-4o')])).toEqual({
      ...{ added: 2, changed: 0 },
    })
    expect(await models.list()).toEqual([
      { ...alias('fast', 'gpt-4o'), createdAt: clock.now(), version: 1 },
      { name: 'gpt-4o', dialect: 'any', target: { targets }, origin: 'import', createdAt: clock.now(), version: 1 },
    ])
  })

  test('replaces what differs and leaves what does not', async () => {
    const { models, clock } = await setUp()
    const made = clock.now()
    const one: NewModel = { name: 'one', dialect: 'any', target: { targets: [{ provider: 'p', model: 'm' }] }, origin: 'import' }
    await models.put([one, alias('two', 'b')])
    clock.advance(1000)
    const same: NewModel = { ...one, target: { targets: [{ model: 'm', provider: 'p' }] } }
    expect(await models.put([same, alias('two', 'c')])).toEqual({ added: 0, changed: 1 })
    expect(await models.list()).toEqual([
      { ...one, createdAt: made, version: 1 },
      { ...alias('two', 'c'), createdAt: made, version: 2 },
    ])
  })

  test("Anthropic's callers may have a meaning of their own", async () => {
    const { models } = await setUp()
    await models.put([alias('sonnet', 'a'), alias('sonnet', 'b', 'anthropic')])
    expect((await models.list()).map(({ dialect, target }) => [dialect, target])).toEqual([
      ['anthropic', { alias: 'b' }],
      ['any', { alias: 'a' }],
    ])
  })

  test.each<[string, NewModel]>([
    ['models.1.name', alias(' ', 'b')],
    ['models.1.name', alias('x'.repeat(201), 'b')],
    ['models.1.alias', alias('a', '')],
    ['models.1.alias', alias('a', 'a')],
    ['models.1.targets', { ...alias('a', 'b'), target: { targets: [] } }],
    ['models.1.targets.0.model', { ...alias('a', 'b'), target: { targets: [{ model: 'a\nb' }] } }],
    ['models.1.targets.1.provider', { ...alias('a', 'b'), target: { targets: [{ model: 'm' }, { provider: '', model: 'm' }] } }],
  ])('one bad entry is named (%s) and none is put in', async (param, bad) => {
    const { models } = await setUp()
    await expect(models.put([alias('good', 'b'), bad])).rejects.toMatchObject({ kind: 'invalid-request', param })
    expect(await models.list()).toEqual([])
  })
})

test('remove takes a name for one dialect or for all', async () => {
  const { models } = await setUp()
  const put = () => models.put([alias('a', 'x'), alias('a', 'y', 'anthropic'), alias('b', 'x')])
  await put()
  await models.remove('a', 'anthropic')
  expect((await models.list()).map(({ name, dialect }) => [name, dialect])).toEqual([
    ['a', 'any'],
    ['b', 'any'],
  ])
  await put()
  await models.remove('a')
  expect((await models.list()).map(({ name }) => name)).toEqual(['b'])
  await expect(models.remove('a')).rejects.toMatchObject({ kind: 'model-not-found' })
})
