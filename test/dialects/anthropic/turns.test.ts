import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { encodeRequest } from '../../../src/dialects/anthropic/encode-request.ts'
import type { ContentPart, Message } from '../../../src/ir/message.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import { testContext } from '../../support/codec-context.ts'
import { openaiRequest } from './context.ts'

const text = (value: string): ContentPart => ({ type: 'text', text: value })
const say = (role: Message['role'], ...content: (string | ContentPart)[]): Message => ({
  role,
  content: content.map(part => (typeof part === 'string' ? text(part) : part)),
})
const call = (id: string, args = '{}'): ContentPart => ({ type: 'tool-call', id, name: 'f', arguments: args })
const result = (callId: string, value = 'ok', isError = false): ContentPart => ({
  type: 'tool-result',
  callId,
  content: [text(value)],
  isError,
})

function encode(messages: Message[], model = 'claude-sonnet-4-5', fields: Partial<GenerateRequest> = {}) {
  const context = testContext()
  const { body } = encodeRequest(openaiRequest({ messages, ...fields }), { model, traits: {} }, context)
  return {
    system: body.system,
    turns: short(body.messages as JsonObject[]),
    messages: body.messages as JsonObject[],
    notes: context.fields(),
  }
}

const firstBlock = (message: JsonObject | undefined): JsonObject => (message?.content as JsonObject[] | undefined)?.[0] ?? {}

/** Turns as `user: a | <t1>ok`, to be read at a glance. */
const short = (messages: JsonObject[]): string[] =>
  messages.map(({ role, content }) => `${role}: ${(content as JsonObject[]).map(block).join(' | ')}`)
function block(value: JsonObject): string {
  if (value.type === 'text') return String(value.text)
  if (value.type === 'tool_use') return `[${value.id}]`
  return value.type === 'tool_result' ? `<${value.tool_use_id}>${value.is_error ? '!' : ''}${value.content}` : `{${value.type}}`
}

describe('instructions', () => {
  test('leading ones become system blocks, empty ones vanish', () => {
    const { system, turns } = encode([say('system', 'a', ''), say('developer', 'b'), say('user', 'Hi')])
    expect(system).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
    expect(turns).toEqual(['user: Hi'])
  })

  test('later ones are reminders where the model knows no system turn', () => {
    const { turns, notes } = encode([say('user', 'Hi'), say('developer', 'be brief'), say('assistant', 'Yes'), say('user', 'Go')])
    expect(turns).toEqual(['user: Hi | <system-reminder>\nbe brief\n</system-reminder>', 'assistant: Yes', 'user: Go'])
    expect(notes).toEqual(['approximated:messages.role'])
  })

  test('real system turns where it does, and only in a legal slot', () => {
    const legal = encode(
      [say('user', 'Hi'), say('system', 's1'), say('assistant', 'Yes'), say('user', 'Go'), say('system', 's2')],
      'claude-opus-5',
    )
    expect(legal.turns).toEqual(['user: Hi', 'system: s1', 'assistant: Yes', 'user: Go', 'system: s2'])
    expect(legal.notes).toEqual([])
    const illegal = encode([say('user', 'Hi'), say('assistant', 'Yes'), say('system', 's'), say('user', 'Go')], 'claude-opus-5')
    expect(illegal.turns).toEqual(['user: Hi', 'assistant: Yes', 'user: <system-reminder>\ns\n</system-reminder> | Go'])
  })

  test('one between a call and its result does not part them', () => {
    const { turns } = encode(
      [say('user', 'Hi'), say('assistant', call('t1')), say('system', 's'), say('tool', result('t1'))],
      'claude-opus-5',
    )
    expect(turns).toEqual(['user: Hi', 'assistant: [t1]', 'user: <t1>ok | <system-reminder>\ns\n</system-reminder>'])
  })
})

