import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { numeral, quoted } from '../../src/core/quoted.ts'

test('a name is said as JSON.stringify says it, the first time and the next', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), name => {
      expect([quoted(name), quoted(name)]).toEqual([JSON.stringify(name), JSON.stringify(name)])
    }),
  )
})

test('a number too', () => {
  for (const value of [0, -0, 1.5, 1e21, 5e-324, Number.NaN, Number.POSITIVE_INFINITY])
    expect(`${numeral(value)}`).toBe(JSON.stringify(value))
})

test('names are kept as text, but not without end', () => {
  const before = process.memoryUsage().heapUsed
  for (let count = 0; count < 50_000; count++) expect(quoted(`name ${count} "${'x'.repeat(150)}`).length).toBeGreaterThan(150)
  expect(quoted('x'.repeat(100_000))).toHaveLength(100_002)
  Bun.gc(true)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8_000_000)
})
