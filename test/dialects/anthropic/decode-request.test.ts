import { describe, expect, test } from 'bun:test'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { decodeRequest } from '../../../src/dialects/anthropic/decode-request.ts'
import { carrySeal } from '../../../src/ir/reasoning.ts'
import { testContext } from '../../support/codec-context.ts'
import { messagesBody } from './context.ts'

const decode = (fields: JsonObject) => decodeRequest(messagesBody(fields), testContext())
const turn = (role: string, ...content: JsonValue[]): JsonObject => ({ role, content })
const parts = (role: string, ...content: JsonValue[]) => decode({ messages: [turn(role, ...content)] }).messages[0]?.content

describe('settings', () => {
  test('every documented field finds its place', () => {
    const schema = { type: 'object', properties: {} }
    const request = decode({
      max_tokens: 0,
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stop_sequences: ['END'],
      service_tier: 'standard_only',
      metadata: { user_id: '{"device_id":"d"}' },
      thinking: { type: 'adaptive', display: 'omitted' },
      output_config: { effort: 'high', format: { type: 'json_schema', schema }, task_budget: { total: 5 } },
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      cache_control: { type: 'ephemeral' },
      container: 'c1',
      inference_geo: 'us',
      speed: 'fast',
      context_management: { edits: [] },
      novelty: 1,
    })
    expect(request).toMatchObject({
      origin: 'anthropic',
      model: 'claude-opus-4-8',
      stream: true,
      includeUsage: true,
      maxOutputTokens: 0,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      stopSequences: ['END'],
      serviceTier: 'default',
      endUser: '{"device_id":"d"}',
      reasoning: { mode: 'adaptive', display: 'omitted', effort: 'high' },
      responseFormat: { type: 'json-schema', schema },
      toolChoice: { type: 'required' },
      parallelToolCalls: false,
    })
    expect(request.extensions).toEqual({
      anthropic: {
        cache_control: { type: 'ephemeral' },
        container: 'c1',
        inference_geo: 'us',
        speed: 'fast',
        context_management: { edits: [] },
        novelty: 1,
        output_config: { task_budget: { total: 5 } },
      },
    })
  })

  test('thinking with a budget, disabled, and in a form that only Anthropic has', () => {
    expect(decode({ thinking: { type: 'enabled', budget_tokens: 2048 } }).reasoning).toEqual({ mode: 'enabled', budgetTokens: 2048 })
    expect(decode({ thinking: { type: 'disabled' } }).reasoning).toEqual({ mode: 'disabled' })
    const least = decode({ thinking: { type: 'between_tools' } })
    expect(least.reasoning).toEqual({ mode: 'adaptive', effort: 'low' })
    expect(least.extensions?.anthropic?.thinking).toEqual({ type: 'between_tools' })
  })

  test('the older output_format', () => {
    const schema = { type: 'object' }
    expect(decode({ output_format: { type: 'json_schema', schema } }).responseFormat).toMatchObject({ type: 'json-schema', schema })
  })
})

describe('system', () => {
  test('a string or blocks become one leading message', () => {
    expect(decode({ system: 'Be brief.' }).messages[0]).toEqual({ role: 'system', content: [{ type: 'text', text: 'Be brief.' }] })
    const blocks = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ]
    expect(decode({ system: blocks }).messages[0]).toEqual({
      role: 'system',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b', cache: { ttl: '1h' } },
      ],
    })
  })

  test('in mid-conversation it stays in place, and its last effort holds', () => {
    const request = decode({
      output_config: { effort: 'low' },
      messages: [
        turn('user', { type: 'text', text: 'Hi' }),
        { role: 'system', content: 'Environment', output_config: { effort: 'high' } },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Go' },
        { role: 'system', content: [], output_config: { effort: 'max' } },
      ],
    })
    expect(request.messages.map(message => message.role)).toEqual(['user', 'system', 'assistant', 'user'])
    expect(request.messages[1]?.content).toEqual([{ type: 'text', text: 'Environment' }])
    expect(request.reasoning?.effort).toBe('max')
  })
})

