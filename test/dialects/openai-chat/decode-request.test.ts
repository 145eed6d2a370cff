import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { decoded } from './context.ts'

describe('top-level fields', () => {
  test('have their places in the model', () => {
    const request = decoded({
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      max_tokens: 5,
      max_completion_tokens: 10,
      temperature: 0,
      top_p: 0.5,
      top_k: 40,
      frequency_penalty: 1,
      presence_penalty: -1,
      seed: 7,
      stop: 'END',
      parallel_tool_calls: false,
      reasoning_effort: 'high',
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      user: 'u',
      service_tier: 'flex',
    })
    expect(request).toMatchObject({
      origin: 'openai-chat',
      model: 'some-alias',
      stream: true,
      includeUsage: true,
      maxOutputTokens: 10,
      temperature: 0,
      topP: 0.5,
      topK: 40,
      frequencyPenalty: 1,
      presencePenalty: -1,
      seed: 7,
      stopSequences: ['END'],
      parallelToolCalls: false,
      reasoning: { effort: 'high' },
      choices: 2,
      logprobs: { top: 3 },
      endUser: 'u',
      serviceTier: 'flex',
    })
    expect(request.extensions).toBeUndefined()
  })

  test('zero tokens are zero, not a default', () => {
    expect(decoded({ max_tokens: 0 }).maxOutputTokens).toBe(0)
  })

  test('without a place travel as extensions, unknown ones too; null is nothing', () => {
    const rest = {
      store: true,
      metadata: { a: 'b' },
      verbosity: 'low',
      logit_bias: { 5: 1 },
      chat_template_kwargs: { enable_thinking: false },
    }
    expect(decoded({ ...rest, prediction: null }).extensions).toEqual({ 'openai-chat': rest })
  })

  test('that contradict each other are both kept', () => {
    const request = decoded({ user: 'a', safety_identifier: 'b', top_logprobs: 2, stream_options: { chunk_size: 5 } })
    expect(request.endUser).toBe('b')
    expect(request.extensions?.['openai-chat']).toEqual({ user: 'a', top_logprobs: 2, stream_options: { chunk_size: 5 } })
  })

  test('thinking as other clients send it', () => {
    expect(decoded({ thinking: { type: 'enabled', budget_tokens: 2000 } }).reasoning).toEqual({ mode: 'enabled', budgetTokens: 2000 })
    expect(decoded({ thinking: { type: 'disabled' }, reasoning_effort: 'low' }).reasoning).toMatchObject({
      mode: 'disabled',
      effort: 'low',
    })
  })

  test('reasoning in the words of OpenRouter, over which the others win', () => {
    expect(decoded({ reasoning: { effort: 'high', exclude: true } }).reasoning).toEqual({ effort: 'high', display: 'omitted' })
    expect(decoded({ reasoning: { max_tokens: 3000 } }).reasoning).toEqual({ mode: 'enabled', budgetTokens: 3000 })
    expect(decoded({ reasoning: { enabled: true } }).reasoning).toEqual({ mode: 'adaptive' })
    expect(decoded({ reasoning: { enabled: false } }).reasoning).toEqual({ mode: 'disabled' })
    expect(decoded({ reasoning: {} }).reasoning).toBeUndefined()
    expect(decoded({ reasoning: { effort: 'low' }, reasoning_effort: 'max', thinking: { type: 'adaptive' } }).reasoning).toEqual({
      mode: 'adaptive',
      effort: 'max',
    })
    expect(() => decoded({ reasoning: { effort: 'most' } })).toThrow(expect.objectContaining({ param: 'reasoning.effort' }))
  })

  test('another form of thinking is its vendor’s to read', () => {
    const other = decoded({ thinking: { type: 'auto' } })
    expect([other.reasoning, other.extensions]).toEqual([undefined, { 'openai-chat': { thinking: { type: 'auto' } } }])
  })

  test('response_format in its three forms', () => {
    const schema = { type: 'object', properties: {} }
    const json = { name: 'answer', description: 'd', schema, strict: true }
    expect(decoded({ response_format: { type: 'text' } }).responseFormat).toEqual({ type: 'text' })
    expect(decoded({ response_format: { type: 'json_object' } }).responseFormat).toEqual({ type: 'json-object' })
    expect(decoded({ response_format: { type: 'json_schema', json_schema: json } }).responseFormat).toEqual({
      type: 'json-schema',
      ...json,
    })
  })
})