describe('turns', () => {
  test('of one role are merged, results first', () => {
    const { turns } = encode([
      say('user', 'a'),
      say('user', 'b'),
      say('assistant', call('t1')),
      say('assistant', call('t2')),
      say('user', 'c'),
      say('tool', result('t2'), result('t1')),
    ])
    expect(turns).toEqual(['user: a | b', 'assistant: [t1] | [t2]', 'user: <t1>ok | <t2>ok | c'])
  })

  test('empty ones vanish and their neighbours merge', () => {
    expect(encode([say('user', 'a'), say('assistant', ' '), say('user', 'b')]).turns).toEqual(['user: a | b'])
  })

  test("the first must be the user's", () => {
    const { turns, notes } = encode([say('assistant', 'Hello'), say('user', 'Hi')])
    expect(turns).toEqual(['user: (conversation continues)', 'assistant: Hello', 'user: Hi'])
    expect(notes).toEqual(['approximated:messages'])
    expect(encode([say('system', 'only')]).turns).toEqual(['user: (conversation continues)'])
  })

  test('an assistant at the end is continued by older models, refused by newer ones', () => {
    const { turns, notes } = encode([say('user', 'Hi'), say('assistant', 'I think \n')])
    expect(turns).toEqual(['user: Hi', 'assistant: I think'])
    expect(notes).toEqual(['approximated:messages'])
    const newer = () => encode([say('user', 'Hi'), say('assistant', '{')], 'claude-opus-5')
    expect(newer).toThrow('This model does not support assistant message prefill')
    const json = encode([say('user', 'Hi'), say('assistant', '{')], 'claude-opus-5', { responseFormat: { type: 'json-object' } })
    expect(json.turns).toEqual(['user: Hi'])
    expect(json.notes).toContain('dropped:messages')
  })
})

describe('tool calls and results', () => {
  test('a missing result is made up, an orphan becomes text, of two the later holds', () => {
    const missing = encode([
      say('user', 'a'),
      say('assistant', call('t1'), call('t2')),
      say('tool', result('t2', 'old'), result('t2', 'new')),
      say('user', 'b'),
    ])
    expect(missing.turns).toEqual(['user: a', 'assistant: [t1] | [t2]', 'user: <t1>![no result] | <t2>new | b'])
    expect(missing.notes).toEqual(['approximated:messages'])
    expect(encode([say('user', 'a'), say('assistant', call('t1'))]).turns.at(-1)).toBe('user: <t1>![no result]')
    const orphan = encode([say('user', 'a'), say('tool', result('gone', 'its text'))])
    expect(orphan.turns).toEqual(['user: its text | a'])
    expect(orphan.notes).toEqual(['approximated:messages'])
  })

  test('ids are unique in a request, however the server counted', () => {
    const { turns } = encode([
      say('user', 'a'),
      say('assistant', call('f_0'), call('f_0')),
      say('tool', result('f_0', 'one'), result('f_0', 'two')),
      say('assistant', call('f_0')),
      say('tool', result('f_0', 'three')),
    ])
    expect(turns.slice(1)).toEqual([
      'assistant: [f_0] | [f_0_2]',
      'user: <f_0>one | <f_0_2>two',
      'assistant: [f_0_3]',
      'user: <f_0_3>three',
    ])
  })

  test('ids that Anthropic refuses are replaced alike in call and result', () => {
    const { messages } = encode([say('user', 'a'), say('assistant', call('call_abc|weird:id')), say('tool', result('call_abc|weird:id'))])
    const id = firstBlock(messages[1]).id
    expect(id).toMatch(/^toolu_[a-zA-Z0-9]+$/)
    expect(firstBlock(messages[2]).tool_use_id).toBe(id as string)
  })

  test.each([
    ['', {}, 0],
    ['null', {}, 0],
    ['{"a":1}', { a: 1 }, 0],
    ['{"a":1', { _invalid_json: '{"a":1' }, 1],
    ['[1]', { _invalid_json: '[1]' }, 1],
  ])('arguments %j', (args, input, noted) => {
    const { messages, notes } = encode([say('user', 'a'), say('assistant', call('t', args)), say('tool', result('t'))])
    expect(firstBlock(messages[1]).input).toEqual(input)
    expect(notes).toHaveLength(noted)
  })

  test('a free-text call is an object of one string', () => {
    const custom: ContentPart = { type: 'tool-call', id: 't', name: 'patch', arguments: '*** Begin', kind: 'custom' }
    const { messages } = encode([say('user', 'a'), say('assistant', custom), say('tool', result('t'))])
    expect(firstBlock(messages[1])).toMatchObject({ input: { input: '*** Begin' } })
  })

  test('pictures of a failed call follow behind its result', () => {
    const image: ContentPart = { type: 'media', mediaType: 'image/png', source: { kind: 'url', url: 'https://a/b.png' } }
    const failed: ContentPart = { type: 'tool-result', callId: 't', content: [text('no'), image], isError: true }
    expect(encode([say('user', 'a'), say('assistant', call('t')), say('tool', failed)]).turns.at(-1)).toBe('user: <t>!no | {image}')
  })
})

