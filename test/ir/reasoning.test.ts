import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { BUDGET_OF_EFFORT, carrySeal, EFFORTS, effortOfBudget, readSeal } from '../../src/ir/reasoning.ts'

test('a carried seal comes back to its issuer', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), value => {
      expect(readSeal(carrySeal({ issuer: 'gemini', value }), 'anthropic')).toEqual({ issuer: 'gemini', value })
    }),
  )
})

test('any other text is the carrier’s own, and none is none', () => {
  expect(readSeal('EqQBCkgI', 'anthropic')).toEqual({ issuer: 'anthropic', value: 'EqQBCkgI' })
  expect(readSeal('', 'anthropic')).toBeUndefined()
  expect(readSeal('gw1.broken', 'anthropic')).toBeUndefined()
})

test('effort and budget agree where both scales have a step', () => {
  for (const effort of ['low', 'medium', 'high', 'xhigh'] as const) expect(effortOfBudget(BUDGET_OF_EFFORT[effort])).toBe(effort)
  expect([512, 513, 1024, 1025, 8192, 8193, 24_576, 24_577].map(effortOfBudget)).toEqual([
    'minimal',
    'low',
    'low',
    'medium',
    'medium',
    'high',
    'high',
    'xhigh',
  ])
  const budgets = EFFORTS.map(effort => BUDGET_OF_EFFORT[effort])
  expect(budgets).toEqual([...budgets].sort((a, b) => a - b))
})
