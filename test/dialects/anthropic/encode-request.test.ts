import { describe, expect, test } from 'bun:test'
import { sha256 } from '../../../src/core/secret.ts'
import { decodeRequest } from '../../../src/dialects/anthropic/decode-request.ts'
import { encodeRequest } from '../../../src/dialects/anthropic/encode-request.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import { testContext } from '../../support/codec-context.ts'
import { messagesBody, openaiRequest } from './context.ts'

function encode(fields: Partial<GenerateRequest> = {}, model = 'claude-sonnet-4-5') {
  const context = testContext()
  const { body, headers } = encodeRequest(openaiRequest(fields), { model, traits: {} }, context)
  return { body, headers, notes: context.fields() }
}

describe('limits and sampling', () => {
  test('a plain request has just what is needed', () => {
    expect(encode()).toEqual({
      body: { model: 'claude-sonnet-4-5', max_tokens: 32_000, messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] },
      headers: { 'anthropic-version': '2023-06-01' },
      notes: [],
    })
  })

  test("max_tokens: the model's most for a stream, 0 kept, more than possible lowered", () => {
    expect(encode({ stream: true }).body).toMatchObject({ max_tokens: 64_000, stream: true })
    expect(encode({}, 'claude-3-haiku-20240307').body.max_tokens).toBe(4096)
    expect(encode({ maxOutputTokens: 0 }).body.max_tokens).toBe(0)
    expect(encode({ maxOutputTokens: 200_000 })).toMatchObject({ body: { max_tokens: 64_000 }, notes: ['approximated:max_tokens'] })
  })

  test('max_tokens: no more than the server at hand lets the model write', () => {
    const encoded = (fields: Partial<GenerateRequest>, maxOutput: number) => {
      const context = testContext()
      const { body } = encodeRequest(openaiRequest(fields), { model: 'claude-sonnet-4-5', traits: { maxOutput } }, context)
      return [body.max_tokens, ...context.fields()]
    }
    expect(encoded({ stream: true }, 8000)).toEqual([8000])
    expect(encoded({ maxOutputTokens: 9000 }, 8000)).toEqual([8000, 'approximated:max_tokens'])
    expect(encoded({ maxOutputTokens: 200_000 }, 100_000)).toEqual([64_000, 'approximated:max_tokens'])
  })

  test('temperature is lowered to 1, dropped for newer models, refused below 0', () => {
    expect(encode({ temperature: 1.5 })).toMatchObject({ body: { temperature: 1 }, notes: ['approximated:temperature'] })
    expect(encode({ temperature: 0.3 })).toMatchObject({ body: { temperature: 0.3 }, notes: [] })
    const newer = encode({ temperature: 1, topP: 1, topK: 3 }, 'claude-opus-5')
    expect(newer.notes).toEqual(['dropped:temperature', 'dropped:top_p', 'dropped:top_k'])
    expect(Object.keys(newer.body)).toEqual(['model', 'max_tokens', 'messages'])
    expect(() => encode({ temperature: -1 })).toThrow(expect.objectContaining({ param: 'temperature' }))
  })

  test('top_p goes where temperature is', () => {
    expect(encode({ temperature: 0.3, topP: 0.9 })).toMatchObject({ body: { temperature: 0.3 }, notes: ['dropped:top_p'] })
    expect(encode({ topP: 0.9 })).toMatchObject({ body: { top_p: 0.9 }, notes: [] })
    expect(encode({ temperature: 0.3, topP: 0.9 }, 'claude-3-5-sonnet-20241022')).toMatchObject({
      body: { temperature: 0.3, top_p: 0.9 },
      notes: [],
    })
  })

  test('what Anthropic has not is noted, unless it asks for nothing', () => {
    expect(encode({ frequencyPenalty: 0, presencePenalty: 0 }).notes).toEqual([])
    expect(encode({ frequencyPenalty: 1, presencePenalty: 1, seed: 0, logprobs: {} }).notes).toEqual([
      'dropped:frequency_penalty',
      'dropped:presence_penalty',
      'dropped:seed',
      'dropped:logprobs',
    ])
    expect(encode({ choices: 1 }).notes).toEqual([])
    expect(() => encode({ choices: 2 })).toThrow(expect.objectContaining({ param: 'n' }))
  })

  test('stop sequences without empty ones and white space', () => {
    expect(encode({ stopSequences: ['', 'END'] })).toMatchObject({ body: { stop_sequences: ['END'] }, notes: [] })
    const blank = encode({ stopSequences: ['\n'] })
    expect(blank.body).not.toHaveProperty('stop_sequences')
    expect(blank.notes).toEqual(['dropped:stop'])
  })
})