describe('by the version of the API', () => {
  const cited: ContentPart = { ...text('a'), extensions: { anthropic: { citations: [{ type: 'char_location' }] } } }
  const found: ContentPart = {
    ...text('r'),
    extensions: {
      anthropic: {
        stands_for: [{ type: 'search_result', content: [{ type: 'text', text: 'r', citations: [{ type: 'char_location' }] }] }],
      },
    },
  }
  const document: ContentPart = { type: 'opaque', origin: 'anthropic', value: { type: 'document', source: { type: 'text', data: 'd' } } }
  const messages = [say('user', cited, found), say('assistant', document, 'b'), say('user', 'c')]
  const sent = (apiVersion?: string) => {
    const context = testContext()
    const { body } = encodeRequest(openaiRequest({ messages }), { model: 'claude-opus-4-6', traits: { apiVersion } }, context)
    return { text: JSON.stringify(body.messages), notes: context.fields() }
  }

  test('citations of the user and documents of the assistant go, or stay', () => {
    const before = sent()
    expect(before.text.match(/char_location/g)).toHaveLength(2)
    expect(before.text).toContain('"document"')
    expect(before.notes).toEqual([])
    const since = sent('2026-10-21')
    expect(since.text).not.toMatch(/char_location|"document"/)
    expect(since.text).toContain('"search_result"')
    expect(since.notes).toEqual(['dropped:messages.content', 'dropped:messages.content'])
  })
})

describe('the end of the conversation', () => {
  const opener = [say('user', 'Hi'), say('assistant', '{')]
  const schema = { type: 'object', properties: {} }

  test('an answer begun by hand gives way to an enforced format, and stays where it helps', () => {
    expect(encode(opener, 'claude-sonnet-4-5', { responseFormat: { type: 'json-schema', schema } }).turns).toEqual(['user: Hi'])
    expect(encode(opener, 'claude-sonnet-4-5', { responseFormat: { type: 'json-object' } }).turns.at(-1)).toBe('assistant: {')
    const begun = encode([say('user', 'Hi'), say('assistant', 'The JSON:')], 'claude-sonnet-4-5', {
      responseFormat: { type: 'json-schema', schema },
    })
    expect(begun.turns.at(-1)).toBe('assistant: The JSON:')
    expect(JSON.stringify(begun.system)).toContain('JSON Schema')
  })

  test('thinking alone is no answer to continue', () => {
    const thought: ContentPart = { type: 'reasoning', text: 't', seal: { issuer: 'anthropic', value: 's' } }
    const { turns, notes } = encode([say('user', 'Hi'), say('assistant', thought)], 'claude-opus-5')
    expect(turns).toEqual(['user: Hi'])
    expect(notes).toEqual(['dropped:messages'])
  })

  test('an answer that was begun displaces thinking with a budget', () => {
    const context = testContext()
    const request = openaiRequest({ messages: [say('user', 'Hi'), say('assistant', 'So')], reasoning: { effort: 'low' } })
    expect(encodeRequest(request, { model: 'claude-sonnet-4-5', traits: {} }, context).body).not.toHaveProperty('thinking')
    expect(context.fields()).toEqual(['dropped:reasoning_effort'])
  })
})

describe('reasoning', () => {
  test('only what Anthropic signed goes back', () => {
    const { messages, notes } = encode([
      say('user', 'a'),
      say(
        'assistant',
        { type: 'reasoning', text: 'mine', seal: { issuer: 'anthropic', value: 'sig' } },
        { type: 'reasoning', text: 'unsigned' },
        { type: 'reasoning', text: 'theirs', seal: { issuer: 'gemini', value: 'x' } },
        { type: 'reasoning', text: '', redacted: true, seal: { issuer: 'anthropic', value: 'blob' } },
        'b',
      ),
      say('user', 'c'),
    ])
    expect(messages[1]?.content).toEqual([
      { type: 'thinking', thinking: 'mine', signature: 'sig' },
      { type: 'redacted_thinking', data: 'blob' },
      { type: 'text', text: 'b' },
    ])
    expect(JSON.stringify(messages)).not.toContain('theirs')
    expect(notes).toEqual([])
  })

  test('parts of other vendors, names and media of the assistant are noted', () => {
    const { notes } = encode([
      { role: 'user', name: 'ann', content: [text('a')] },
      say(
        'assistant',
        'b',
        { type: 'opaque', origin: 'gemini', value: {} },
        { type: 'media', mediaType: 'image/png', source: { kind: 'url', url: 'https://a' } },
      ),
      { role: 'user', content: [text('c')], extensions: { 'openai-chat': { weird: 1, annotations: [1] } } },
    ])
    expect(notes).toEqual([
      'dropped:messages.0.name',
      'dropped:messages.1.content.1',
      'dropped:messages.1.content.2',
      'dropped:messages.2.weird',
    ])
  })
})
