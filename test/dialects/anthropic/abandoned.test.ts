import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { voidInput } from '../../../src/dialects/anthropic/abandoned.ts'

test.each([
  '{',
  '{"a',
  '{"a"',
  '{"a":',
  '{"a":"b',
  '{"a":"b\\',
  '{"a":"b\\u00',
  '{"a":"b",',
  '{"a":tr',
  '{"a":-',
  '{"a":[1,{"b":"c',
  '{"a":[1,',
  '{"rm":"/tmp","f":true',
])('%s', partial => {
  const whole = JSON.parse(partial + voidInput(partial)) as Record<string, unknown>
  const { _invalid_json: half, ...members } = whole
  expect(half).toBe(partial)
  expect(Object.values(members).every(value => value === null)).toBe(true)
})

test.each(['', '{}', '{"a":1}', 'nonsense'])('nothing is added to %j', text => {
  expect(voidInput(text)).toBe('')
})

test('any object, cut anywhere, becomes one that says nothing', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.double({ min: 0, max: 1, noNaN: true }), (value, where) => {
      const text = JSON.stringify(value)
      const partial = text.slice(0, 1 + Math.floor(where * (text.length - 2)))
      if (partial === text) return
      const whole = JSON.parse(partial + voidInput(partial)) as Record<string, unknown>
      expect(whole._invalid_json).toBe(partial)
      for (const [key, member] of Object.entries(whole)) if (key !== '_invalid_json') expect(member).toBeNull()
    }),
    { numRuns: 500 },
  )
})