describe('identity and tier', () => {
  test.each([
    ['user-7f3a', 'user-7f3a'],
    ['4155551234', '4155551234'],
    ['{"device_id":"a"}', '{"device_id":"a"}'],
    ['ann@example.com', undefined],
    ['+1 415-555-1234', undefined],
    ['u'.repeat(257), undefined],
  ])('end user %s', (endUser, sent) => {
    const { body, notes } = encode({ endUser })
    // What looks personal, or is too long, goes as its hash.
    expect(body.metadata).toEqual({ user_id: sent ?? sha256(endUser) })
    expect(notes).toEqual(sent === undefined ? ['approximated:user'] : [])
  })

  test('a fast tier is a matter of speed, where the model has it', () => {
    const fast = encode({ serviceTier: 'fast' }, 'claude-opus-4-8')
    expect(fast.body.speed).toBe('fast')
    expect(fast.body).not.toHaveProperty('service_tier')
    expect(fast.headers).toEqual({ 'anthropic-version': '2023-06-01', 'anthropic-beta': 'fast-mode-2026-02-01' })
    expect(fast.notes).toEqual([])
    const other = encode({ serviceTier: 'fast' }, 'claude-sonnet-5')
    expect(other.body).not.toHaveProperty('speed')
    expect(other.headers).not.toHaveProperty('anthropic-beta')
    expect(other.notes).toEqual(['dropped:service_tier'])
  })

  test.each([
    ['auto', 'auto'],
    ['priority', 'auto'],
    ['default', 'standard_only'],
    ['flex', undefined],
  ])('service tier %s', (serviceTier, sent) => {
    const { body, notes } = encode({ serviceTier })
    expect(body.service_tier).toBe(sent as string)
    expect(notes).toEqual(sent === undefined ? ['dropped:service_tier'] : [])
  })

  test('members of other dialects are dropped by name, silently where they have no effect', () => {
    const members = {
      logit_bias: { '1': 5 },
      store: false,
      verbosity: 'low',
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      modalities: ['text'],
    }
    expect(encode({ extensions: { 'openai-chat': members } }).notes).toEqual(['dropped:logit_bias', 'dropped:verbosity'])
    for (const refused of [{ audio: { voice: 'x' } }, { modalities: ['text', 'audio'] }, { web_search_options: {} }]) {
      expect(() => encode({ extensions: { 'openai-chat': refused } })).toThrow(expect.objectContaining({ kind: 'invalid-request' }))
    }
  })

  test("Anthropic's own members go back", () => {
    const { body } = encode({
      extensions: { anthropic: { container: 'c', output_config: { task_budget: 1 }, metadata: { x: 1 } } },
      endUser: 'u',
    })
    expect(body).toMatchObject({ container: 'c', output_config: { task_budget: 1 }, metadata: { x: 1, user_id: 'u' } })
  })
})

describe('response format', () => {
  const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] }

  test('a schema where the model enforces one, closed and with its limits in words', () => {
    const { body, notes } = encode({ responseFormat: { type: 'json-schema', schema, name: 'x', strict: true } })
    expect(body.output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { n: { type: 'integer', description: '(minimum: 1)' } },
          required: ['n'],
          additionalProperties: false,
        },
      },
    })
    expect(notes).toEqual(['approximated:response_format'])
  })

  test('words where it does not', () => {
    const older = encode({ responseFormat: { type: 'json-schema', schema }, reasoning: { effort: 'low' } }, 'claude-sonnet-4-20250514')
    expect(older.body).not.toHaveProperty('output_config')
    expect(older.body).not.toHaveProperty('tools')
    expect(JSON.stringify(older.body.system)).toContain('JSON Schema')
    const object = encode({ responseFormat: { type: 'json-object' } })
    expect(object.body.system).toEqual([{ type: 'text', text: 'Respond only with a JSON object.' }])
    expect(object.notes).toEqual(['approximated:response_format'])
    expect(encode({ responseFormat: { type: 'text' } }).notes).toEqual([])
  })
})

