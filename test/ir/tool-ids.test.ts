import { describe, expect, test } from 'bun:test'
import type { Message } from '../../src/ir/message.ts'
import { fitToolIds, legalId } from '../../src/ir/tool-ids.ts'

const LIMITS = { id: /^[a-zA-Z0-9_-]{1,40}$/, idPrefix: 'call_' }
const calls = (...ids: string[]): Message => ({
  role: 'assistant',
  content: ids.map(id => ({ type: 'tool-call', id, name: 'f', arguments: '' })),
})
const results = (...ids: string[]): Message => ({
  role: 'tool',
  content: ids.map(callId => ({ type: 'tool-result', callId, content: [], isError: false })),
})
const said: Message = { role: 'user', content: [{ type: 'text', text: 'x' }] }

/** Ids of each message. */
const idsOf = (messages: readonly Message[]): string[][] =>
  messages.map(({ content }) =>
    content.flatMap(part => (part.type === 'tool-call' ? [part.id] : part.type === 'tool-result' ? [part.callId] : [])),
  )
const fitted = (...messages: Message[]): string[][] => idsOf(fitToolIds(messages, LIMITS))

describe('ids', () => {
  test('legal ones that differ are left alone, list and all', () => {
    const messages = [said, calls('a', 'b'), results('b', 'a'), calls('c'), results('c')]
    expect(fitToolIds(messages, LIMITS)).toBe(messages)
  })

  test.each(['functions.x:0', 'call_abc|weird:id', 'x'.repeat(41), ''])('%j is replaced, always by the same', id => {
    const made = legalId(id, LIMITS)
    expect(made).toMatch(/^call_[0-9A-Za-z]{24}$/)
    expect(legalId(id, LIMITS)).toBe(made)
    expect(fitted(calls(id), results(id))).toEqual([[made], [made]])
  })

  test('a result that answers no call gets a legal one, too', () => {
    expect(fitted(said, results('a:b'), calls('c'))).toEqual([[], [legalId('a:b', LIMITS)], ['c']])
  })

  test('those that a server counts anew in every turn become different, results with them', () => {
    expect(fitted(calls('f_0', 'f_0'), results('f_0', 'f_0'), calls('f_0'), results('f_0'))).toEqual([
      ['f_0', 'f_0_2'],
      ['f_0', 'f_0_2'],
      ['f_0_3'],
      ['f_0_3'],
    ])
  })

  test('an id that was made is not given twice', () => {
    expect(fitted(calls('f', 'f', 'f_2'), results('f', 'f', 'f_2'))).toEqual([
      ['f', 'f_2', 'f_2_2'],
      ['f', 'f_2', 'f_2_2'],
    ])
  })

  test('a result belongs to the last step before it, whatever earlier calls went without', () => {
    expect(fitted(calls('a'), said, calls('a'), results('a'))).toEqual([['a'], [], ['a_2'], ['a_2']])
    expect(fitted(calls('a'), calls('a'), results('a', 'a', 'a'))).toEqual([['a'], ['a_2'], ['a', 'a_2', 'a_2']])
  })
})
