import { describe, expect, test } from 'bun:test'
import { jetbrainsV7 } from '../../../src/dialects/jetbrains/index.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import { CLAUDE, call, encoded, GEMINI, GPT, message, options, result, text, tool } from './context.ts'

const EVERYTHING: Partial<GenerateRequest> = {
  maxOutputTokens: 100,
  temperature: 0.5,
  topP: 0.9,
  topK: 5,
  seed: 7,
  stopSequences: ['END'],
  reasoning: { effort: 'high' },
  extensions: { 'openai-chat': { verbosity: 'low' } },
}

const ALL_NOTES = ['max_tokens', 'temperature', 'top_p', 'top_k', 'seed', 'stop', 'reasoning_effort', 'verbosity']
const allBut = (...kept: string[]): string[] => ALL_NOTES.filter(name => !kept.includes(name)).map(name => `dropped:${name}`)

describe('what is sent, by family', () => {
  const rows: [string, Record<string, unknown>, string[]][] = [
    [
      'openai-gpt-5-1',
      { length: 100, 'reasoning-effort': 'high', verbosity: 'low' },
      allBut('max_tokens', 'reasoning_effort', 'verbosity'),
    ],
    ['openai-o3', { length: 100, seed: 7, 'reasoning-effort': 'high' }, allBut('max_tokens', 'seed', 'reasoning_effort')],
    ['openai-o1', { length: 100, seed: 7, 'reasoning-effort': 'high' }, allBut('max_tokens', 'seed', 'reasoning_effort')],
    ['openai-gpt4.1', { length: 100, temperature: 0.5, 'top-p': 0.9, seed: 7 }, allBut('max_tokens', 'temperature', 'top_p', 'seed')],
    [CLAUDE, { length: 100, 'stop-token': 'END' }, allBut('max_tokens', 'stop')],
    [
      GEMINI,
      { length: 100, temperature: 0.5, 'top-p': 0.9, 'reasoning-effort': 'high' },
      allBut('max_tokens', 'temperature', 'top_p', 'reasoning_effort'),
    ],
    ['xai-grok-4', { length: 100, temperature: 0.5, 'top-p': 0.9, seed: 7 }, allBut('max_tokens', 'temperature', 'top_p', 'seed')],
    ['qwen-max', {}, allBut()],
    ['openai-gpt-5-codex', {}, allBut()],
  ]
  for (const [profile, parameters, notes] of rows) {
    test(profile, () => {
      const made = encoded(EVERYTHING, options(profile))
      expect(made.parameters).toEqual(parameters)
      expect(made.notes).toEqual(notes)
    })
  }

  test('on v7: no limit, one of temperature and top_p, and none of them for OpenAI', () => {
    const older = (fields: Partial<GenerateRequest>, profile: string) => {
      const { parameters, notes } = encoded(fields, options(profile), jetbrainsV7)
      return { parameters, notes }
    }
    expect(older({ maxOutputTokens: 5, temperature: 0.5, topP: 0.9 }, CLAUDE)).toEqual({
      parameters: { temperature: 0.5 },
      notes: ['dropped:max_tokens', 'dropped:top_p'],
    })
    expect(older({ topP: 0.9 }, GEMINI)).toEqual({ parameters: { 'top-p': 0.9 }, notes: [] })
    expect(older({ temperature: 0.5 }, GPT)).toEqual({ parameters: {}, notes: ['dropped:temperature'] })
    expect(older({ reasoning: { effort: 'low' } }, 'openai-o3')).toEqual({ parameters: { 'reasoning-effort': 'low' }, notes: [] })
    expect(older({ reasoning: { effort: 'low' } }, 'openai-o1').notes).toEqual(['dropped:reasoning_effort'])
  })
})