describe('tools', () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false }

  test('function, flat function, custom, vendor and older functions', () => {
    const request = decoded({
      tools: [
        {
          type: 'function',
          function: { name: 'a', description: 'does a', parameters: schema, strict: true },
          cache_control: { type: 'ephemeral' },
        },
        { type: 'function', name: 'flat', parameters: schema },
        { type: 'custom', custom: { name: 'patch', format: { type: 'text' } } },
        { type: 'web_search', filters: {} },
      ],
      functions: [{ name: 'old' }],
    })
    expect(request.tools).toMatchObject([
      { type: 'function', name: 'a', description: 'does a', parameters: schema, strict: true, cache: {} },
      { type: 'function', name: 'flat', parameters: schema },
      { type: 'custom', name: 'patch', format: { type: 'text' } },
      { type: 'vendor', origin: 'openai-chat', kind: 'web_search', value: { type: 'web_search', filters: {} } },
      { type: 'function', name: 'old' },
    ])
  })

  const choices: [unknown, unknown][] = [
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    ['any', { type: 'required' }],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', custom: { name: 'c' } },
      { type: 'tool', name: 'c' },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'required',
          tools: [
            { type: 'function', function: { name: 'f' } },
            { type: 'custom', custom: { name: 'c' } },
          ],
        },
      },
      { type: 'allowed', mode: 'required', names: ['f', 'c'] },
    ],
  ]
  for (const [wire, choice] of choices) {
    test(`tool_choice ${JSON.stringify(wire)}`, () => {
      expect(decoded({ tool_choice: wire as JsonObject }).toolChoice).toEqual(choice as never)
    })
  }

  test('the older function_call', () => {
    expect(decoded({ function_call: 'none' }).toolChoice).toEqual({ type: 'none' })
    expect(decoded({ function_call: { name: 'f' } }).toolChoice).toEqual({ type: 'tool', name: 'f' })
  })
})

describe('messages', () => {
  const messages = (...list: JsonObject[]) => decoded({ messages: list }).messages

  test('of every role', () => {
    expect(
      messages(
        { role: 'system', content: 'S' },
        { role: 'developer', content: [{ type: 'text', text: 'D' }] },
        { role: 'user', content: 'U', name: 'ann' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'A' },
            { type: 'refusal', refusal: 'no' },
          ],
        },
      ),
    ).toMatchObject([
      { role: 'system', content: [{ type: 'text', text: 'S' }] },
      { role: 'developer', content: [{ type: 'text', text: 'D' }] },
      { role: 'user', content: [{ type: 'text', text: 'U' }], name: 'ann' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'A' },
          { type: 'refusal', text: 'no' },
        ],
      },
    ])
  })

  test('tool calls, and the results of one step in one message', () => {
    const [call, results] = messages(
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a": 1.0}' } },
          { id: 'c2', type: 'custom', custom: { name: 'patch', input: 'free text' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c1', content: '[tool error] no such city' },
      { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: 'done' }] },
    )
    expect(call?.content).toEqual([
      { type: 'tool-call', id: 'c1', name: 'f', arguments: '{"a": 1.0}' },
      { type: 'tool-call', id: 'c2', name: 'patch', arguments: 'free text', kind: 'custom' },
    ])
    expect(results).toMatchObject({
      role: 'tool',
      content: [
        { type: 'tool-result', callId: 'c1', isError: true, content: [{ type: 'text', text: 'no such city' }] },
        { type: 'tool-result', callId: 'c2', isError: false, content: [{ type: 'text', text: 'done' }] },
      ],
    })
  })

  test('older function calls get ids that their results share', () => {
    const [first, answer, second] = messages(
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      { role: 'function', name: 'f', content: 'one' },
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
    )
    const id = first?.content[0]?.type === 'tool-call' ? first.content[0].id : undefined
    expect(answer?.content[0]).toMatchObject({ type: 'tool-result', callId: id })
    expect(second?.content[0]).toMatchObject({ type: 'tool-call', id: expect.not.stringMatching(`^${id}$`) })
  })

  test('media', () => {
    const [user] = messages({
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'data:image/JPG;name=x;base64,/9j/\n4AAQ', detail: 'high' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'JVBERi0x' } },
        { type: 'file', file: { filename: 'a.csv', file_data: `data:text/csv;base64,${Buffer.from('ä,b').toString('base64')}` } },
        { type: 'file', file: { file_id: 'file-1' } },
      ],
    })
    expect(user?.content).toMatchObject([
      { type: 'media', mediaType: 'image/jpeg', source: { kind: 'base64', data: '/9j/4AAQ' } },
      { type: 'media', mediaType: 'image/*', source: { kind: 'url', url: 'https://example.com/a.png' } },
      { type: 'media', mediaType: 'audio/mp3', source: { kind: 'base64', data: 'AAAA' } },
      { type: 'media', mediaType: 'application/pdf', source: { kind: 'base64', data: 'JVBERi0x' }, name: 'a.pdf' },
      { type: 'media', mediaType: 'text/csv', source: { kind: 'text', text: 'ä,b' } },
      { type: 'media', source: { kind: 'file', id: 'file-1', origin: 'openai-chat' } },
    ])
  })

  test('cache marks of both vendors, on parts and on messages', () => {
    const [first, second] = messages(
      { role: 'system', content: 'S', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { role: 'user', content: [{ type: 'text', text: 'U', prompt_cache_breakpoint: { mode: 'explicit' } }] },
    )
    expect(first?.content[0]).toMatchObject({ text: 'S', cache: { ttl: '1h' } })
    expect(first?.extensions).toBeUndefined()
    expect(second?.content[0]?.cache).toEqual({ ttl: undefined })
    const mark = { cache_control: { type: 'ephemeral' } }
    expect(decoded({ tools: [{ type: 'custom', custom: { name: 'f' }, ...mark }] }).tools).toMatchObject([{ cache: {} }])
  })

  test('sounds of earlier answers and citations are kept', () => {
    const annotation = { type: 'url_citation', url_citation: { url: 'https://e.com', title: 'E', start_index: 0, end_index: 1 } }
    const [answer] = messages({ role: 'assistant', content: 'A', audio: { id: 'audio_1' }, annotations: [annotation] })
    expect(answer?.content).toMatchObject([
      { type: 'text', annotations: [{ url: 'https://e.com', title: 'E', raw: annotation }] },
      { type: 'opaque', origin: 'openai-chat', value: { audio: { id: 'audio_1' } } },
    ])
  })
})

