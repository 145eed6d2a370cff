import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../src/core/json.ts'
import { EFFORTS } from '../../../src/ir/reasoning.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { Tool } from '../../../src/ir/tools.ts'
import { checkRequest } from '../../simulators/openai/check-request.ts'
import { testContext } from '../../support/codec-context.ts'
import { decoded, encoded, message, options, request, upstream } from './context.ts'

describe('settings', () => {
  test('as they are for an ordinary model', () => {
    const { body, notes } = encoded({
      stream: true,
      maxOutputTokens: 10,
      temperature: 0.5,
      topP: 0.9,
      frequencyPenalty: 1,
      presencePenalty: -1,
      seed: 7,
      stopSequences: ['a', ''],
      choices: 2,
      logprobs: { top: 3 },
      endUser: 'u',
      serviceTier: 'flex',
    })
    expect(body as unknown).toEqual({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 10,
      temperature: 0.5,
      top_p: 0.9,
      frequency_penalty: 1,
      presence_penalty: -1,
      seed: 7,
      stop: ['a'],
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      safety_identifier: 'u',
      service_tier: 'flex',
    })
    expect(notes).toEqual([])
  })

  test('that a reasoning model refuses are dropped with a note, harmless ones pass', () => {
    const { body, notes } = encoded(
      { temperature: 0.5, topP: 1, presencePenalty: 0, stopSequences: ['a'], maxOutputTokens: 9 },
      options('gpt-5'),
    )
    expect(body).toMatchObject({ top_p: 1, presence_penalty: 0, max_completion_tokens: 9 })
    for (const field of ['temperature', 'stop', 'max_tokens']) expect(body).not.toHaveProperty(field)
    expect(notes).toEqual(['dropped:temperature', 'dropped:stop_sequences'])
  })

  test('sampling is free on models that may stop reasoning and do', () => {
    expect(encoded({ temperature: 0.5, reasoning: { mode: 'disabled' } }, options('gpt-5.5'))).toMatchObject({
      body: { temperature: 0.5, reasoning_effort: 'none' },
      notes: [],
    })
  })

  test('exactly one output limit, by the trait or by the model, within what the model can give', () => {
    const limit = (model: string, traits = {}) => {
      const { body } = encoded({ maxOutputTokens: 50_000 }, options(model, traits))
      return [body.max_tokens, body.max_completion_tokens]
    }
    expect(limit('llama')).toEqual([50_000, undefined])
    expect(limit('o3')).toEqual([undefined, 50_000])
    expect(limit('openai/gpt-5-mini')).toEqual([undefined, 50_000])
    expect(limit('llama', { maxTokensField: 'max_completion_tokens' })).toEqual([undefined, 50_000])
    expect(limit('gpt-4o')).toEqual([16_384, undefined])
    expect(encoded({ maxOutputTokens: 50_000 }).notes).toEqual(['approximated:max_tokens'])
  })

  test('more than four stop sequences, top_k, stream_options by trait', () => {
    const fields = { stopSequences: ['1', '2', '3', '4', '5'], topK: 5, stream: true }
    const strict = encoded(fields)
    expect(strict.body.stop).toEqual(['1', '2', '3', '4'])
    expect(strict.notes).toEqual(['dropped:top_k', 'approximated:stop_sequences'])
    const open = encoded(fields, options('llama', { extraSampling: true, streamOptions: false }))
    expect(open.body).toMatchObject({ top_k: 5 })
    expect(open.body).not.toHaveProperty('stream_options')
  })

  test('an end user that is too long stays stable and short', () => {
    const long = JSON.stringify({ device_id: 'd'.repeat(150), session_id: 's' })
    const { body, notes } = encoded({ endUser: long }, options('llama'))
    expect(body.user).toMatch(/^[0-9a-f]{64}$/)
    expect(encoded({ endUser: long }, options('llama')).body.user).toBe(body.user as string)
    expect(notes).toEqual([])
  })

  test('service tiers', () => {
    const tier = (serviceTier: string, origin: GenerateRequest['origin'] = 'anthropic') =>
      encoded({ serviceTier, origin }).body.service_tier
    expect([tier('standard_only'), tier('auto'), tier('novel'), tier('novel', 'openai-chat')]).toEqual([
      'default',
      'auto',
      undefined,
      'novel',
    ])
    expect(encoded({ extensions: { anthropic: { speed: 'fast' } } })).toMatchObject({ body: { service_tier: 'fast' }, notes: [] })
    expect(encoded({ extensions: { anthropic: { speed: 'fast' } } }, options('llama')).notes).toEqual(['dropped:speed'])
  })

  test('response formats', () => {
    const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
    const open = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }
    expect(encoded({ responseFormat: { type: 'json-schema', schema: closed } })).toMatchObject({
      body: { response_format: { type: 'json_schema', json_schema: { name: 'output', schema: closed, strict: true } } },
      notes: [],
    })
    expect(encoded({ responseFormat: { type: 'json-schema', schema: open, strict: true } })).toMatchObject({
      body: { response_format: { json_schema: { strict: false } } },
      notes: ['approximated:output_config.format'],
    })
    expect(encoded({ responseFormat: { type: 'json-object' } }).body.response_format).toEqual({ type: 'json_object' })
    expect(encoded({ responseFormat: { type: 'text' } }).body).not.toHaveProperty('response_format')
  })
})

