import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { chatBody, client } from './context.ts'

const inspect = (fields: JsonObject = {}) => client.inspectRequest(chatBody(fields))

describe('inspectRequest', () => {
  test('sums a request up', () => {
    const messages = [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Bye' },
    ]
    expect(inspect({ messages, stream: true, stream_options: { include_usage: true } })).toEqual({
      model: 'some-alias',
      stream: true,
      includeUsage: true,
      messages: 3,
    })
    expect(inspect()).toEqual({ model: 'some-alias', stream: false, includeUsage: false, messages: 1 })
  })

  const wrong: [string, JsonObject, string?][] = [
    ['model', { model: undefined }],
    ['model', { model: 7 }],
    ['model', { model: ' ' }],
    ['messages', { messages: undefined }],
    ['messages', { messages: [] }],
    ['messages', { messages: 'Hi' }],
    ['messages.0', { messages: ['Hi'] }],
    ['messages.1.role', { messages: [{ role: 'user' }, { content: 'Hi' }] }],
    ['messages.0.role', { messages: [{ role: 1 }] }],
    ['stream', { stream: 'yes' }],
    ['stream_options', { stream_options: true }],
    ['stream_options.include_usage', { stream_options: { include_usage: 'yes' } }],
    ['max_tokens', { max_tokens: '5' }],
    ['max_tokens', { max_tokens: 1.5 }],
    ['max_completion_tokens', { max_completion_tokens: -1 }],
    ['temperature', { temperature: 'hot' }],
    ['n', { n: 0 }],
    ['tools', { tools: {} }],
    ['stop', { stop: 5 }],
    ['stop.1', { stop: ['a', 5] }],
  ]
  for (const [param, fields] of wrong) {
    test(`names ${param} in ${JSON.stringify(fields)}`, () => {
      expect(() => inspect(fields)).toThrow(expect.objectContaining({ kind: 'invalid-request', param }))
    })
  }

  test('null counts as absent, and what lies deeper is the upstream’s to judge', () => {
    const body = { stream: null, stream_options: null, max_tokens: null, stop: null, tools: null }
    expect(inspect({ ...body, messages: [{ role: 'novelty', content: { any: 'thing' } }] }).stream).toBe(false)
  })
})
