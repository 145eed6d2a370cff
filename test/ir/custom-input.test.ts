import { describe, expect, test } from 'bun:test'
import { CustomInputReader, customInput, customToolNames } from '../../src/ir/custom-input.ts'

const read = (pieces: readonly string[]): string[] => {
  const reader = new CustomInputReader()
  return [...pieces.map(piece => reader.push(piece)), reader.end()]
}

/** Quotes, backslashes, escapes of every length, a pair of surrogates as characters and as escapes. */
const TEXT = 'say "hi" \\ /\b\f\n\r\t é 世界 🌍'
const FORMS = [
  JSON.stringify({ input: TEXT }),
  ` \n{ "input" :\t${JSON.stringify(TEXT).replace('🌍', '\\uD83C\\udf0d').replace('é', '\\u00e9').replace('/', '\\/')} , "more": 1 }`,
]

describe('the free text of a custom tool that a function stood in for', () => {
  test('comes out whole', () => {
    for (const form of FORMS) expect(customInput(form)).toBe(TEXT)
    expect(customInput('{"other":1}')).toBe('{"other":1}')
    expect(customInput('plain text')).toBe('plain text')
    expect(customInput('{"input":7}')).toBe('{"input":7}')
  })

  test('comes out the same however the arguments are cut', () => {
    for (const form of FORMS) {
      for (let at = 0; at <= form.length; at++) {
        const text = read([form.slice(0, at), form.slice(at)]).join('')
        // A cut between two halves of one character is no cut that an upstream makes; joined they are the same all the same.
        expect(text).toBe(TEXT)
      }
      expect(read([...form]).join('')).toBe(TEXT)
    }
  })

  test('goes out as soon as it is certain, and never in halves', () => {
    expect(read(['{"inp', 'ut":"ab', 'c\\', 'nd\\u00', 'e9', '\\ud83c', '\\udf0d"', '}'])).toEqual([
      '',
      'ab',
      'c',
      '\nd',
      'é',
      '',
      '🌍',
      '',
      '',
    ])
  })

  test('of a model that writes line breaks as they are', () => {
    expect(read(['{"input":"a\nb"}'])).toEqual(['a\nb', ''])
  })

  test('of a model that does not keep to the form comes at the end', () => {
    expect(read(['*** Begin', ' Patch'])).toEqual(['', '', '*** Begin Patch'])
    expect(read(['{"note":1,', '"input":"x"}'])).toEqual(['', '', 'x'])
  })

  test('that was cut short is as long as it came', () => {
    expect(read(['{"input":"abc\\u00'])).toEqual(['abc', ''])
  })
})

test('which tools are free text', () => {
  expect([
    ...customToolNames([
      { type: 'function', name: 'a' },
      { type: 'custom', name: 'b' },
    ]),
  ]).toEqual(['b'])
  expect(customToolNames(undefined).size).toBe(0)
})