describe('reasoning', () => {
  const effort = (reasoning: GenerateRequest['reasoning'], model: string, origin: GenerateRequest['origin'] = 'anthropic') => {
    const { body, notes } = encoded({ reasoning, origin }, options(model))
    return notes.length > 0 ? [body.reasoning_effort, ...notes] : body.reasoning_effort
  }

  test('efforts, budgets and their limits', () => {
    expect(effort({ mode: 'adaptive' }, 'gpt-5')).toBeUndefined()
    expect(effort({ mode: 'adaptive', effort: 'high' }, 'gpt-5')).toBe('high')
    expect(effort({ mode: 'enabled', budgetTokens: 1024 }, 'gpt-5')).toBe('low')
    expect(effort({ mode: 'enabled', budgetTokens: 512 }, 'gpt-5')).toBe('minimal')
    expect(effort({ mode: 'enabled', budgetTokens: 30_000 }, 'gpt-5.5')).toBe('xhigh')
    expect(effort({ effort: 'max' }, 'gpt-6.1-sol')).toBe('max')
    expect(effort({ effort: 'max' }, 'o3')).toEqual(['high', 'approximated:output_config.effort'])
    expect(effort({ effort: 'minimal' }, 'gpt-5.1')).toEqual(['low', 'approximated:output_config.effort'])
    expect(effort({ effort: 'xhigh' }, 'qwen3')).toEqual(['high', 'approximated:output_config.effort'])
    expect(effort({ effort: 'xhigh' }, 'qwen3', 'openai-chat')).toBe('xhigh')
  })

  test('turned off', () => {
    expect(effort({ mode: 'disabled' }, 'gpt-5.1')).toBe('none')
    expect(effort({ mode: 'disabled' }, 'gpt-5')).toEqual(['minimal', 'approximated:thinking'])
    expect(effort({ mode: 'disabled' }, 'o3')).toEqual(['low', 'approximated:thinking'])
    expect(effort({ mode: 'disabled' }, 'llama')).toBeUndefined()
    expect(effort({ mode: 'disabled', effort: 'high' }, 'gpt-5.1')).toBe('none')
  })

  test('is not asked of models without it', () => {
    expect(effort({ effort: 'high' }, 'gpt-4o')).toBeUndefined()
    expect(effort({ effort: 'high' }, 'gpt-5-chat-latest')).toBeUndefined()
  })
})