describe('the live list of the profile', () => {
  const live = (...keys: string[]) => ({ parameters: keys.map(key => `llm.parameters.${key}`) })

  test('is the truth where there is one', () => {
    const made = encoded(EVERYTHING, options(CLAUDE, live('temperature', 'top-k', 'length')))
    expect(made.parameters).toEqual({ length: 100, temperature: 0.5, 'top-k': 5 })
    expect(made.notes).toEqual(allBut('max_tokens', 'temperature', 'top_k'))
    expect(encoded(EVERYTHING, options(GPT, live())).body).not.toHaveProperty('parameters')
  })

  test('decides on tools, and lets codex have them', () => {
    const tools = { tools: [tool('f')] }
    expect(encoded(tools, options('openai-gpt-5-codex', live('tools', 'length'))).parameters).toHaveProperty('tools')
    expect(encoded({ ...tools, maxOutputTokens: 5 }, options('openai-gpt-5-codex', live('length')))).toMatchObject({
      parameters: {},
      notes: ['dropped:tools', 'dropped:max_tokens'],
    })
    expect(encoded(tools, options(CLAUDE, live('length'))).notes).toEqual(['dropped:tools'])
  })

  test('reasoning by budget where the profile takes one', () => {
    const both = options('google-chat-gemini-pro-2.5', live('thinking-budget', 'reasoning-effort'))
    const budget = options('google-chat-gemini-pro-2.5', live('thinking-budget'))
    expect(encoded({ reasoning: { mode: 'enabled', budgetTokens: 3000 } }, both).parameters).toEqual({ 'thinking-budget': 3000 })
    expect(encoded({ reasoning: { effort: 'low' } }, both).parameters).toEqual({ 'reasoning-effort': 'low' })
    expect(encoded({ reasoning: { effort: 'low' } }, budget).parameters).toEqual({ 'thinking-budget': 1024 })
    expect(encoded({ reasoning: { effort: 'none' } }, budget).parameters).toEqual({ 'thinking-budget': 0 })
  })

  test('a format goes as a parameter', () => {
    const schema = { type: 'object' }
    const made = encoded(
      { responseFormat: { type: 'json-schema', schema, name: 'n', strict: true } },
      options(GPT, live('response-format')),
    )
    expect(made.parameters).toEqual({ 'response-format': { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } } })
    expect(made.notes).toEqual([])
  })

  test('auto and one call at a time are said where they have a word', () => {
    const fields = { tools: [tool('f')], toolChoice: { type: 'auto' }, parallelToolCalls: false } as const
    expect(
      encoded({ ...fields, tools: [...fields.tools] }, options(GPT, live('tools', 'tool-choice-auto', 'parallel-tool-calls'))),
    ).toMatchObject({
      parameters: { 'tool-choice-auto': true, 'parallel-tool-calls': false },
      notes: [],
    })
    const silent = encoded({ ...fields, tools: [...fields.tools] })
    expect(Object.keys(silent.parameters)).toEqual(['tools'])
    expect(silent.notes).toEqual(['dropped:parallel_tool_calls'])
  })
})

describe('values', () => {
  test('temperatures stay within the family’s range', () => {
    const of = (temperature: number, profile: string) => encoded({ temperature }, options(profile))
    expect(of(1.7, GEMINI)).toMatchObject({ parameters: { temperature: 1 }, notes: ['approximated:temperature'] })
    expect(of(1.7, 'xai-grok-4')).toMatchObject({ parameters: { temperature: 1.7 }, notes: [] })
    expect(of(2.5, 'xai-grok-4')).toMatchObject({ parameters: { temperature: 2 }, notes: ['approximated:temperature'] })
    expect(of(1.7, CLAUDE).notes).toEqual(['dropped:temperature'])
  })

  test('limits are at least one and at most the model’s', () => {
    expect(encoded({ maxOutputTokens: 0 })).toMatchObject({ parameters: { length: 1 }, notes: ['approximated:max_tokens'] })
    expect(encoded({ maxOutputTokens: 900 }, options(GPT, { maxOutput: 500 }))).toMatchObject({
      parameters: { length: 500 },
      notes: ['approximated:max_tokens'],
    })
  })

  test('of several stops the first', () => {
    expect(encoded({ origin: 'anthropic', stopSequences: ['', 'a', 'b'] }, options(CLAUDE))).toMatchObject({
      parameters: { 'stop-token': 'a' },
      notes: ['approximated:stop_sequences'],
    })
  })

  test('several answers, or none at all', () => {
    expect(encoded({ choices: 3 }).parameters).toEqual({ 'number-of-choices': 3 })
    expect(encoded({ choices: 1 }, options(CLAUDE)).parameters).toEqual({})
    expect(() => encoded({ choices: 2 }, options(CLAUDE))).toThrow('n: must be 1')
  })

  test('efforts between the three words', () => {
    const of = (reasoning: GenerateRequest['reasoning'], origin: GenerateRequest['origin'] = 'openai-chat') => {
      const { parameters, notes } = encoded({ reasoning, origin }, options('openai-gpt-5'))
      return [parameters['reasoning-effort'], ...notes]
    }
    expect(of({ effort: 'minimal' })).toEqual(['low', 'approximated:reasoning_effort'])
    expect(of({ effort: 'xhigh' })).toEqual(['high', 'approximated:reasoning_effort'])
    expect(of({ effort: 'none' })).toEqual(['low', 'approximated:reasoning_effort'])
    expect(of({ mode: 'enabled', budgetTokens: 8000 }, 'anthropic')).toEqual(['medium'])
    expect(of({ mode: 'adaptive' }, 'anthropic')).toEqual([undefined])
    expect(encoded({ reasoning: { mode: 'adaptive' }, origin: 'anthropic' }, options(CLAUDE)).notes).toEqual(['dropped:thinking'])
    expect(encoded({ reasoning: { mode: 'disabled' }, origin: 'anthropic' }, options(CLAUDE)).notes).toEqual([])
  })

  test('a format without a parameter is asked for in words', () => {
    const format = { type: 'json-schema', schema: { type: 'object' } } as const
    const { messages, notes } = encoded({
      origin: 'anthropic',
      messages: [message('system', 's'), message('user', 'Hi')],
      responseFormat: format,
    })
    expect(messages[1]).toEqual({
      type: 'system_message',
      content: 'Respond only with a JSON value that matches this JSON Schema:\n{"type":"object"}',
    })
    expect(notes).toEqual(['approximated:output_config.format'])
    expect(encoded({ responseFormat: { type: 'json-object' } }).messages[0]).toMatchObject({ content: 'Respond only with a JSON object.' })
  })
})

