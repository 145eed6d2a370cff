import { expect, test } from 'bun:test'
import { randomText, systemIds } from '../../src/core/ids.ts'

test('an identifier is the prefix and 24 characters, no two the same', () => {
  const ids = Array.from({ length: 1000 }, () => systemIds.next('req_'))
  for (const id of ids) expect(id).toMatch(/^req_[0-9A-Za-z]{24}$/)
  expect(new Set(ids).size).toBe(ids.length)
})

test('one made in a later millisecond sorts later', async () => {
  const before = systemIds.next('')
  const start = Date.now()
  while (Date.now() === start) await new Promise(resolve => setImmediate(resolve))
  expect(before < systemIds.next('')).toBe(true)
})

test('random text has the length asked for and draws on the whole alphabet', () => {
  const text = randomText(20_000)
  expect(text).toMatch(/^[0-9A-Za-z]{20000}$/)
  expect(new Set(text).size).toBe(62)
})
