import { describe, expect, test } from 'bun:test'
import { checkChatBody, checkChatStream } from './chat.ts'

const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
const chunk = (delta: object, finish: string | null = null, extra: object = {}) => ({
  ...base,
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...extra,
})
const role = chunk({ role: 'assistant', content: '' })
const stop = chunk({}, 'stop')
const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
const usageChunk = { ...base, choices: [], usage }
const tool = (index: number, rest: object) => chunk({ tool_calls: [{ index, ...rest }] })
const opening = (index: number, args = '') =>
  tool(index, { id: `call_${index}`, type: 'function', function: { name: 'f', arguments: args } })
const wire = (...items: (object | string)[]) =>
  items.map(item => `data: ${typeof item === 'string' ? item : JSON.stringify(item)}\n\n`).join('')
const check = (...items: (object | string)[]) => checkChatStream(wire(...items), { includeUsage: false })
const done = '[DONE]'

describe('checkChatStream', () => {
  test('returns what a legal stream said', () => {
    const answer = checkChatStream(
      wire(
        role,
        chunk({ reasoning_content: 'hm' }),
        chunk({ content: 'Hel' }),
        chunk({ content: 'lo' }),
        opening(0),
        tool(0, { function: { arguments: '{"a":' } }),
        tool(0, { function: { arguments: '1}' } }),
        opening(1, '{}'),
        chunk({}, 'tool_calls'),
        usageChunk,
        done,
      ),
      { includeUsage: true, tools: ['f'] },
    )
    expect(answer).toMatchObject({ id: 'chatcmpl-1', model: 'm', text: 'Hello', reasoning: 'hm', finish: 'tool_calls', usage })
    expect(answer.toolCalls).toEqual([
      { id: 'call_0', name: 'f', arguments: '{"a":1}' },
      { id: 'call_1', name: 'f', arguments: '{}' },
    ])
  })

  test('a stream may end in an error object, without finish and usage', () => {
    const text = wire(role, chunk({ content: 'x' }), { error: { message: 'gone', type: 'server_error' } })
    const answer = checkChatStream(text, { includeUsage: true })
    expect(answer.error).toEqual({ message: 'gone', type: 'server_error' })
    expect(answer.text).toBe('x')
    expect(answer.finish).toBeUndefined()
  })

  test('takes custom tools, comments and any line ending', () => {
    const custom = tool(0, { id: 'c', type: 'custom', custom: { name: 'patch', input: '*** ' } })
    const text = `: hello\n\n${wire(role, custom, tool(0, { custom: { input: 'x' } }), chunk({}, 'tool_calls'), done)}`
    const answer = checkChatStream(text.replaceAll('\n', '\r\n'), { includeUsage: false })
    expect(answer.toolCalls).toEqual([{ id: 'c', name: 'patch', arguments: '*** x', kind: 'custom' }])
  })

  const broken: [string, () => unknown][] = [
    ['C1: data is no JSON', () => check(role, '{"a"', done)],
    ['C1: the stream ends without', () => check(role, stop)],
    ['C1: the stream ends within', () => checkChatStream(`${wire(role, stop)}data: [DONE]`, { includeUsage: false })],
    ['C1: data after the end', () => check(role, stop, done, stop)],
    ['C1: data after the end', () => check(role, { error: { message: 'x' } }, done)],
    ['C1: a frame has an event', () => checkChatStream(`event: x\n${wire(role, stop, done)}`, { includeUsage: false })],
    ['C2: id changed', () => check(role, { ...stop, id: 'other' }, done)],
    ['C2: created changed', () => check(role, { ...stop, created: 2 }, done)],
    ['C2: model changed', () => check(role, { ...stop, model: 'n' }, done)],
    ['C2: object', () => check({ ...role, object: 'chat.completion' }, stop, done)],
    ['C3: choice 0 does not begin', () => check(chunk({ content: 'x' }), stop, done)],
    ['C3: choice 0 names its role', () => check(role, chunk({ role: 'assistant', content: 'x' }), stop, done)],
    ['C4', () => check(role, stop, chunk({ content: 'x' }), done)],
    ['C4', () => check(role, stop, stop, done)],
    ['C5: choice 0 has no finish', () => check(role, done)],
    ['C5: finish_reason "end_turn"', () => check(role, chunk({}, 'end_turn'), done)],
    ['C5: the stream has no choice', () => check(done)],
    ['C6: tool call index 1', () => check(role, opening(1, '{}'), chunk({}, 'tool_calls'), done)],
    ['C6: a tool call delta has no index', () => check(role, chunk({ tool_calls: [{ id: 'x' }] }), done)],
    ['C6: tool call 0 begins without an id', () => check(role, tool(0, { function: { name: 'f', arguments: '' } }), done)],
    ['C6: tool call 0 begins without its type', () => check(role, tool(0, { id: 'c', function: { name: 'f', arguments: '' } }), done)],
    ['C6: tool call 0 begins without a name', () => check(role, tool(0, { id: 'c', type: 'function', function: {} }), done)],
    ['C6: tool call 0 begins without an arg', () => check(role, tool(0, { id: 'c', type: 'function', function: { name: 'f' } }), done)],
    ['C6: tool call 0 names itself', () => check(role, opening(0), opening(0), done)],
    ['C7', () => check(role, opening(0, '{"a"'), chunk({}, 'tool_calls'), done)],
    ['C7', () => check(role, opening(0, '[1]'), chunk({}, 'tool_calls'), done)],
    ['C8: choice 0 finished', () => check(role, chunk({}, 'tool_calls'), done)],
    ['C8: choice 0 has tool calls', () => check(role, opening(0, '{}'), stop, done)],
    ['C9: usage was sent unasked', () => check(role, stop, usageChunk, done)],
    ['C9: a chunk has no choices', () => check(role, { ...base, choices: [] }, stop, done)],
    ['C9: usage was asked for', () => checkChatStream(wire(role, stop, done), { includeUsage: true })],
    ['C9: the usage chunk has choices', () => checkChatStream(wire(role, { ...stop, usage }, done), { includeUsage: true })],
    ['C9: the usage chunk is not the last', () => checkChatStream(wire(role, usageChunk, stop, done), { includeUsage: true })],
    ['C9: 2 chunks', () => checkChatStream(wire(role, stop, usageChunk, usageChunk, done), { includeUsage: true })],
    ['C9: total_tokens', () => withUsage({ ...usage, total_tokens: 6 })],
    ['C9: cached_tokens', () => withUsage({ ...usage, prompt_tokens_details: { cached_tokens: 4 } })],
    ['C9: reasoning_tokens', () => withUsage({ ...usage, completion_tokens_details: { reasoning_tokens: 3 } })],
    ['C9: a chunk lacks its usage', () => checkChatStream(wire(role, stop, usageChunk, done), { includeUsage: true, exactUsage: true })],
    ['C10: text differs', () => checkChatStream(wire(role, stop, done), { includeUsage: false, body: body('other') })],
  ]
  for (const [message, run] of broken) {
    test(message, () => expect(run).toThrow(message))
  }

  test('C7 and C8 let a truncated tool call be', () => {
    expect(check(role, opening(0, '{"a"'), chunk({}, 'length'), done).finish).toBe('length')
  })

  test('C10 takes an equal body', () => {
    expect(checkChatStream(wire(role, chunk({ content: 'hi' }), stop, done), { includeUsage: false, body: body('hi') }).text).toBe('hi')
  })

  test('a tool that the request did not have is C6', () => {
    const text = wire(role, opening(0, '{}'), chunk({}, 'tool_calls'), done)
    expect(() => checkChatStream(text, { includeUsage: false, tools: ['g'] })).toThrow('C6: tool "f"')
  })
})

describe('checkChatBody', () => {
  test('reads a legal body', () => expect(checkChatBody(body('hi'))).toMatchObject({ text: 'hi', finish: 'stop', toolCalls: [] }))
  test('an empty tool_calls array is C6', () => {
    const message = { role: 'assistant', content: 'x', tool_calls: [] }
    expect(() => checkChatBody({ ...body(''), choices: [{ index: 0, message, finish_reason: 'stop' }] })).toThrow('C6')
  })
  test('a chunk is no body', () => expect(() => checkChatBody(role)).toThrow('C2'))
})

function withUsage(value: object): unknown {
  return checkChatStream(wire(role, stop, { ...base, choices: [], usage: value }, done), { includeUsage: true })
}

function body(content: string): object {
  const choices = [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }]
  return { ...base, object: 'chat.completion', choices, usage }
}