describe('bad input', () => {
  const user = (part: JsonObject) => ({ messages: [{ role: 'user', content: [part] }] })
  const wrong: [string, JsonObject][] = [
    ['messages.0.role', { messages: [{ role: 'wizard', content: 'Hi' }] }],
    ['messages.0.content', { messages: [{ role: 'user' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages.0.content.0', { messages: [{ role: 'user', content: ['Hi'] }] }],
    ['messages.0.content.0.type', user({ type: 'video_url' })],
    ['messages.0.content.0.type', user({ text: 'no type' })],
    ['messages.0.content.0.text', user({ type: 'text', text: 5 })],
    [
      'messages.0.content.0.type',
      { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://e.com' } }] }] },
    ],
    ['messages.0.content.0.image_url.url', user({ type: 'image_url', image_url: { url: 'ftp://e.com/x' } })],
    ['messages.0.content.0.image_url.url', user({ type: 'image_url', image_url: { url: 'data:image/png;base64,@@' } })],
    ['messages.0.content.0.input_audio.format', user({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'ogg' } })],
    ['messages.0.content.0.file', user({ type: 'file', file: {} })],
    ['messages.0.tool_call_id', { messages: [{ role: 'tool', content: 'x' }] }],
    [
      'messages.0.tool_calls.0.id',
      { messages: [{ role: 'assistant', tool_calls: [{ type: 'function', function: { name: 'f', arguments: '' } }] }] },
    ],
    [
      'messages.0.tool_calls.0.function.name',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: '' } }] }] },
    ],
    ['tools.0.type', { tools: [{ name: 'x' }] }],
    ['tools.0.function.name', { tools: [{ type: 'function', function: {} }] }],
    ['tools.0.function.parameters', { tools: [{ type: 'function', function: { name: 'f', parameters: 'x' } }] }],
    ['tool_choice', { tool_choice: 'sometimes' }],
    ['tool_choice.type', { tool_choice: { type: 'x' } }],
    ['reasoning_effort', { reasoning_effort: 'huge' }],
    ['response_format.type', { response_format: { type: 'xml' } }],
    ['response_format.json_schema.schema', { response_format: { type: 'json_schema', json_schema: { name: 'x' } } }],
    ['logprobs', { logprobs: 1 }],
  ]
  for (const [param, fields] of wrong) {
    test(`names ${param}: ${JSON.stringify(fields).slice(0, 90)}`, () => {
      expect(() => decoded(fields)).toThrow(expect.objectContaining({ kind: 'invalid-request', param }))
    })
  }
})
