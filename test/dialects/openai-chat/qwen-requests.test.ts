import { describe, expect, test } from 'bun:test'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { anthropic } from '../../../src/dialects/anthropic/index.ts'
import type { UpstreamTraits } from '../../../src/dialects/dialect.ts'
import { passThroughChanges } from '../../../src/dialects/openai-chat/pass-through-request.ts'
import type { ContentPart, Message } from '../../../src/ir/message.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { Tool } from '../../../src/ir/tools.ts'
import { VENDORS } from '../../../src/routing/vendors.ts'
import { checkChat } from '../../simulators/qwen/check-chat.ts'
import { testContext } from '../../support/codec-context.ts'
import { client, decoded, encoded, message, options, request, text, upstream } from './context.ts'

const QWEN: UpstreamTraits = VENDORS.qwen
const PORTAL: UpstreamTraits = { ...QWEN, leadingSystem: 'cached-parts' }
const CACHED = { cache_control: { type: 'ephemeral' } }

const marked = (value: string, ttl?: string): ContentPart => ({ type: 'text', text: value, cache: ttl === undefined ? {} : { ttl } })
const encode = (fields: Partial<GenerateRequest>, traits = QWEN, model = 'coder-model') => encoded(fields, options(model, traits))
const wire = (messages: Message[], traits = PORTAL) => encode({ messages }, traits).body.messages as unknown

/** What goes up of an OpenAI client's own request. */
function passed(body: JsonObject, traits = QWEN, model = 'coder-model'): { body: JsonObject; notes: string[]; changed: string[] } {
  const context = testContext()
  const { changes } = passThroughChanges(body, { model, traits }, context)
  const result: JsonObject = { ...body }
  for (const [key, value] of changes) {
    if (value === null) delete result[key]
    else result[key] = JSON.parse(value) as JsonValue
  }
  return { body: result, notes: context.fields(), changed: [...changes.keys()] }
}
const passedMessages = (messages: JsonObject[], traits = PORTAL) => passed({ messages }, traits).body.messages as unknown

const user = { role: 'user', content: 'U' }
const part = (value: string, more: JsonObject = {}): JsonObject => ({ type: 'text', text: value, ...more })

describe('the leading system message', () => {
  test('is one, of parts, the first marked: translated', () => {
    expect(wire([message('system', 'S'), message('user', 'U')])).toEqual([{ role: 'system', content: [part('S', CACHED)] }, user])
    expect(wire([message('system', 'A', 'B'), message('developer', 'D'), message('user', 'U')])).toEqual([
      { role: 'system', content: [part('A', CACHED), part('B'), part('D')] },
      user,
    ])
    expect(wire([message('user', 'U')])).toEqual([{ role: 'system', content: [part('', CACHED)] }, user])
  })

  test('the same for what a client of the same dialect sent', () => {
    const lead = { role: 'system', content: [part('A', CACHED), part('B')] }
    expect(passedMessages([{ role: 'system', content: 'A' }, { role: 'developer', content: [part('B')] }, user])).toEqual([lead, user])
    expect(passedMessages([user])).toEqual([{ role: 'system', content: [part('', CACHED)] }, user])
    expect(passedMessages([{ role: 'system', content: 'A' }, user, { role: 'system', content: 'B' }])).toEqual([lead, user])
    expect(passedMessages([user, { role: 'developer', content: 'A' }])).toEqual([{ role: 'system', content: [part('A', CACHED)] }, user])
  })

  test('one that conforms stays, and leads what comes to it', () => {
    const conforming = { role: 'system', content: [part('', CACHED), part('A')], name: 'n' }
    expect(passed({ messages: [conforming, user] }, PORTAL).changed).toEqual([])
    expect(passedMessages([conforming, { role: 'system', content: 'B' }, user])).toEqual([
      { ...conforming, content: [part('', CACHED), part('A'), part('B')] },
      user,
    ])
    // Only the mark on the first part counts.
    expect(passedMessages([{ role: 'system', content: [part('A'), part('B', CACHED)] }])).toEqual([
      { role: 'system', content: [part('A', CACHED), part('B', CACHED)] },
    ])
  })

  test('only where the account wants it', () => {
    for (const traits of [QWEN, { ...PORTAL, leadingSystem: 'any' } as const]) {
      expect(passed({ messages: [user] }, traits).changed).toEqual([])
      expect(wire([message('system', 'S'), message('user', 'U')], traits)).toEqual([{ role: 'system', content: 'S' }, user])
    }
  })

  test('a mark too many is the first of the others', () => {
    const marks = [part('1', CACHED), part('2', CACHED), part('3', CACHED)]
    const tools = [{ type: 'function', function: { name: 'f' }, ...CACHED }]
    const { body, notes } = passed(
      {
        messages: [
          { role: 'system', content: 'S' },
          { role: 'user', content: marks },
        ],
        tools,
      },
      PORTAL,
    )
    expect(body.messages as unknown).toEqual([
      { role: 'system', content: [part('S', CACHED)] },
      { role: 'user', content: marks },
    ])
    expect(body.tools as unknown).toEqual([{ type: 'function', function: { name: 'f' } }])
    expect(notes).toEqual(['approximated:cache_control'])
    // What a client does with its own marks alone is its own affair.
    const many = { messages: [{ role: 'user', content: [...marks, ...marks] }] }
    expect(passed(many).changed).toEqual([])
  })
})

