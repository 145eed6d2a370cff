import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import type { UpstreamTraits } from '../../../src/dialects/dialect.ts'
import type { ContentPart, Message } from '../../../src/ir/message.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { Tool, ToolChoice } from '../../../src/ir/tools.ts'
import { encoded, message, options, text } from './context.ts'

const encode = (fields: Partial<GenerateRequest>, traits: UpstreamTraits, model = 'model') => encoded(fields, options(model, traits))
const wire = (messages: Message[], traits: UpstreamTraits) => encode({ messages }, traits).body.messages as JsonObject[]

const call = (id: string): ContentPart => ({ type: 'tool-call', id, name: 'f', arguments: '{}' })
const result = (callId: string, ...content: ContentPart[]): ContentPart => ({ type: 'tool-result', callId, content, isError: false })
const image: ContentPart = { type: 'media', mediaType: 'image/png', source: { kind: 'base64', data: 'AAAA' } }
const thought: ContentPart = { type: 'reasoning', text: 'hm' }

describe('roles and their order', () => {
  test('later instructions become reminders where they may not stand, within the user turn before them', () => {
    const messages = [
      message('system', 'S'),
      message('user', 'U'),
      message('system', 'env'),
      message('assistant', 'A'),
      message('system', 'more'),
    ]
    expect(wire(messages, { midSystem: false })).toEqual([
      { role: 'system', content: 'S' },
      { role: 'user', content: 'U\n\n<system-reminder>\nenv\n</system-reminder>' },
      { role: 'assistant', content: 'A' },
      { role: 'user', content: '<system-reminder>\nmore\n</system-reminder>' },
    ])
    expect(wire(messages, {}).map(({ role }) => role)).toEqual(['system', 'user', 'system', 'assistant', 'system'])
  })

  test('instructions of either role at the start are no reminders', () => {
    const messages = [message('developer', 'D'), message('system', 'S'), message('user', 'U')]
    expect(wire(messages, { midSystem: false, developerRole: true })).toEqual([
      { role: 'developer', content: 'D' },
      { role: 'system', content: 'S' },
      { role: 'user', content: 'U' },
    ])
  })

  test('a reminder joins parts as a part', () => {
    expect(wire([message('user', 'a', image), message('system', 'env')], { midSystem: false })).toMatchObject([
      { role: 'user', content: [{ text: 'a' }, { type: 'image_url' }, { text: '<system-reminder>\nenv\n</system-reminder>' }] },
    ])
  })

  test('speakers take turns where they must', () => {
    const messages = [message('assistant', 'a'), message('assistant', 'b'), message('user', 'c'), message('user', 'd', image)]
    expect(wire(messages, { alternates: true })).toMatchObject([
      { role: 'user', content: '(conversation continues)' },
      { role: 'assistant', content: 'a\n\nb' },
      { role: 'user', content: [{ text: 'c' }, { text: 'd' }, { type: 'image_url' }] },
    ])
  })

  test('where the assistant begins behind the instructions, the user goes before it', () => {
    const messages = [message('system', 'S'), message('assistant', 'a'), message('user'), message('user', 'b')]
    expect(wire(messages, { alternates: true })).toEqual([
      { role: 'system', content: 'S' },
      { role: 'user', content: '(conversation continues)' },
      { role: 'assistant', content: 'a' },
      { role: 'user', content: 'b' },
    ])
  })

  test('an answer stands between results and the user', () => {
    const messages = [message('assistant', call('c')), message('tool', result('c', text('r'))), message('user', 'U')]
    expect(wire(messages, { answersResults: true }).map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant', 'user'])
    expect(wire(messages.slice(0, 2), { answersResults: true }).map(({ role }) => role)).toEqual(['assistant', 'tool'])
  })
})

describe('contents', () => {
  test('strings only, with what is no text noted', () => {
    const { body, notes } = encode({ messages: [message('user', 'a', image, 'b')] }, { stringContent: true })
    expect(body.messages as unknown).toEqual([{ role: 'user', content: 'a\n\nb' }])
    expect(notes).toEqual(['dropped:messages'])
  })

  test('without images: a question about one is refused, a tool goes on without', () => {
    expect(() => encode({ messages: [message('user', 'what is this?', image)] }, { images: false })).toThrow(
      expect.objectContaining({ kind: 'invalid-request', param: 'messages.0.content.1' }),
    )
    const { body, notes } = encode(
      { messages: [message('assistant', call('c')), message('tool', result('c', text('see'), image))] },
      { images: false },
    )
    expect(body.messages).toMatchObject([{}, { role: 'tool', content: 'see\n[an image that this model cannot be shown]' }])
    expect(notes).toEqual(['dropped:messages.1.content.0.content.1'])
  })

  test('documents as the server has them', () => {
    const pdf = (source: { kind: 'base64'; data: string } | { kind: 'url'; url: string }): Message[] => [
      message('user', { type: 'media', mediaType: 'application/pdf', source, name: 'a.pdf' }),
    ]
    const inline = pdf({ kind: 'base64', data: 'AA==' })
    const url = pdf({ kind: 'url', url: 'https://e.com/a.pdf' })
    expect(wire(inline, { documents: 'document_url' })).toMatchObject([
      { content: [{ type: 'document_url', document_url: 'data:application/pdf;base64,AA==', document_name: 'a.pdf' }] },
    ])
    expect(wire(url, { documents: 'document_url' })).toMatchObject([{ content: [{ document_url: 'https://e.com/a.pdf' }] }])
    for (const [messages, traits] of [
      [inline, { documents: 'none' }],
      [url, {}],
    ] as const)
      expect(() => wire([...messages], traits)).toThrow(expect.objectContaining({ param: 'messages.0.content.0' }))
  })

  test('calls without text have an empty one where null is refused', () => {
    expect(wire([message('assistant', call('c'))], { nullContent: false })).toMatchObject([{ content: '' }, {}])
    expect(wire([message('assistant', call('c'))], {})).toMatchObject([{ content: null }, {}])
  })

  test("OpenRouter's Claude keeps the client's cache marks, results among them", () => {
    const marked = { ...text('a'), cache: { ttl: '1h' } }
    const messages = [message('user', marked), message('assistant', call('c')), message('tool', { ...result('c', text('r')), cache: {} })]
    expect(wire(messages, { cacheControl: true })).toMatchObject([
      { content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
      {},
      { role: 'tool', content: [{ type: 'text', text: 'r', cache_control: { type: 'ephemeral' } }] },
    ])
  })
})

test('a name goes only where it is not refused', () => {
  const messages = [{ ...message('user', 'U'), name: 'ann' }]
  expect(wire(messages, {})).toEqual([{ role: 'user', content: 'U', name: 'ann' }])
  expect(wire(messages, { refuses: ['name'] })).toEqual([{ role: 'user', content: 'U' }])
})

describe('ids of tool calls', () => {
  test('nine letters and digits, the same for both sides and on every turn, and never the same for two', () => {
    const messages = [
      message('assistant', call('toolu_01A'), call('toolu_01B'), call('abcDEF123'), call('abcDEF12')),
      message('tool', result('toolu_01A', text('r'))),
    ]
    const [asked, ...answers] = wire(messages, { toolCallIds: 'nine-alphanumeric' })
    const ids = ((asked?.tool_calls ?? []) as JsonObject[]).map(({ id }) => id)
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(new Set(ids).size).toBe(4)
    expect(ids[2]).toBe('abcDEF123')
    expect(answers.map(({ tool_call_id }) => tool_call_id)).toEqual(ids)
    expect(wire(messages, { toolCallIds: 'nine-alphanumeric' })[0]).toEqual(asked as JsonObject)
  })
})

describe('a begun answer', () => {
  const messages = [message('user', 'U'), message('assistant', 'Once')]

  test.each([
    ['prefix', { prefix: true }],
    ['partial', { partial: true }],
  ] as const)('%s marks the message', (prefill, mark) => {
    const { body, notes } = encode({ messages }, { prefill })
    expect((body.messages as JsonObject[])[1]).toEqual({ role: 'assistant', content: 'Once', ...mark })
    expect(notes).toEqual([])
  })

  test('vLLM has fields of the request for it', () => {
    expect(encode({ messages }, { prefill: 'continue_final_message' }).body).toMatchObject({
      continue_final_message: true,
      add_generation_prompt: false,
    })
  })

  test('elsewhere it is context, with a note', () => {
    expect(encode({ messages }, {})).toMatchObject({ body: { messages: [{}, { content: 'Once' }] }, notes: ['approximated:messages'] })
    expect(encode({ messages: messages.slice(0, 1) }, { prefill: 'prefix' }).body.messages as unknown).toEqual([
      { role: 'user', content: 'U' },
    ])
  })

  test('a client of this dialect marks it itself', () => {
    const { body, notes } = encode({ origin: 'openai-chat', messages }, { prefill: 'prefix' })
    expect(body.messages as unknown).toEqual([
      { role: 'user', content: 'U' },
      { role: 'assistant', content: 'Once' },
    ])
    expect(notes).toEqual([])
  })
})

describe('earlier reasoning', () => {
  const messages = [message('assistant', thought, call('c')), message('tool', result('c', text('r')))]

  test('goes back in the member that the server reads', () => {
    expect(wire(messages, { replaysReasoning: true })[0]).toMatchObject({ reasoning_content: 'hm' })
    expect(wire(messages, { replaysReasoning: true, reasoningField: 'reasoning' })[0]).toMatchObject({ reasoning: 'hm' })
    for (const traits of [{}, { replaysReasoning: false }])
      expect(Object.keys(wire(messages, traits)[0] ?? {})).toEqual(['role', 'content', 'tool_calls'])
  })

  test('is a message of its own where nothing was said', () => {
    expect(wire([message('assistant', thought)], { replaysReasoning: true, reasoningField: 'reasoning' })).toEqual([
      { role: 'assistant', content: '', reasoning: 'hm' },
    ])
  })

  test('is proved to whoever sealed it, where a router passes that on', () => {
    const sealed: ContentPart = { type: 'reasoning', text: 'hm', seal: { issuer: 'anthropic', value: 'sig' } }
    const hidden: ContentPart = { type: 'reasoning', text: '', redacted: true, seal: { issuer: 'anthropic', value: 'data' } }
    const back = (traits: UpstreamTraits) => wire([message('assistant', sealed, hidden, 'a'), message('user', 'b')], traits)[0]
    expect(back({ replaysReasoning: true, sealsOf: 'anthropic' })?.reasoning_details).toEqual([
      { type: 'reasoning.text', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'data', format: 'anthropic-claude-v1', index: 1 },
    ])
    for (const traits of [{ replaysReasoning: true }, { replaysReasoning: true, sealsOf: 'gemini' as const }])
      expect(back(traits)).not.toHaveProperty('reasoning_details')
  })

  test('is stood in for where it is required and there is none, unless reasoning is off', () => {
    const bare = [message('assistant', call('c')), message('assistant', 'text')]
    const traits: UpstreamTraits = { replaysReasoning: true, requiresReasoning: true, reasoningSwitch: 'thinking' }
    const [called, , spoken] = wire(bare, traits)
    expect(called).toMatchObject({ reasoning_content: ' ' })
    expect(spoken).not.toHaveProperty('reasoning_content')
    const off = encode({ messages: bare, reasoning: { mode: 'disabled' } }, traits).body.messages as JsonObject[]
    expect(off[0]).not.toHaveProperty('reasoning_content')
    for (const other of [{ reasoningSwitch: 'enable_thinking' }, { reasoningSwitch: 'reasoning_effort', efforts: ['none'] }] as const) {
      const { body } = encode({ messages: bare, reasoning: { mode: 'disabled' } }, { ...traits, ...other })
      expect((body.messages as JsonObject[])[0]).not.toHaveProperty('reasoning_content')
    }
  })
})

describe('how much to reason', () => {
  const told = (reasoning: GenerateRequest['reasoning'], traits: UpstreamTraits) => {
    const { body, notes } = encode({ reasoning }, traits)
    const { model: _m, messages: _s, stream: _t, ...rest } = body
    return notes.length > 0 ? [rest, ...notes] : rest
  }
  const switches = ['reasoning_effort', 'thinking', 'enable_thinking', 'chat_template_kwargs', 'reasoning', 'none'] as const

  test.each<[NonNullable<GenerateRequest['reasoning']>, JsonObject[]]>([
    [
      { mode: 'disabled' },
      [
        {},
        { thinking: { type: 'disabled' } },
        { enable_thinking: false },
        { chat_template_kwargs: { enable_thinking: false } },
        { reasoning: { enabled: false } },
        {},
      ],
    ],
    [
      { mode: 'enabled', budgetTokens: 4000 },
      [
        { reasoning_effort: 'medium' },
        { thinking: { type: 'enabled' }, reasoning_effort: 'medium' },
        { enable_thinking: true, thinking_budget: 4000 },
        { chat_template_kwargs: { enable_thinking: true }, reasoning_effort: 'medium' },
        { reasoning: { max_tokens: 4000 } },
        {},
      ],
    ],
    [
      { mode: 'adaptive', effort: 'high' },
      [
        { reasoning_effort: 'high' },
        { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
        { enable_thinking: true, thinking_budget: 24_576 },
        { reasoning_effort: 'high' },
        { reasoning: { effort: 'high' } },
        {},
      ],
    ],
    [{ mode: 'adaptive' }, [{}, {}, {}, {}, {}, {}]],
  ])('%j', (reasoning, expected) => {
    expect(switches.map(reasoningSwitch => told(reasoning, { reasoningSwitch }))).toEqual(expected)
  })

  test('in efforts that the server has', () => {
    expect(told({ effort: 'medium' }, { efforts: ['low', 'high', 'max'] })).toEqual([
      { reasoning_effort: 'high' },
      'approximated:output_config.effort',
    ])
    expect(told({ mode: 'disabled' }, { efforts: ['none', 'high'] })).toEqual({ reasoning_effort: 'none' })
    expect(told({ effort: 'high' }, { efforts: ['none'] })).toEqual({})
    expect(told({ effort: 'high' }, { reasoningSwitch: 'thinking', efforts: [] })).toEqual({ thinking: { type: 'enabled' } })
    expect(told({ effort: 'high' }, { reasoningSwitch: 'reasoning', efforts: [] })).toEqual({ reasoning: { enabled: true } })
    expect(told({ effort: 'high' }, { refuses: ['reasoning_effort'] })).toEqual({})
    expect(told({ effort: 'max' }, { reasoningSwitch: 'enable_thinking' })).toEqual({ enable_thinking: true })
  })

  test('an effort says more than a budget, and a budget nothing where only the switch is known', () => {
    const budget = { mode: 'enabled', budgetTokens: 4000 } as const
    expect(told({ ...budget, effort: 'high' }, { reasoningSwitch: 'reasoning' })).toEqual({ reasoning: { effort: 'high' } })
    expect(told(budget, { reasoningSwitch: 'reasoning', efforts: [] })).toEqual({ reasoning: { enabled: true } })
  })

  test('an effort of none turns it off', () => {
    expect(told({ effort: 'none' }, { reasoningSwitch: 'thinking' })).toEqual({ thinking: { type: 'disabled' } })
  })
})

describe('tools', () => {
  const tools: Tool[] = [
    { type: 'function', name: 'f' },
    { type: 'function', name: 'g' },
  ]
  const chosen = (toolChoice: ToolChoice, traits: UpstreamTraits, offered = tools) => {
    const { body, notes } = encode({ tools: offered, toolChoice }, traits)
    const names = ((body.tools ?? []) as JsonObject[]).map(tool => (tool.function as JsonObject).name)
    return [body.tool_choice, names, ...notes]
  }
  const named = { type: 'function', function: { name: 'f' } }

  test('choices in words that the server has', () => {
    expect(chosen({ type: 'required' }, { requiredChoice: 'any' })).toEqual(['any', ['f', 'g']])
    expect(chosen({ type: 'required' }, { requiredChoice: 'auto' })).toEqual(['auto', ['f', 'g'], 'approximated:tool_choice'])
    expect(chosen({ type: 'required' }, { requiredChoice: 'auto' }, tools.slice(0, 1))).toEqual([named, ['f']])
    expect(chosen({ type: 'tool', name: 'f' }, { requiredChoice: 'auto' })).toEqual([named, ['f', 'g']])
    expect(chosen({ type: 'tool', name: 'f' }, { namedChoice: false })).toEqual(['required', ['f'], 'approximated:tool_choice'])
    expect(chosen({ type: 'tool', name: 'f' }, { namedChoice: false, requiredChoice: 'auto' })).toEqual([
      'auto',
      ['f'],
      'approximated:tool_choice',
      'approximated:tool_choice',
    ])
  })

  test('only allowed ones are offered; where none is known all of them are', () => {
    expect(chosen({ type: 'allowed', mode: 'auto', names: ['g'] }, {})).toEqual(['auto', ['g'], 'approximated:tool_choice'])
    expect(chosen({ type: 'allowed', mode: 'auto', names: ['h'] }, {})).toEqual(['auto', ['f', 'g'], 'approximated:tool_choice'])
  })

  test('a forced one stops reasoning where both cannot be had', () => {
    const traits: UpstreamTraits = { forcedStopsReasoning: true, reasoningSwitch: 'thinking' }
    const forced = { tools, toolChoice: { type: 'required' } as const }
    expect(encode({ ...forced, reasoning: { mode: 'adaptive', effort: 'high' } }, traits)).toMatchObject({
      body: { thinking: { type: 'disabled' } },
      notes: ['approximated:thinking'],
    })
    for (const reasoning of [undefined, { mode: 'disabled' }] as const)
      expect(encode({ ...forced, reasoning }, traits)).toMatchObject({ body: { thinking: { type: 'disabled' } }, notes: [] })
    expect(encode({ tools, toolChoice: { type: 'auto' } }, traits).body).not.toHaveProperty('thinking')
  })

  test('none at all: dropped with a note, refused where a call was asked for', () => {
    const { body, notes } = encode({ tools, toolChoice: { type: 'auto' }, parallelToolCalls: false }, { tools: false })
    for (const field of ['tools', 'tool_choice', 'parallel_tool_calls']) expect(body).not.toHaveProperty(field)
    expect(notes).toEqual(['dropped:tools'])
    expect(encode({ tools, toolChoice: { type: 'none' } }, { tools: false }).notes).toEqual(['dropped:tools'])
    expect(() => encode({ tools, toolChoice: { type: 'required' } }, { tools: false })).toThrow(
      expect.objectContaining({ param: 'tool_choice' }),
    )
  })

  test('none at all: earlier custom calls are told as well', () => {
    const custom: ContentPart = { type: 'tool-call', id: 'c', kind: 'custom', name: 'f', arguments: 'free' }
    expect(wire([message('assistant', 'So:', custom), message('tool', result('c', text('r')))], { tools: false })).toEqual([
      { role: 'assistant', content: 'So:\n[called {"name":"f","input":"free"}]' },
      { role: 'user', content: '[tool result] r' },
    ])
  })

  test('sets of tools that only their vendor can spell out are refused beside others too', () => {
    const toolset: Tool = {
      type: 'vendor',
      origin: 'anthropic',
      kind: 'computer_toolset_20260801',
      name: 'computer',
      value: {},
      path: 'tools.1',
    }
    expect(() => encode({ tools: [...tools, toolset] }, {})).toThrow(expect.objectContaining({ param: 'tools.1' }))
  })

  test("Anthropic's computer is a function that knows its screen", () => {
    const value = { display_width_px: 1024, display_height_px: 768 }
    const computer: Tool = { type: 'vendor', origin: 'anthropic', kind: 'computer_20250124', name: 'computer', value }
    const { body } = encode({ tools: [computer] }, {})
    expect(body.tools).toMatchObject([{ function: { name: 'computer', parameters: { required: ['action'] } } }])
    expect(JSON.stringify(body.tools)).toContain('1024 by 768')
  })
})

describe('fields', () => {
  test('that are refused are left out: noted in the words of the caller, silently where nothing is lost', () => {
    const refuses = ['user', 'stop', 'service_tier', 'presence_penalty', 'parallel_tool_calls', 'top_p']
    const fields: Partial<GenerateRequest> = { endUser: 'u', stopSequences: ['a'], serviceTier: 'auto', presencePenalty: 0, topP: 0.5 }
    const { body, notes } = encode({ ...fields, tools: [{ type: 'function', name: 'f' }], parallelToolCalls: false }, { refuses })
    for (const field of refuses) expect(body).not.toHaveProperty(field)
    expect(notes).toEqual([
      'dropped:metadata.user_id',
      'dropped:stop_sequences',
      'dropped:tool_choice.disable_parallel_tool_use',
      'dropped:top_p',
    ])
  })

  test('whose absence changes nothing go without a word', () => {
    const refuses = ['n', 'top_p', 'temperature', 'frequency_penalty', 'presence_penalty', 'store', 'service_tier', 'parallel_tool_calls']
    const harmless: Partial<GenerateRequest> = { choices: 1, topP: 1, temperature: 1, frequencyPenalty: 0, serviceTier: 'default' }
    const store = { extensions: { 'openai-chat': { store: false } } }
    const { body, notes } = encode({ origin: 'openai-chat', ...harmless, ...store }, { refuses })
    for (const field of refuses) expect(body).not.toHaveProperty(field)
    expect(notes).toEqual([])
    expect(encode({ origin: 'openai-chat', choices: 2, extensions: { 'openai-chat': { store: true } } }, { refuses }).notes).toEqual([
      'dropped:n',
      'dropped:store',
    ])
  })

  test('an end user is named by the field of the caller, and goes whole where there is room', () => {
    expect(encode({ endUser: 'u' }, { refuses: ['safety_identifier'] }, 'gpt-4o').notes).toEqual(['dropped:metadata.user_id'])
    expect(encode({ endUser: 'u'.repeat(128) }, {}).body.user).toBe('u'.repeat(128))
    expect(encode({ endUser: 'u'.repeat(129) }, {}).body.user).toHaveLength(64)
  })

  test('stream_options of a client stay away where they are refused', () => {
    const fields = {
      origin: 'openai-chat',
      stream: true,
      extensions: { 'openai-chat': { stream_options: { include_obfuscation: false } } },
    }
    expect(encode(fields as Partial<GenerateRequest>, { streamOptions: false }).body).not.toHaveProperty('stream_options')
    expect(encode(fields as Partial<GenerateRequest>, {}).body.stream_options).toEqual({ include_obfuscation: false, include_usage: true })
  })

  test('under other names', () => {
    expect(encode({ seed: 3, endUser: 'u' }, { seedField: 'random_seed', endUserField: 'safety_identifier' }).body).toMatchObject({
      random_seed: 3,
      safety_identifier: 'u',
    })
    expect(encode({ endUser: 'u' }, { endUserField: 'user' }, 'gpt-4o').body).toMatchObject({ user: 'u' })
  })

  test('service tiers of the server only', () => {
    const tier = (serviceTier: string) => {
      const { body, notes } = encode({ serviceTier }, { serviceTiers: ['auto', 'flex'] })
      return [body.service_tier, ...notes]
    }
    expect(encode({ origin: 'openai-chat', serviceTier: 'priority' }, { serviceTiers: ['auto'] }).notes).toEqual(['dropped:service_tier'])
    expect([tier('auto'), tier('default'), tier('priority')]).toEqual([['auto'], [undefined], [undefined, 'dropped:service_tier']])
  })

  test('a schema is told where it cannot be enforced', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    const { body, notes } = encode({ responseFormat: { type: 'json-schema', schema, strict: true } }, { jsonSchema: false })
    expect(body.response_format).toEqual({ type: 'json_object' })
    expect(body.messages).toMatchObject([{ role: 'system', content: expect.stringContaining(JSON.stringify(schema)) }, { role: 'user' }])
    expect(notes).toEqual(['approximated:output_config.format'])
    const withSystem = encode(
      { messages: [message('system', 'S'), message('user', 'U')], responseFormat: { type: 'json-schema', schema } },
      { jsonSchema: false },
    )
    expect(withSystem.body.messages).toMatchObject([{ role: 'system', content: expect.stringMatching(/^S\n\nAnswer with one JSON/) }, {}])
  })

  test('a limit beyond what the server allows is lowered', () => {
    expect(encode({ maxOutputTokens: 32_000 }, { maxOutput: 8192 })).toMatchObject({
      body: { max_tokens: 8192 },
      notes: ['approximated:max_tokens'],
    })
    expect(encode({ maxOutputTokens: 100 }, { maxOutput: 8192 })).toMatchObject({ body: { max_tokens: 100 }, notes: [] })
  })

  test('a limit of nothing becomes one token', () => {
    expect(encode({ maxOutputTokens: 0 }, {})).toMatchObject({ body: { max_tokens: 1 }, notes: ['approximated:max_tokens'] })
  })

  test("Anthropic's own: silent, noted or refused", () => {
    const notes = (anthropic: JsonObject) => encode({ extensions: { anthropic } }, {}).notes
    expect(
      notes({
        context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
        cache_control: { type: 'ephemeral' },
        betas: ['x'],
        speed: 'standard',
      }),
    ).toEqual([])
    expect(notes({ context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } })).toEqual(['dropped:context_management'])
    expect(notes({ diagnostics: {}, fallbacks: [{}], billing_policy: 'x', inference_geo: 'us' })).toEqual([
      'dropped:diagnostics',
      'dropped:fallbacks',
      'dropped:billing_policy',
      'dropped:inference_geo',
    ])
    expect(notes({ output_config: { task_budget: { total: 5 } }, mcp_servers: [], container: null })).toEqual([
      'dropped:output_config.task_budget',
    ])
    for (const field of ['container', 'compaction', 'thread', 'mcp_servers'])
      expect(() => notes({ [field]: { a: 1 } })).toThrow(expect.objectContaining({ kind: 'invalid-request', param: field }))
  })
})
