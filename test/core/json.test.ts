import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { endOfString, JsonError, parseJson, tryParseJson } from '../../src/core/json.ts'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

function refusal(text: string, depth = 100): JsonError {
  try {
    parseJson(text, depth)
  } catch (error) {
    if (error instanceof JsonError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('the depth guard', () => {
  test('takes the limit itself and refuses one more', () => {
    expect(parseJson(nested(100), 100)).toBeArray()
    expect(refusal(nested(101)).kind).toBe('too-deep')
    expect(parseJson('{"a":{"b":1}}', 2)).toEqual({ a: { b: 1 } })
    expect(refusal('{"a":{"b":{}}}', 2).kind).toBe('too-deep')
  })

  test('counts depth, not brackets', () => {
    const wide = `[${Array(1000).fill('[]').join(',')}]`
    expect(parseJson(wide, 2)).toHaveLength(1000)
  })

  test.each(['["[[[[["]', String.raw`["\"[[[["]`, String.raw`["\\","[[["]`, String.raw`{"{{{\"{":"\\\"[["}`])(
    'does not look into strings: %s',
    text => {
      expect(parseJson(text, 1)).toEqual(JSON.parse(text))
    },
  )

  test('agrees with a plain count for any JSON', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = JSON.stringify(value)
        const depth = depthOf(value)
        expect(parseJson(text, depth)).toEqual(JSON.parse(text))
        if (depth > 0) expect(refusal(text, depth - 1).kind).toBe('too-deep')
      }),
    )
  })

  test('is linear: 10 MB of escapes, of quotes and of brackets', () => {
    const texts = [
      `["${'\\\\'.repeat(5_000_000)}"]`,
      `["${'\\"'.repeat(5_000_000)}"]`,
      `[${'[],'.repeat(3_300_000)}[]]`,
      `"${'x'.repeat(10_000_000)}`,
    ]
    for (const text of texts) {
      const started = performance.now()
      try {
        parseJson(text, 100)
      } catch (error) {
        expect(error).toBeInstanceOf(JsonError)
      }
      expect(performance.now() - started).toBeLessThan(3000)
    }
  })

  test('refuses a bomb that is never closed', () => {
    expect(refusal('['.repeat(1_000_000)).kind).toBe('too-deep')
    expect(refusal('{"a":'.repeat(200)).kind).toBe('too-deep')
  })
})

describe('what is said of malformed JSON', () => {
  test.each([
    '{"password":"hunter2}',
    '{hunter2: 1}',
    '{"a": hunter2}',
    '["\\uhunter2"]',
    '["\\hunter2"]',
    "{'hunter2': 1}",
    '{"a":1} hunter2',
    '[1,2 "hunter2"]',
    '{"a":"hunter2\n"}',
    '@hunter2',
    '',
  ])('repeats nothing of %j', text => {
    const { kind, reason } = refusal(text)
    expect(kind).toBe('malformed')
    expect(reason).toStartWith('malformed JSON: ')
    expect(reason.length).toBeGreaterThan('malformed JSON: '.length)
    expect(reason).not.toContain('hunter')
  })

  test('repeats no marked word, wherever it stands', () => {
    const templates = ['{"a":"b"}', '[1,"x",null]', '{"a":[{"b":true}]}', '"text"']
    fc.assert(
      fc.property(
        fc.constantFrom(...templates),
        fc.nat(20),
        fc.constantFrom('SECRET', '"SECRET', 'SECRET"', '\\SECRET', '`SECRET`'),
        (template, at, word) => {
          const text = template.slice(0, at) + word + template.slice(at)
          if (tryParseJson(text) !== undefined) return
          expect(refusal(text).reason).not.toContain('SECRET')
        },
      ),
    )
  })
})

test('endOfString finds the closing quote of any string', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, behind) => {
      const json = JSON.stringify(value)
      expect(endOfString(json + behind, 0)).toBe(json.length - 1)
    }),
  )
  expect(endOfString('"open', 0)).toBe(5)
})

test('tryParseJson never throws', () => {
  expect(tryParseJson('{')).toBeUndefined()
  expect(tryParseJson('null')).toBeNull()
})