describe('content', () => {
  test('tool results stand before the rest of the turn, in a message of their own', () => {
    const request = decode({
      messages: [
        turn(
          'assistant',
          { type: 'tool_use', id: 't1', name: 'look', input: { a: 1, b: [] } },
          { type: 'tool_use', id: 't2', name: 'none' },
        ),
        turn(
          'user',
          { type: 'text', text: 'see' },
          { type: 'tool_result', tool_use_id: 't1', content: 'ok', cache_control: { type: 'ephemeral' } },
          {
            type: 'tool_result',
            tool_use_id: 't2',
            is_error: true,
            content: [
              { type: 'tool_reference', tool_name: 'x' },
              { type: 'tool_reference', tool_name: 'y' },
            ],
          },
        ),
      ],
    })
    expect(request.messages[0]?.content).toEqual([
      { type: 'tool-call', id: 't1', name: 'look', arguments: '{"a":1,"b":[]}' },
      { type: 'tool-call', id: 't2', name: 'none', arguments: '' },
    ])
    expect(request.messages[1]).toMatchObject({
      role: 'tool',
      content: [
        { type: 'tool-result', callId: 't1', content: [{ type: 'text', text: 'ok' }], isError: false, cache: {} },
        { type: 'tool-result', callId: 't2', isError: true, content: [{ type: 'text', text: 'Tools now available: x, y' }] },
      ],
    })
    expect(request.messages[2]).toEqual({ role: 'user', content: [{ type: 'text', text: 'see' }] })
  })

  test('images and documents, by every kind of source', () => {
    expect(
      parts(
        'user',
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } },
        { type: 'image', source: { type: 'url', url: 'https://a/b.png' } },
        { type: 'image', source: { type: 'file', file_id: 'f1' } },
        { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data: 'BB' } },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' }, citations: { enabled: true } },
        { type: 'document', source: { type: 'url', url: 'https://a/b.pdf' } },
        { type: 'image', source: { type: 'novel' } },
      ),
    ).toEqual([
      { type: 'media', mediaType: 'image/png', source: { kind: 'base64', data: 'AA' } },
      { type: 'media', mediaType: 'image/*', source: { kind: 'url', url: 'https://a/b.png' } },
      { type: 'media', mediaType: 'image/*', source: { kind: 'file', id: 'f1', origin: 'anthropic' } },
      { type: 'media', mediaType: 'application/pdf', source: { kind: 'base64', data: 'BB' }, name: 'T' },
      {
        type: 'media',
        mediaType: 'text/plain',
        source: { kind: 'text', text: 'words' },
        extensions: { anthropic: { citations: { enabled: true } } },
      },
      { type: 'media', mediaType: 'application/pdf', source: { kind: 'url', url: 'https://a/b.pdf' } },
      { type: 'opaque', origin: 'anthropic', value: { type: 'image', source: { type: 'novel' } } },
    ])
  })

  test('a document of blocks becomes text and images', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://a/i.png' } }
    const block = {
      type: 'document',
      title: 'D',
      source: { type: 'content', content: [{ type: 'text', text: 'one' }, image, { type: 'text', text: 'two' }] },
    }
    expect(parts('user', block)).toMatchObject([
      { type: 'media', mediaType: 'text/plain', source: { kind: 'text', text: 'one\ntwo' }, name: 'D' },
      { type: 'media', mediaType: 'image/*', source: { kind: 'url', url: 'https://a/i.png' } },
    ])
  })

  test('thinking keeps its seal, foreign ones are unwrapped, unsigned ones have none', () => {
    const foreign = carrySeal({ issuer: 'openai-responses', value: 'enc' })
    expect(
      parts(
        'assistant',
        { type: 'thinking', thinking: 'a', signature: 'sig' },
        { type: 'thinking', thinking: 'b', signature: '' },
        { type: 'thinking', thinking: 'c' },
        { type: 'thinking', thinking: 'd', signature: foreign },
        { type: 'redacted_thinking', data: 'blob' },
      ),
    ).toEqual([
      { type: 'reasoning', text: 'a', seal: { issuer: 'anthropic', value: 'sig' } },
      { type: 'reasoning', text: 'b' },
      { type: 'reasoning', text: 'c' },
      { type: 'reasoning', text: 'd', seal: { issuer: 'openai-responses', value: 'enc' } },
      { type: 'reasoning', text: '', redacted: true, seal: { issuer: 'anthropic', value: 'blob' } },
    ])
  })

  test('an empty thinking block with a foreign seal gives it back to the call before it', () => {
    const signature = carrySeal({ issuer: 'gemini', value: 'thought' })
    expect(parts('assistant', { type: 'tool_use', id: 'a', name: 'f', input: {} }, { type: 'thinking', thinking: '', signature })).toEqual([
      { type: 'tool-call', id: 'a', name: 'f', arguments: '{}', seal: { issuer: 'gemini', value: 'thought' } },
    ])
  })

  test('blocks that only Anthropic has stay whole', () => {
    const block = { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } }
    expect(parts('assistant', block)).toEqual([{ type: 'opaque', origin: 'anthropic', value: block }])
  })

  test('a search result becomes text with its title and source', () => {
    const block = {
      type: 'search_result',
      title: 'T',
      source: 'https://s',
      content: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
    }
    expect(parts('user', block)).toMatchObject([{ type: 'text', text: 'T\nhttps://s\none\ntwo' }])
  })
})

