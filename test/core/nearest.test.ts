import { expect, test } from 'bun:test'
import { nearestNames } from '../../src/core/nearest.ts'

const NAMES = ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5', 'o3', 'command-r']

test('slips are found, nearest first', () => {
  expect(nearestNames('gpt-4', NAMES)[0]).toBe('gpt-4o')
  expect(nearestNames('GPT4o', NAMES)[0]).toBe('gpt-4o')
  expect(nearestNames('claude-sonet-4-5', NAMES)).toEqual(['claude-sonnet-4-5'])
})

test('a name within another is found, a stranger is not', () => {
  expect(nearestNames('sonnet', NAMES)).toEqual(['claude-sonnet-4-5'])
  expect(nearestNames('completely-different-thing', NAMES)).toEqual([])
})

test('no more than asked for, in a stable order', () => {
  expect(nearestNames('m1', ['m4', 'm3', 'm2', 'm5'], 2)).toEqual(['m2', 'm3'])
})

test('a megabyte of name costs next to nothing', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `model-${index}-${'x'.repeat(80)}`)
  const started = performance.now()
  nearestNames('x'.repeat(1_000_000), names)
  expect(performance.now() - started).toBeLessThan(1000)
})
