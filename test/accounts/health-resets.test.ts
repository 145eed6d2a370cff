import { expect, test } from 'bun:test'
import { Health } from '../../src/accounts/health.ts'
import { GatewayError, type UpstreamFault } from '../../src/core/errors.ts'

const NOW = Date.parse('2026-11-21T15:00:00Z')
const MIDNIGHT = Date.parse('2026-11-21T16:00:00Z')

function after(upstream: UpstreamFault, knownReset?: number) {
  const health = new Health()
  health.failed('m', new GatewayError('quota-exhausted', 'x', { upstream }), NOW, knownReset)
  return health.summary(NOW)
}

test('a quota that goes by the calendar is used up until its next beginning', () => {
  expect(after({ resets: 'day-utc8' })).toMatchObject({ state: 'exhausted', until: MIDNIGHT })
  const verdict = { state: 'exhausted', reason: 'the free quota is used up' } as const
  expect(after({ resets: 'day-utc8', verdict })).toMatchObject({ ...verdict, until: MIDNIGHT })
  expect(after({ resets: 'week-utc8', verdict })?.until).toBe(Date.parse('2026-11-22T16:00:00Z'))
})

test('what is known of the account itself wins, as long as it is ahead', () => {
  expect(after({ resets: 'day-utc8' }, NOW + 5000)?.until).toBe(NOW + 5000)
  expect(after({ resets: 'day-utc8' }, NOW - 5000)?.until).toBe(MIDNIGHT)
})