describe('tools', () => {
  const fn: Tool = { type: 'function', name: 'f', description: 'd', parameters: { type: 'object', properties: {}, description: 'kept' } }
  const search: Tool = { type: 'vendor', origin: 'anthropic', kind: 'web_search_20250305', name: 'web_search', value: {} }

  test('keep their schema whole; arrays get items, the root is an object', () => {
    const parameters = {
      properties: { list: { type: 'array' }, items: { type: 'string' } },
      $defs: { x: { anyOf: [{ type: 'array' }] } },
      oneOf: [],
    }
    const { body } = encoded({
      tools: [
        { type: 'function', name: 'g', parameters },
        { type: 'function', name: 'h' },
      ],
    })
    expect(body.tools as unknown).toEqual([
      {
        type: 'function',
        function: {
          name: 'g',
          parameters: {
            type: 'object',
            properties: { list: { type: 'array', items: {} }, items: { type: 'string' } },
            $defs: { x: { anyOf: [{ type: 'array', items: {} }] } },
            oneOf: [],
          },
        },
      },
      { type: 'function', function: { name: 'h', parameters: { type: 'object', properties: {} } } },
    ])
    expect(parameters.properties.list).toEqual({ type: 'array' })
  })

  test('choices', () => {
    const custom: Tool = { type: 'custom', name: 'c' }
    const choice = (toolChoice: GenerateRequest['toolChoice'], model = 'gpt-4o') =>
      encoded({ tools: [fn, custom], toolChoice }, options(model)).body
    expect(choice({ type: 'tool', name: 'f' }).tool_choice).toEqual({ type: 'function', function: { name: 'f' } })
    expect(choice({ type: 'tool', name: 'c' }).tool_choice).toEqual({ type: 'custom', custom: { name: 'c' } })
    expect(choice({ type: 'required' }).tool_choice).toBe('required')
    expect(choice({ type: 'allowed', mode: 'auto', names: ['c'] }).tool_choice).toEqual({
      type: 'allowed_tools',
      allowed_tools: { mode: 'auto', tools: [{ type: 'custom', custom: { name: 'c' } }] },
    })
    expect(choice({ type: 'allowed', mode: 'required', names: ['f'] }, 'llama')).toMatchObject({
      tool_choice: 'required',
      tools: [{ type: 'function', function: { name: 'f' } }],
    })
  })

  test('a choice and parallel_tool_calls stand with tools only', () => {
    const fields = { toolChoice: { type: 'auto' }, parallelToolCalls: false } as const
    expect(encoded({ ...fields, tools: [fn] }).body).toMatchObject({ tool_choice: 'auto', parallel_tool_calls: false })
    for (const key of ['tools', 'tool_choice', 'parallel_tool_calls'])
      expect(encoded({ ...fields, tools: [] }).body).not.toHaveProperty(key)
    expect(encoded({ parallelToolCalls: true, tools: [fn] }).body).not.toHaveProperty('parallel_tool_calls')
  })

  test("another vendor's are dropped while others remain, and refused where the answer hangs on them", () => {
    const { body, notes } = encoded({ tools: [search, fn] })
    expect(body.tools).toHaveLength(1)
    expect(notes).toEqual(['dropped:tools.0'])
    const hanging: Partial<GenerateRequest>[] = [
      { tools: [search] },
      { tools: [fn, search], toolChoice: { type: 'tool', name: 'web_search' } },
      { tools: [fn, search], toolChoice: { type: 'allowed', mode: 'auto', names: ['web_search'] } },
    ]
    for (const fields of hanging) {
      const param = `tools.${fields.tools?.indexOf(search)}`
      expect(() => encoded(fields)).toThrow(expect.objectContaining({ kind: 'invalid-request', param }))
    }
  })

  test("Anthropic's client-run tools get their documented schema, the vendor's own pass as they are", () => {
    const bash: Tool = { type: 'vendor', origin: 'anthropic', kind: 'bash_20250124', name: 'bash', value: {} }
    const own: Tool = { type: 'vendor', origin: 'openai-chat', kind: 'x', value: { type: 'x', y: 1 } }
    const { body, notes } = encoded({ tools: [bash, own] })
    expect(body.tools).toMatchObject([
      { type: 'function', function: { name: 'bash', parameters: { properties: { command: {} } } } },
      { type: 'x', y: 1 },
    ])
    expect(notes).toEqual([])
  })

  test('strict is kept where OpenAI would take it', () => {
    const strict = (parameters: JsonObject) => encoded({ tools: [{ type: 'function', name: 'f', strict: true, parameters }] })
    const closed = { type: 'object', properties: { a: {} }, required: ['a'], additionalProperties: false }
    expect(strict(closed)).toMatchObject({ body: { tools: [{ function: { strict: true } }] }, notes: [] })
    expect(strict({ ...closed, required: [] })).toMatchObject({
      body: { tools: [{ function: { strict: false } }] },
      notes: ['approximated:tools.0.strict'],
    })
  })
})

