import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { isObject, objectsOf } from '../checkers/json.ts'
import { type Format, upstreamCodec } from '../golden/relays.ts'
import { type AnswerCase, messageStream, observeAnswer, toldStreamed, toldWhole } from './answers.ts'
import * as chatAnswer from './chat-answer.ts'
import * as messagesAnswer from './messages-answer.ts'

const isCase = (value: unknown): value is AnswerCase => isObject(value) && 'says' in value && 'becomes' in value

const TABLES: { upstream: Format; tables: object }[] = [
  { upstream: 'anthropic', tables: { ...messagesAnswer } },
  { upstream: 'openai-chat', tables: { ...chatAnswer } },
]

for (const { upstream, tables } of TABLES) {
  describe(`what an ${upstream} upstream answers`, () => {
    for (const [table, entries] of Object.entries(tables)) {
      for (const [name, given] of Object.entries(isObject(entries) ? entries : {})) {
        if (!isCase(given)) continue
        test(`${table} ${name}`, () => {
          expect({
            whole: observeAnswer(body => toldWhole(upstream, body), given),
            streamed: observeAnswer(body => toldStreamed(upstream, body), given),
          }).toEqual({ whole: given.becomes, streamed: given.streamed ?? given.becomes })
        })
      }
    }
  })
}

const bodyOf = (text: string): JsonObject => JSON.parse(text) as JsonObject

/** The last word of a stream's client on how the answer ended. */
const endOf = (sse: string, member: 'finish_reason' | 'stop_reason'): string | undefined =>
  [...sse.matchAll(new RegExp(`"${member}":"([a-z_]+)"`, 'g'))].at(-1)?.[1]

describe('every way to end', () => {
  const call = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
  for (const [reason, finish] of Object.entries(messagesAnswer.STOP_REASONS)) {
    test(`stop_reason ${reason} is the finish_reason ${finish}`, () => {
      const body = messagesAnswer.message({ stop_reason: reason, ...(reason === 'tool_use' && { content: [call] }) })
      expect(objectsOf(bodyOf(toldWhole('anthropic', body).text).choices)[0]?.finish_reason).toBe(finish)
      expect(endOf(toldStreamed('anthropic', body).text, 'finish_reason')).toBe(finish)
    })
  }

  const calls = [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }]
  const saidWith: Record<string, JsonObject> = {
    tool_calls: { content: null, tool_calls: calls },
    function_call: { content: null, function_call: { name: 'look', arguments: '{}' } },
  }
  for (const [finish, reason] of Object.entries(chatAnswer.FINISH_REASONS)) {
    test(`finish_reason ${finish} is the stop_reason ${reason}`, () => {
      const body = chatAnswer.completion({}, saidWith[finish], { finish_reason: finish })
      expect(bodyOf(toldWhole('openai-chat', body).text).stop_reason).toBe(reason)
      expect(endOf(toldStreamed('openai-chat', body).text, 'stop_reason')).toBe(reason)
    })
  }
})

test('every event and delta of a stream occurs in the streams of these tables', () => {
  const said = [...Object.values(messagesAnswer.ANSWER_BLOCKS), ...Object.values(messagesAnswer.CITATIONS)].map(({ says }) =>
    messageStream(says),
  )
  const all = said.join('')
  const wanted = [...Object.keys(messagesAnswer.EVENTS).filter(type => type !== 'error'), ...Object.keys(messagesAnswer.DELTAS)]
  expect(wanted.filter(type => !all.includes(`"type":"${type}"`))).toEqual([])
})

describe('every error type', () => {
  for (const [type, kind] of Object.entries(messagesAnswer.ERRORS)) {
    test(`${type} is ${kind} in a stream`, () => {
      const decoder = upstreamCodec('anthropic').streamDecoder({ now: () => 0, newId: prefix => prefix, note: () => {} })
      const [event] = decoder.push({ event: 'error', data: JSON.stringify({ type: 'error', error: { type, message: 'x' } }) })
      expect(event?.type === 'error' && event.error.kind).toBe(kind)
    })
  }
})