describe('tools', () => {
  const tool = {
    name: 'f',
    description: 'd',
    input_schema: { type: 'object', properties: {} },
    strict: true,
    cache_control: { type: 'ephemeral' },
  }

  test('custom tools, vendor tools, and what only Anthropic has of a tool', () => {
    const request = decode({
      tools: [
        { ...tool, input_examples: [{ a: 1 }] },
        { type: 'bash_20250124', name: 'bash' },
      ],
    })
    expect(request.tools).toEqual([
      {
        type: 'function',
        name: 'f',
        description: 'd',
        parameters: { type: 'object', properties: {} },
        strict: true,
        cache: {},
        extensions: { anthropic: { input_examples: [{ a: 1 }] } },
      },
      {
        type: 'vendor',
        origin: 'anthropic',
        kind: 'bash_20250124',
        name: 'bash',
        path: 'tools.1',
        value: { type: 'bash_20250124', name: 'bash' },
      },
    ])
  })

  test('deferred tools appear once something names them', () => {
    const tools = [tool, { name: 'later', input_schema: { type: 'object' }, defer_loading: true }]
    const reference = { type: 'tool_result', tool_use_id: 't', content: [{ type: 'tool_reference', tool_name: 'later' }] }
    const hidden = decode({ tools })
    expect(hidden.tools?.map(entry => entry.name)).toEqual(['f'])
    expect(hidden.extensions?.anthropic?.deferred_tools).toEqual([tools[1] as JsonObject])
    expect(decode({ tools, messages: [turn('user', reference)] }).tools?.map(entry => entry.name)).toEqual(['f', 'later'])
  })

  test.each([
    [{ type: 'auto' }, { type: 'auto' }],
    [{ type: 'none' }, { type: 'none' }],
    [
      { type: 'tool', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
  ] as const)('tool_choice %j', (wire, choice) => {
    expect(decode({ tool_choice: wire }).toolChoice).toEqual(choice)
  })
})

describe('errors name the field', () => {
  test.each<[JsonObject, string]>([
    [{ messages: [turn('user', { type: 'tool_result', content: 'x' })] }, 'messages.0.content.0.tool_use_id'],
    [
      { messages: [turn('user', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '!!' } })] },
      'messages.0.content.0.source.data',
    ],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: [{ type: 'text', text: 3 }] },
        ],
      },
      'messages.1.content.0.text',
    ],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages.0.content'],
    [{ messages: [turn('assistant', { type: 'tool_result', tool_use_id: 'x' })] }, 'messages.0.content.0.type'],
    [{ messages: [turn('user', { type: 'image', source: { type: 'base64', data: 'x' } })] }, 'messages.0.content.0.source.media_type'],
    [{ thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
    [{ output_config: { effort: 'huge' } }, 'output_config.effort'],
    [{ tool_choice: { type: 'tool' } }, 'tool_choice.name'],
    [{ tool_choice: { type: 'some' } }, 'tool_choice.type'],
    [{ tools: [{ description: 'x' }] }, 'tools.0.name'],
    [{ stop_sequences: [1] }, 'stop_sequences.0'],
    [{ system: { type: 'text' } }, 'system'],
    [{ metadata: { user_id: 4 } }, 'metadata.user_id'],
  ])('%j → %s', (fields, param) => {
    expect(() => decode(fields)).toThrow(expect.objectContaining({ kind: 'invalid-request', param }))
  })
})