describe('extensions', () => {
  test('of this dialect are written back, undocumented ones where the server takes them', () => {
    const body = { store: true, verbosity: 'low', chat_template_kwargs: { a: 1 }, user: 'a', safety_identifier: 'b' }
    const from = (traits: JsonObject) => {
      const context = testContext()
      return { ...upstream.encodeRequest(decoded(body), options('gpt-4o', traits), context), notes: context.fields() }
    }
    expect(from({})).toMatchObject({
      body: { store: true, verbosity: 'low', user: 'a', safety_identifier: 'b' },
      notes: ['dropped:chat_template_kwargs'],
    })
    expect(from({ unknownFields: true })).toMatchObject({ body, notes: [] })
  })

  test('parts keep what only this dialect says of them', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'https://e.com/a.png', detail: 'high' } },
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
    ]
    const { body } = upstream.encodeRequest(decoded({ messages: [{ role: 'user', content }] }), options('gpt-5.6'), testContext())
    expect(body.messages as unknown).toEqual([{ role: 'user', content }])
  })

  test('of others are dropped with a note, silently where they mean nothing, refused where they change everything', () => {
    const { body, notes } = encoded({
      extensions: { anthropic: { context_management: { edits: [] }, inference_geo: 'us' }, gemini: { safetySettings: [1] } },
    })
    expect(notes).toEqual(['dropped:inference_geo', 'dropped:safetySettings'])
    expect(Object.keys(body)).toEqual(['model', 'messages', 'stream'])
    expect(() => encoded({ extensions: { anthropic: { container: { id: 'x' } } } })).toThrow(
      expect.objectContaining({ param: 'container' }),
    )
  })
})

test('whatever an Anthropic client asks, OpenAI takes what goes up', () => {
  const schema: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
    { type: 'object' },
    { type: 'object', properties: { a: { type: 'array' } } },
    { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false },
    { anyOf: [{ type: 'object', properties: {} }] },
  )
  const tool: fc.Arbitrary<Tool> = fc.record({
    type: fc.constant('function' as const),
    name: fc.constantFrom('f', 'g'),
    description: fc.option(fc.string(), { nil: undefined }),
    parameters: fc.option(schema, { nil: undefined }),
    strict: fc.option(fc.boolean(), { nil: undefined }),
  })
  const fields = fc.record(
    {
      stream: fc.boolean(),
      maxOutputTokens: fc.integer({ min: 1, max: 200_000 }),
      temperature: fc.double({ min: 0, max: 1, noNaN: true }),
      topP: fc.double({ min: 0, max: 1, noNaN: true }),
      topK: fc.nat(),
      stopSequences: fc.array(fc.string(), { maxLength: 6 }),
      tools: fc.array(tool, { maxLength: 3 }),
      toolChoice: fc.constantFrom({ type: 'auto' } as const, { type: 'none' } as const, { type: 'required' } as const),
      parallelToolCalls: fc.boolean(),
      reasoning: fc.record(
        {
          mode: fc.constantFrom('adaptive' as const, 'enabled' as const, 'disabled' as const),
          effort: fc.constantFrom(...EFFORTS),
          budgetTokens: fc.nat(100_000),
        },
        { requiredKeys: [] },
      ),
      responseFormat: schema.map(value => ({ type: 'json-schema' as const, schema: value })),
      endUser: fc.string({ maxLength: 300 }),
      serviceTier: fc.constantFrom('auto', 'default', 'standard_only', 'novel'),
    },
    { requiredKeys: ['stream'] },
  )
  fc.assert(
    fc.property(fields, fc.constantFrom('gpt-4o', 'gpt-4.1', 'o3', 'gpt-5', 'gpt-5.5', 'gpt-6.1-sol'), (wanted, model) => {
      const { body } = upstream.encodeRequest(
        request({ messages: [message('system', 'S'), message('user', 'Hi')], ...wanted }),
        options(model),
        testContext(),
      )
      expect(() => checkRequest(body, 1_000_000)).not.toThrow()
    }),
    { numRuns: 300 },
  )
})
