import { expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { inspectCountTokens, inspectRequest } from '../../../src/dialects/anthropic/inspect.ts'
import { messagesBody } from './context.ts'

test('sums up a request', () => {
  const body = messagesBody({
    stream: true,
    messages: [
      { role: 'user', content: 'a' },
      { role: 'system', content: [] },
    ],
  })
  expect(inspectRequest(body)).toEqual({ model: 'claude-opus-4-8', stream: true, messages: 2, includeUsage: true })
})

test('counting tokens needs no max_tokens', () => {
  const { max_tokens: _limit, ...body } = messagesBody()
  expect(inspectCountTokens(body).model).toBe('claude-opus-4-8')
  expect(() => inspectRequest(body)).toThrow('max_tokens: is required')
})

test.each<[JsonObject, string]>([
  [{ model: '' }, 'model'],
  [{ model: 3 }, 'model'],
  [{ messages: [] }, 'messages'],
  [{ messages: {} }, 'messages'],
  [{ messages: ['hi'] }, 'messages.0'],
  [{ messages: [{ role: 'developer', content: 'x' }] }, 'messages.0.role'],
  [{ messages: [{ content: 'x' }] }, 'messages.0.role'],
  [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
  [{ messages: [{ role: 'user', content: {} }] }, 'messages.0.content'],
  [{ max_tokens: 1.5 }, 'max_tokens'],
  [{ max_tokens: -1 }, 'max_tokens'],
  [{ max_tokens: '5' }, 'max_tokens'],
  [{ stream: 'yes' }, 'stream'],
  [{ system: 4 }, 'system'],
  [{ tools: {} }, 'tools'],
  [{ temperature: '1' }, 'temperature'],
  [{ tool_choice: 'auto' }, 'tool_choice'],
  [{ thinking: true }, 'thinking'],
])('refuses %j by name', (fields, param) => {
  expect(() => inspectRequest(messagesBody(fields))).toThrow(expect.objectContaining({ kind: 'invalid-request', param }))
})

test('0 is a legal max_tokens', () => {
  expect(inspectRequest(messagesBody({ max_tokens: 0 })).messages).toBe(1)
})
