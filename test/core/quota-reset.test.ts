import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { nextReset } from '../../src/core/quota-reset.ts'

const at = (text: string): number => Date.parse(text)
const HOUR = 3_600_000

test('a day ends at midnight in Beijing', () => {
  expect(nextReset('day-utc8', at('2026-11-21T15:59:59Z'))).toBe(at('2026-11-21T16:00:00Z'))
  expect(nextReset('day-utc8', at('2026-11-21T16:00:00Z'))).toBe(at('2026-11-22T16:00:00Z'))
})

test('a week ends where Monday begins there', () => {
  // 2026-11-22 is a Sunday.
  expect(nextReset('week-utc8', at('2026-11-22T15:59:59Z'))).toBe(at('2026-11-22T16:00:00Z'))
  expect(nextReset('week-utc8', at('2026-11-22T16:00:00Z'))).toBe(at('2026-11-29T16:00:00Z'))
})

test('it is always ahead, within its period, and at the hour', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), now => {
      for (const [reset, hours] of [['day-utc8', 24] as const, ['week-utc8', 7 * 24] as const]) {
        const next = nextReset(reset, now)
        expect(next > now && next <= now + hours * HOUR).toBe(true)
        expect((next + 8 * HOUR) % (24 * HOUR)).toBe(0)
        if (reset === 'week-utc8') expect(new Date(next + 8 * HOUR).getUTCDay()).toBe(1)
      }
    }),
  )
})
