import { expect, test } from 'bun:test'
import { declaredLimits } from '../../src/composition/declared-limits.ts'
import { defaultConfig } from '../../src/config/default.ts'

test('limits are those that entries name; other entries have none', () => {
  const entry = { aliases: [], targets: [] }
  const models = { a: 'b', b: { ...entry, context_window: 1000, max_output: 10 }, c: { ...entry, max_output: 5 }, d: entry }
  expect([...declaredLimits({ ...defaultConfig(), models })]).toEqual([
    ['b', { contextWindow: 1000, maxOutput: 10 }],
    ['c', { contextWindow: undefined, maxOutput: 5 }],
  ])
})
