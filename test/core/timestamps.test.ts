import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseHttpDate, parseRfc3339, rfc3339 } from '../../src/core/timestamps.ts'

test('an HTTP date is the time that it was made of, to the second', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1900-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), date => {
      expect(parseHttpDate(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000) * 1000)
    }),
  )
})

test.each(['Sat, 21 Foo 2026 15:00:00 GMT', '2026-11-21T15:00:00Z', '21 Nov 2026', '120', ''])('%j is no HTTP date', text => {
  expect(parseHttpDate(text)).toBeUndefined()
})

test('RFC 3339 in UTC with milliseconds', () => {
  expect(rfc3339(Date.UTC(2026, 10, 21, 15, 17, 0, 5))).toBe('2026-11-21T15:17:00.005Z')
})

test('RFC 3339 with any offset is read', () => {
  expect(parseRfc3339('2026-11-21T15:17:00.005Z')).toBe(Date.UTC(2026, 10, 21, 15, 17, 0, 5))
  expect(parseRfc3339('2026-11-21T15:17:00+08:00')).toBe(Date.UTC(2026, 10, 21, 7, 17))
})

test.each(['2026-11-21', '2026-11-21 15:17:00', '2026-13-21T15:17:00Z', '1795264960105', ''])('%j is no RFC 3339', text => {
  expect(parseRfc3339(text)).toBeUndefined()
})
