import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { cutWithin, isSafeCut } from '../../../src/operations/token-counting/cut.ts'
import { holds } from '../../properties/runs.ts'
import { ENCODINGS, exactly, mixedText, TEXTS } from './texts.ts'

const safeCuts = (text: string): number[] => Array.from({ length: text.length }, (_, at) => at).filter(at => at > 0 && isSafeCut(text, at))

describe('a safe cut', () => {
  test.each(ENCODINGS)('changes no count of %s', encoding => {
    const count = exactly[encoding]
    const check = (text: string) => {
      const whole = count(text)
      for (const at of safeCuts(text)) expect([text, at, count(text.slice(0, at)) + count(text.slice(at))]).toEqual([text, at, whole])
    }
    for (const text of Object.values(TEXTS)) check(text)
    holds(fc.property(mixedText, check), 300)
  })

  test.each([
    ['words', 'one| two', true],
    ['a sentence and the next', 'one.| Two', true],
    ['a word and its marks', 'one|, two', true],
    ['a word and the end of its line', 'one|\n', true],
    ['a word and a number', 'abc|123', true],
    ['a Chinese clause and the next', '文|。文', true],
    ['a word and its ending', "don|'t", false],
    ['letters', 'on|e', false],
    ['marks and the end of their line', ').|\n', false],
    ['spaces', ' | a', false],
    ['a letter and its accent', 'e|\u0301', false],
    ['the halves of a pair', '\ud83d|\ude00', false],
    ['a letter and a pair', '字|𠮷', false],
  ])('between %s: %j is %j', (_, marked, safe) => {
    expect(isSafeCut(marked.replace('|', ''), marked.indexOf('|'))).toBe(safe)
  })
})

describe('a cut within limits', () => {
  test('is the last safe one', () => {
    expect(cutWithin('one two three', 0, 10)).toBe(7)
    expect(cutWithin('one two three', 0, 7)).toBe(7)
    expect(cutWithin('one two three', 3, 6)).toBe(6)
  })

  test('is never within a pair', () => {
    expect(cutWithin('🎈🎈🎈', 0, 3)).toBe(2)
    expect(cutWithin('🎈🎈🎈', 0, 4)).toBe(4)
  })
})