describe('cache marks', () => {
  const marked = (text: string) => ({ type: 'text' as const, text, cache: {} })

  test('four at most, the last ones, and the internal model stays as it was', () => {
    const request = openaiRequest({
      messages: [
        { role: 'system', content: [marked('s')] },
        { role: 'user', content: [marked('1'), marked('2'), marked('3'), { type: 'text', text: '4', cache: { ttl: '5m' } }] },
      ],
      tools: [{ type: 'function', name: 'f', cache: {} }],
    })
    const before = structuredClone(request)
    const context = testContext()
    const { body } = encodeRequest(request, { model: 'claude-opus-4-5', traits: {} }, context)
    expect(JSON.stringify([body.tools, body.system])).not.toContain('cache_control')
    expect(JSON.stringify(body.messages).match(/cache_control/g)).toHaveLength(4)
    expect(JSON.stringify(body.messages)).toContain('"ttl":"5m"')
    expect(context.fields()).toEqual(['dropped:cache_control'])
    expect(request).toEqual(before)
  })

  test('an hour behind five minutes is five minutes too, and what is nested in a result counts', () => {
    const nested = { type: 'tool-result' as const, callId: 't', isError: false, content: [marked('in')], cache: { ttl: '1h' } }
    const { body, notes } = encode({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 's', cache: { ttl: '1h' } }] },
        { role: 'user', content: [marked('q1'), marked('q2')] },
        { role: 'assistant', content: [{ type: 'tool-call', id: 't', name: 'f', arguments: '' }] },
        { role: 'tool', content: [nested] },
      ],
      tools: [{ type: 'custom', name: 'f', cache: { ttl: '1h' } }],
    })
    expect(notes).toEqual(['dropped:cache_control', 'approximated:cache_control.ttl'])
    expect([...JSON.stringify(body).matchAll(/"cache_control":(\{[^}]*\})/g)].map(([, mark]) => mark)).toEqual(
      Array<string>(4).fill('{"type":"ephemeral"}'),
    )
    const inOrder = encode({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'a', cache: { ttl: '1h' } }, marked('b')] }],
    })
    expect(inOrder.notes).toEqual([])
    expect(JSON.stringify(inOrder.body.messages)).toContain('"ttl":"1h"')
  })

  test('an automatic breakpoint is a mark on the whole request, and one of the four', () => {
    const content = [marked('1'), marked('2'), marked('3'), marked('4')]
    const implicit = { extensions: { 'openai-chat': { prompt_cache_options: { mode: 'implicit' } } } }
    const { body, notes } = encode({ ...implicit, messages: [{ role: 'user', content }] })
    expect(body.cache_control).toEqual({ type: 'ephemeral' })
    expect(JSON.stringify(body.messages).match(/cache_control/g)).toHaveLength(3)
    expect(notes).toEqual(['dropped:cache_control'])
    const explicit = { extensions: { 'openai-chat': { prompt_cache_options: { mode: 'explicit' } } } }
    expect(encode(explicit)).toMatchObject({ notes: [] })
    expect(encode(explicit).body).not.toHaveProperty('cache_control')
  })

  test('a mark on what is left out stands on what comes before it', () => {
    const { body } = encode({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, marked(' ')] }] })
    expect(body.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] }])
  })

  test.each([
    ['30m', { type: 'ephemeral' }, []],
    ['5m', { type: 'ephemeral', ttl: '5m' }, []],
    ['12h', { type: 'ephemeral', ttl: '1h' }, ['approximated:cache_control.ttl']],
  ])('lifetime %s', (ttl, control, noted) => {
    const { body, notes } = encode({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a', cache: { ttl } }] }] })
    expect(body.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'a', cache_control: control }] }])
    expect(notes).toEqual(noted)
  })
})

test('a Messages request comes back as it was, but for the order of its members', () => {
  const body = messagesBody({
    system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }],
    temperature: 0.5,
    stop_sequences: ['x'],
    stream: true,
    metadata: { user_id: 'u' },
    service_tier: 'standard_only',
    thinking: { type: 'enabled', budget_tokens: 2000 },
    max_tokens: 4000,
    tools: [
      { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} }, input_examples: [{}] },
      { type: 'bash_20250124', name: 'bash' },
      { name: 'later', input_schema: { type: 'object', properties: {} }, defer_loading: true },
    ],
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'search_result', title: 'T', source: 's', content: [{ type: 'text', text: 'one' }], citations: { enabled: true } },
          { type: 'document', title: 'D', context: 'c', source: { type: 'content', content: [{ type: 'text', text: 'x' }] } },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: '', signature: 'sig' },
          { type: 'redacted_thinking', data: 'blob' },
          { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'q' } },
          { type: 'web_search_tool_result', tool_use_id: 's1', content: [] },
          { type: 'tool_use', id: 't1', name: 'f', input: { b: 1, a: 2 }, caller: { type: 'direct' } },
          { type: 'tool_use', id: 't2', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't1',
            content: [
              { type: 'text', text: 'r' },
              { type: 'tool_reference', tool_name: 'f' },
            ],
          },
          { type: 'tool_result', tool_use_id: 't2', content: 'no', is_error: true },
          { type: 'text', text: 'next' },
        ],
      },
    ],
  })
  const context = testContext()
  const { body: encoded } = encodeRequest(decodeRequest(body, context), { model: 'claude-sonnet-4-5', traits: {} }, context)
  // Thinking with a budget takes no temperature.
  const { temperature: _temperature, ...expected } = body
  expect(encoded).toEqual({ ...expected, model: 'claude-sonnet-4-5' })
  expect(context.fields()).toEqual(['dropped:temperature'])
})
