import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { DATABASE_FILE, openDatabase } from '../../src/store/database.ts'
import { createModelCache } from '../../src/store/model-cache.ts'
import { createModels, type NewModel } from '../../src/store/models.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()

const alias = (name: string, to: string): NewModel => ({ name, dialect: 'any', target: { alias: to }, origin: 'import' })

/** A server's view, and another process at the same database. */
async function setUp() {
  const clock = new FakeClock()
  const path = join(folder(), DATABASE_FILE)
  const [store, other] = [await openDatabase({ path, clock }), await openDatabase({ path, clock })]
  const [models, others] = [store, other].map(each => createModels({ store: each, clock })) as [
    ReturnType<typeof createModels>,
    ReturnType<typeof createModels>,
  ]
  await models.put([alias('first', 'a')])
  const errors: unknown[] = []
  let changes = 0
  let changed = Promise.withResolvers<void>()
  const cache = await createModelCache({
    ...{ store, models, clock },
    onChange() {
      changes++
      changed.resolve()
      changed = Promise.withResolvers()
    },
    onError: error => errors.push(error),
  })
  const names = () => cache.records.map(({ name, target }) => [name, 'alias' in target ? target.alias : ''])
  return { clock, store, other, models, others, cache, names, errors, changes: () => changes, next: () => changed.promise }
}

describe('the view of stored models', () => {
  test('holds them from the start', async () => {
    const { names, changes } = await setUp()
    expect(names()).toEqual([['first', 'a']])
    expect(changes()).toBe(0)
  })

  test('follows what another process adds, changes, and removes for something else', async () => {
    const { clock, others, names, next } = await setUp()
    for (const [change, expected] of [
      [
        () => others.put([alias('second', 'b')]),
        [
          ['first', 'a'],
          ['second', 'b'],
        ],
      ],
      [
        () => others.put([alias('first', 'c')]),
        [
          ['first', 'c'],
          ['second', 'b'],
        ],
      ],
      [
        () => others.remove('second').then(() => others.put([alias('third', 'b')])),
        [
          ['first', 'c'],
          ['third', 'b'],
        ],
      ],
    ] as const) {
      const heard = next()
      await change()
      clock.advance(500)
      await heard
      expect(names()).toEqual(expected.map(pair => [...pair]))
    }
  })

  test('follows this process at once', async () => {
    const { models, names, next } = await setUp()
    const heard = next()
    await models.put([alias('second', 'b')])
    await heard
    expect(names()).toHaveLength(2)
  })

  test('says nothing where nothing has changed, and nothing after its end', async () => {
    const { clock, others, models, names, cache, changes, other } = await setUp()
    await others.put([alias('first', 'a')])
    await other.durable(tx => tx.insertInto('settings').values({ name: 'n', value: 'v', updated_at: 0 }).execute())
    clock.advance(500)
    await models.list()
    await models.list()
    expect(changes()).toBe(0)
    cache.stop()
    await others.put([alias('second', 'b')])
    clock.advance(5000)
    await models.list()
    expect(names()).toHaveLength(1)
  })

  test('keeps what it has while the database cannot be read', async () => {
    const { clock, store, names, errors } = await setUp()
    await store.close()
    clock.advance(500)
    expect(errors.length).toBeGreaterThan(0)
    expect(names()).toEqual([['first', 'a']])
  })
})
