import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { spliceTopLevel, topLevelSpans } from '../../src/core/json-splice.ts'

const set = (text: string, changes: Record<string, string | null>) => spliceTopLevel(text, new Map(Object.entries(changes)))

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 })

/** A key's JSON text, some of its characters written as escapes. */
const keyText = (key: string, escaped: boolean[]) =>
  `"${[...key].map((letter, index) => (escaped[index] ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : letter)).join('')}"`

const scalar = fc.constantFrom(
  '12345678901234567890',
  '1.0',
  '-0',
  '1e400',
  'true',
  'null',
  '""',
  '"}"',
  String.raw`"\"model\":\"x\",{[\\"`,
  '"é😀"',
)
const inner = fc.constantFrom('{}', '[]', '{"model":"inner"}', '[{"model":[{"model":1.50}]}]', '{ "a" : "]}" , "model":{ } }')
const member = fc.record({
  key: fc.constantFrom('model', 'model', 'stream', 'a', 'models', 'Model', ''),
  escaped: fc.array(fc.boolean(), { maxLength: 6 }),
  value: fc.oneof(scalar, inner),
  spaces: fc.tuple(space, space, space, space),
})

/** An object's text in pieces: what stands between the values of `model`, and those values. */
const written = fc
  .record({ members: fc.array(member, { maxLength: 6 }), before: space, behind: space, empty: space })
  .map(({ members, before, behind, empty }) => {
    const text = members
      .map(({ key, escaped, value, spaces: [a, b, c, d] }) => `${a}${keyText(key, escaped)}${b}:${c}${value}${d}`)
      .join(',')
    const marked = members
      .map(
        ({ key, escaped, value, spaces: [a, b, c, d] }) => `${a}${keyText(key, escaped)}${b}:${c}${key === 'model' ? '\u0000' : value}${d}`,
      )
      .join(',')
    const wrap = (inside: string) => `${before}{${members.length === 0 ? empty : inside}}${behind}`
    return { text: wrap(text), marked: wrap(marked), has: members.some(({ key }) => key === 'model'), count: members.length }
  })

describe('splicing', () => {
  test('takes a member out, wherever it stands', () => {
    fc.assert(
      fc.property(written, ({ text }) => {
        const { model: _, ...rest } = JSON.parse(text)
        expect(JSON.parse(set(text, { model: null }))).toEqual(rest)
        expect(JSON.parse(set(text, { model: null, other: '1' }))).toEqual({ ...rest, other: 1 })
      }),
    )
    expect(set('{ "a" : 1 , "model":2, "b":3.0 }', { model: null })).toBe('{ "a" : 1, "b":3.0 }')
    expect(set('{ "model":2, "b":3.0 }', { model: null })).toBe('{ "b":3.0 }')
    expect(set('{"a":1}', { model: null })).toBe('{"a":1}')
  })

  test('sets the value and leaves every other byte', () => {
    fc.assert(
      fc.property(written, fc.constantFrom('"new"', '{"x":[1]}', 'null'), ({ text, marked, has, count }, value) => {
        JSON.parse(text)
        const result = set(text, { model: value })
        if (has) expect(result).toBe(marked.replaceAll('\u0000', value))
        else {
          const close = text.lastIndexOf('}')
          expect(result).toBe(`${text.slice(0, close)}${count > 0 ? ',' : ''}"model":${value}${text.slice(close)}`)
        }
        expect(JSON.parse(result).model).toEqual(JSON.parse(value))
      }),
      { numRuns: 500 },
    )
  })

  test('finds the same members as JSON.parse', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.constantFrom(undefined, 2, '\t'), (object, indent) => {
        const text = JSON.stringify(object, null, indent)
        const entries = topLevelSpans(text).map(({ key, start, end }) => [key, JSON.parse(text.slice(start, end))])
        expect(entries).toEqual(Object.entries(JSON.parse(text)))
      }),
    )
  })

  test('reads escapes in keys, and leaves them', () => {
    expect(set('{"mod\\u0065l":"a","\\u006dodel\\u0020":1}', { model: '"b"' })).toBe('{"mod\\u0065l":"b","\\u006dodel\\u0020":1}')
  })

  test('replaces every occurrence of a doubled key, and no nested one', () => {
    const text = '{"model":"a","metadata":{"model":"keep"},"model" : "c"}'
    expect(set(text, { model: '"b"' })).toBe('{"model":"b","metadata":{"model":"keep"},"model" : "b"}')
  })

  test('keeps what a parser would round or reorder', () => {
    const text = '{"2":1,"1":12345678901234567890,"x":1.10,"y":1E2,"model":"a"}\n'
    expect(set(text, { model: '"b"', seed: '7' })).toBe('{"2":1,"1":12345678901234567890,"x":1.10,"y":1E2,"model":"b","seed":7}\n')
  })

  test('adds to an empty object and changes nothing when asked for nothing', () => {
    expect(set('{ }', { a: '1', b: '2' })).toBe('{ "a":1,"b":2}')
    expect(set(' { "a" : 1 } ', {})).toBe(' { "a" : 1 } ')
  })

  test('is linear on 10 MB', () => {
    const text = `{"messages":[${'{"role":"user","content":"\\"{["},'.repeat(300_000)}{}],"image":"${'A'.repeat(2_000_000)}","model":"a"}`
    const started = performance.now()
    expect(set(text, { model: '"b"' })).toEndWith('"model":"b"}')
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