describe('cache marks', () => {
  const tool = (name: string, cache?: object): Tool => ({ type: 'function', name, parameters: { type: 'object' }, ...(cache && { cache }) })

  test('go onto parts and tools, without a lifetime', () => {
    const messages = [
      message('system', marked('S')),
      message('user', marked('U', '5m'), 'V'),
      message('assistant', marked('A', '1h'), { type: 'tool-call', id: 'c', name: 'f', arguments: '{}' }),
      message('tool', { type: 'tool-result', callId: 'c', content: [text('r')], isError: false, cache: {} }),
    ]
    const { body, notes } = encode({ messages, tools: [tool('f'), tool('g')] })
    expect(body.messages as unknown).toEqual([
      { role: 'system', content: [part('S', CACHED)] },
      { role: 'user', content: [part('U', CACHED), part('V')] },
      expect.objectContaining({ role: 'assistant', content: [part('A', CACHED)] }),
      { role: 'tool', tool_call_id: 'c', content: [part('r', CACHED)] },
    ])
    expect(notes).toEqual(['approximated:cache_control.ttl'])
    const tools = encode({ tools: [tool('f'), tool('g', {})] }).body.tools as unknown
    expect(tools).toMatchObject([{ function: { name: 'f' } }, { function: { name: 'g' }, ...CACHED }])
    expect(Object.keys((tools as JsonObject[])[0] ?? {})).not.toContain('cache_control')
  })

  test('are at most four: the last ones, and the one that has to lead', () => {
    const messages = [message('system', 'S'), message('user', marked('1'), marked('2'), marked('3'), marked('4'))]
    const of = (traits: UpstreamTraits) => encode({ messages, tools: [tool('f', {})] }, traits)
    const marksOf = (value: JsonValue | undefined) =>
      JSON.stringify(value)
        .match(/[^"]*","cache_control"/g)
        ?.map(found => found[0])
    const plain = of(QWEN)
    expect(marksOf(plain.body.messages)).toEqual(['1', '2', '3', '4'])
    expect(JSON.stringify(plain.body.tools)).not.toContain('cache_control')
    expect(plain.notes).toEqual(['approximated:cache_control'])
    expect(marksOf(of(PORTAL).body.messages)).toEqual(['S', '2', '3', '4'])
  })

  test('of a client of this dialect pass as they are', () => {
    const messages = [{ role: 'user', content: [part('U', CACHED)] }]
    expect(passed({ messages, tools: [{ type: 'function', function: { name: 'f' }, ...CACHED }] }).changed).toEqual([])
  })

  test('are counted in the answer, and told to an Anthropic client', () => {
    const usage = {
      prompt_tokens: 2000,
      completion_tokens: 12,
      total_tokens: 2012,
      prompt_tokens_details: { cached_tokens: 300, cache_creation_input_tokens: 1024, cache_creation: { ephemeral_5m_input_tokens: 1024 } },
    }
    const answerOf = (details: JsonObject) =>
      upstream.decodeResponse(
        { choices: [{ finish_reason: 'stop', message: { content: 'a' } }], usage: { ...usage, prompt_tokens_details: details } },
        testContext(),
      )
    const answer = answerOf(usage.prompt_tokens_details)
    expect(answer.usage).toMatchObject({ inputTokens: 2000, cachedInputTokens: 300, cacheWriteTokens: 1024 })
    expect(answerOf({ cache_creation: { ephemeral_5m_input_tokens: 7 } }).usage?.cacheWriteTokens).toBe(7)
    expect(anthropic.client?.encodeResponse(answer, request(), testContext()).usage).toMatchObject({
      input_tokens: 676,
      cache_read_input_tokens: 300,
      cache_creation_input_tokens: 1024,
    })
  })
})

describe('reasoning', () => {
  const fields = ({ body }: { body: JsonObject }) => {
    const { reasoning_effort, enable_thinking, thinking_budget, tool_choice } = body
    return JSON.parse(JSON.stringify({ reasoning_effort, enable_thinking, thinking_budget, tool_choice })) as unknown
  }
  const says = (members: JsonObject, model?: string) => fields(passed({ messages: [], ...members }, QWEN, model))
  const tools = [{ type: 'function', function: { name: 'f' } }]
  const two = [...tools, { type: 'function', function: { name: 'g' } }]

  test('of an OpenAI client, in the words of the server', () => {
    expect(says({ reasoning_effort: 'medium' })).toEqual({ enable_thinking: true, thinking_budget: 8192 })
    expect(says({ reasoning_effort: 'none' })).toEqual({ enable_thinking: false })
    expect(says({ reasoning_effort: 'high', enable_thinking: false })).toEqual({ enable_thinking: false })
    expect(says({ reasoning_effort: 'high', thinking_budget: 5 })).toEqual({ thinking_budget: 5 })
    expect(says({ enable_thinking: true, thinking_budget: 5 })).toEqual({ enable_thinking: true, thinking_budget: 5 })
    expect(passed({ messages: [], preserve_thinking: true, reasoning_effort: null }).changed).toEqual([])
  })

  test('by effort where the model knows it, never with a budget', () => {
    const effort = (reasoning: GenerateRequest['reasoning']) => fields(encode({ reasoning }, QWEN, 'qwen3.8-max-preview'))
    expect(effort({ mode: 'enabled', budgetTokens: 5000 })).toEqual({ reasoning_effort: 'medium' })
    expect(effort({ mode: 'disabled' })).toEqual({ reasoning_effort: 'none' })
    expect(says({ reasoning_effort: 'low' }, 'qwen3.8-max')).toEqual({ reasoning_effort: 'low' })
    expect(fields(encode({ reasoning: { mode: 'enabled', budgetTokens: 5000 } }))).toEqual({ enable_thinking: true, thinking_budget: 5000 })
  })

  test('is off where a tool is forced', () => {
    const named = { type: 'function', function: { name: 'f' } }
    expect(says({ tools, tool_choice: named, reasoning_effort: 'high' })).toEqual({ enable_thinking: false, tool_choice: named })
    expect(says({ tools: two, tool_choice: named, thinking_budget: 9 })).toEqual({ enable_thinking: false, tool_choice: named })
    expect(says({ tools, tool_choice: named, enable_thinking: false })).toEqual({ enable_thinking: false, tool_choice: named })
    expect(says({ tools, tool_choice: named }, 'qwen3.8-max')).toEqual({ reasoning_effort: 'none', tool_choice: named })
    expect(says({ tools, tool_choice: 'required' })).toEqual({ enable_thinking: false, tool_choice: named })
    expect(fields(encode({ tools: [{ type: 'function', name: 'f' }], toolChoice: { type: 'required' } }))).toEqual({
      enable_thinking: false,
      tool_choice: named,
    })
  })

  test('several tools of which one is required are a wish, and said to be', () => {
    const { body, notes } = passed({ messages: [], tools: two, tool_choice: 'required', reasoning_effort: 'low' })
    expect(fields({ body })).toEqual({ enable_thinking: true, thinking_budget: 1024, tool_choice: 'auto' })
    expect(notes).toEqual(['approximated:tool_choice'])
  })

  test('nothing of it changes for other servers, nor where nothing is said', () => {
    const body = { messages: [], tools, tool_choice: 'required', reasoning_effort: 'high' }
    for (const vendor of ['openai', 'deepseek', 'vllm'] as const) expect(passed(body, VENDORS[vendor]).changed).toEqual([])
    expect(passed({ messages: [], tools, tool_choice: 'auto' }).changed).toEqual([])
    expect(passed({ messages: [] }).changed).toEqual([])
  })

  test('goes back with the messages, and comes out of either member', () => {
    const messages = [message('user', 'U'), message('assistant', { type: 'reasoning', text: 'hm' }, 'A')]
    expect(encode({ messages }).body.messages).toMatchObject([{}, { role: 'assistant', content: 'A', reasoning_content: 'hm' }])
    for (const member of ['reasoning', 'reasoning_content']) {
      const said = { choices: [{ finish_reason: 'stop', message: { content: 'A', [member]: 'hm' } }] }
      expect(upstream.decodeResponse(said, testContext()).choices[0]?.content).toMatchObject([{ type: 'reasoning', text: 'hm' }, text('A')])
    }
  })
})

describe('what the server takes, and does not', () => {
  test('a tool that is not strict does not say so', () => {
    const strict = (value: boolean): Tool => ({ type: 'function', name: 'f', strict: value, parameters: { type: 'object' } })
    expect(JSON.stringify(encode({ tools: [strict(false), strict(true)] }).body.tools)).not.toContain('strict')
    const tools = [
      { type: 'function', function: { name: 'f', strict: false } },
      { type: 'function', function: { name: 'g', strict: true } },
    ]
    expect(passed({ messages: [], tools }).body.tools as unknown).toEqual([{ type: 'function', function: { name: 'f' } }, tools[1]])
    expect(passed({ messages: [], tools: [tools[1] ?? {}] }).changed).toEqual([])
    expect(passed({ messages: [], tools }, VENDORS.openai).changed).toEqual([])
  })

  test('its own fields pass', () => {
    const own = {
      vl_high_resolution_images: true,
      top_k: 20,
      repetition_penalty: 1.05,
      preserve_thinking: true,
      metadata: { sessionId: 's', promptId: 'p' },
    }
    expect(passed({ messages: [], ...own }).body).toMatchObject(own)
    const { body, notes } = encode(decoded(own))
    expect(body).toMatchObject(own)
    expect(notes).toEqual([])
  })

  test('developers are systems', () => {
    expect(passedMessages([{ role: 'developer', content: 'D' }, user], QWEN)).toEqual([{ role: 'system', content: 'D' }, user])
    expect(wire([message('developer', 'D'), message('user', 'U')], QWEN)).toEqual([{ role: 'system', content: 'D' }, user])
  })

  test('what Claude Code sends is taken by the strictest portal', () => {
    const body = {
      model: 'claude',
      max_tokens: 4096,
      stream: true,
      system: [
        { type: 'text', text: 'S', ...CACHED },
        { type: 'text', text: 'T', ...CACHED },
      ],
      tools: [{ name: 'f', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral', ttl: '1h' } }],
      tool_choice: { type: 'tool', name: 'f' },
      thinking: { type: 'enabled', budget_tokens: 2048 },
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'U', ...CACHED }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'A' },
            { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r', ...CACHED }] },
      ],
    }
    const generate = anthropic.client?.decodeRequest(body, testContext())
    const encodedBody = upstream.encodeRequest(generate ?? request(), options('coder-model', PORTAL), testContext()).body
    expect(checkChat(encodedBody, 'portal', { ...STRICT })).toMatchObject({ id: 'coder-model' })
    const openAi = {
      messages: [user],
      model: 'coder-model',
      reasoning_effort: 'high',
      tools: [{ type: 'function', function: { name: 'f', strict: false } }],
    }
    client.inspectRequest(openAi)
    expect(checkChat(passed(openAi, PORTAL).body, 'portal', { ...STRICT })).toMatchObject({ id: 'coder-model' })
  })
})

const STRICT = { strictSystem: true, refuseStrictFalse: true } as Parameters<typeof checkChat>[2]
