import { expect, test } from 'bun:test'
import { Affinity } from '../../src/accounts/affinity.ts'

const MIN = 60_000

test('knows who served a conversation last, for ten minutes', () => {
  const affinity = new Affinity()
  affinity.remember('c', 'a', 0)
  expect(affinity.find('c', 10 * MIN - 1)).toBe('a')
  expect(affinity.find('c', 10 * MIN)).toBeUndefined()
  expect(affinity.find('other', 0)).toBeUndefined()
})

test('each turn warms it anew, and may move it', () => {
  const affinity = new Affinity()
  affinity.remember('c', 'a', 0)
  affinity.remember('c', 'b', 9 * MIN)
  expect(affinity.find('c', 18 * MIN)).toBe('b')
})

test('holds twenty thousand; those that were silent longest go first', () => {
  const affinity = new Affinity()
  for (let conversation = 0; conversation < 20_000; conversation++) affinity.remember(`c${conversation}`, 'a', 0)
  affinity.remember('c0', 'a', 1)
  affinity.remember('one more', 'a', 1)
  expect([affinity.find('c0', 1), affinity.find('c1', 1), affinity.find('c2', 1)]).toEqual(['a', undefined, 'a'])
})