describe('fields that nobody takes', () => {
  test('are noted by their own names', () => {
    const { notes } = encoded({
      frequencyPenalty: 1,
      presencePenalty: 1,
      logprobs: {},
      serviceTier: 'flex',
      extensions: { 'openai-chat': { logit_bias: { 1: 1 }, prediction: { type: 'content' }, metadata: { a: 'b' }, store: true } },
    })
    expect(notes).toEqual([
      'dropped:logit_bias',
      'dropped:prediction',
      'dropped:frequency_penalty',
      'dropped:presence_penalty',
      'dropped:logprobs',
      'dropped:service_tier',
    ])
  })

  test('are refused where the answer would be another', () => {
    const of = (origin: 'anthropic' | 'openai-chat', members: Record<string, string | string[] | object>) =>
      encoded({ extensions: { [origin]: members } as GenerateRequest['extensions'] })
    expect(() => of('anthropic', { mcp_servers: [{}] as unknown as string[] })).toThrow('mcp_servers: cannot be carried over')
    expect(() => of('openai-chat', { modalities: ['text', 'audio'] })).toThrow('modalities: audio output')
    expect(of('openai-chat', { modalities: ['text'] }).notes).toEqual([])
    expect(of('anthropic', { context_management: { edits: [{ type: 'clear_thinking_20251015' }] } }).notes).toEqual([])
  })

  test('cache marks are noted once, where there is a cache to mark', () => {
    const marked = { messages: [message('system', { ...text('a'), cache: {} }, { ...text('b'), cache: {} }), message('user', 'Hi')] }
    expect(encoded(marked, options(CLAUDE)).notes).toEqual(['dropped:cache_control'])
    expect(encoded(marked).notes).toEqual([])
  })
})

test('names of tools that are not taken go by an alias, which the answer is freed of', () => {
  const name = 'server/tool name'
  const { parameters, reversal, messages } = encoded({
    messages: [message('user', 'Go'), message('assistant', call('a', name, '{}')), message('tool', result('a', 'ok'))],
    tools: [tool(name)],
    toolChoice: { type: 'tool', name },
  })
  const alias = [...(reversal?.names?.keys() ?? [])][0]
  expect(alias).toMatch(/^[a-zA-Z0-9_.-]{1,64}$/)
  expect(reversal?.names?.get(alias ?? '')).toBe(name)
  expect(parameters).toMatchObject({ tools: [{ name: alias }], 'tool-choice-named': alias })
  expect(messages[1]?.toolName).toBe(alias as string)
})
