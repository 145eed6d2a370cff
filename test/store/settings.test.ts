import { expect, test } from 'bun:test'
import { openDatabase } from '../../src/store/database.ts'
import { createSettings } from '../../src/store/settings.ts'
import { FakeClock } from '../support/fake-clock.ts'

test('settings are kept, replaced and removed', async () => {
  const clock = new FakeClock()
  const store = await openDatabase({ path: ':memory:', clock })
  const settings = createSettings({ store, clock })
  expect(await settings.get('a')).toBeUndefined()
  await settings.set('a', { list: [1, null, 'x'] })
  await settings.set('b', false)
  expect(await settings.get('a')).toEqual({ list: [1, null, 'x'] })
  clock.advance(5)
  await settings.set('a', 'new')
  expect(await settings.get('a')).toBe('new')
  expect(await settings.get('b')).toBe(false)
  const row = await store.db.selectFrom('settings').select('updated_at').where('name', '=', 'a').executeTakeFirst()
  expect(row?.updated_at).toBe(clock.now())
  await settings.remove('a')
  expect(await settings.get('a')).toBeUndefined()
  await store.close()
})
