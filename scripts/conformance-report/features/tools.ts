import assert from 'node:assert/strict'
import { type Json, objectsOf } from '../../../test/checkers/json.ts'
import { everywhere, type Feature, marks, type Vendor } from '../feature.ts'
import { blocksOf, has, mentions, messagesOf, says } from './proof.ts'

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const WEATHER = { name: 'weather', description: 'Weather of a city', schema: SCHEMA }
const TIME = { name: 'time', description: 'Time in a city', schema: SCHEMA }
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII='

const openAiTool = (name: string, more: Json = {}): Json => ({ type: 'function', function: { name, parameters: SCHEMA, ...more } })
const anthropicTool = (name: string, more: Json = {}): Json => ({ name, input_schema: SCHEMA, ...more })

/** Longer than either vendor takes, and with a dot; the second differs in its last letter only. */
const LONG = `mcp.${'server_'.repeat(9)}look`

/** A conversation in which a tool was called and answered. */
const called = (result: Json): Record<Vendor, Json> => ({
  openai: {
    tools: [openAiTool('weather')],
    messages: [
      { role: 'user', content: 'How is it?' },
      { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'Rain.' },
    ],
  },
  anthropic: {
    tools: [anthropicTool('weather')],
    messages: [
      { role: 'user', content: 'How is it?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Rain.', ...result }] },
    ],
  },
})

/** Tools, their calls and their results. */
export const TOOLS: readonly Feature[] = [
  {
    name: 'tool call',
    ask: { model: '', turns: [{ user: 'How is it?' }], tools: [WEATHER] },
    answer: () => ({ toolCalls: [{ name: 'weather', arguments: ['{"city":', '"Oslo"}'] }] }),
    becomes: everywhere('exact'),
    arrives: {
      openai: has(['tools.0.function.name', 'weather'], ['tools.0.function.parameters', SCHEMA]),
      anthropic: has(['tools.0.name', 'weather'], ['tools.0.input_schema', SCHEMA]),
    },
    tells: ({ read }) => {
      assert.deepEqual(
        read?.toolCalls.map(({ name, input }) => ({ name, input })),
        [{ name: 'weather', input: { city: 'Oslo' } }],
      )
      assert.equal(read?.finish, 'tools')
    },
  },
  {
    name: 'parallel tool calls',
    ask: { model: '', turns: [{ user: 'How is it?' }], tools: [WEATHER, TIME] },
    answer: upstream => ({
      interleaved: upstream === 'openai',
      toolCalls: [
        { name: 'weather', arguments: ['{"city":', '"Oslo"}'] },
        { name: 'time', arguments: ['{"city":', '"Bergen"}'] },
      ],
    }),
    becomes: everywhere('exact'),
    tells: ({ read }) =>
      assert.deepEqual(
        read?.toolCalls.map(({ name, input }) => ({ name, input })),
        [
          { name: 'weather', input: { city: 'Oslo' } },
          { name: 'time', input: { city: 'Bergen' } },
        ],
      ),
  },
  {
    name: 'tool result',
    ask: called({}),
    becomes: everywhere('exact'),
    arrives: {
      openai: body => assert.equal(messagesOf(body, 'tool')[0]?.content, 'Rain.'),
      anthropic: body => assert.equal(blocksOf(body, 'tool_result')[0]?.content, 'Rain.'),
    },
    tells: says({ text: 'The tool said: Rain.' }),
  },
  {
    name: 'failed tool',
    ask: { anthropic: called({ is_error: true }).anthropic },
    becomes: marks('unsaid', 'unsaid', 'exact', 'exact'),
    arrives: {
      openai: body => assert.equal(messagesOf(body, 'tool')[0]?.content, '[tool error] Rain.'),
      anthropic: body => assert.equal(blocksOf(body, 'tool_result')[0]?.is_error, true),
    },
  },
  {
    name: 'image in a tool result',
    ask: {
      anthropic: called({
        content: [
          { type: 'text', text: 'Rain.' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        ],
      }).anthropic,
    },
    becomes: marks('unsaid', 'unsaid', 'exact', 'exact'),
    arrives: {
      openai: body => {
        assert.match(String(messagesOf(body, 'tool')[0]?.content), /attached below/)
        assert.deepEqual(blocksOf(body, 'image_url')[0]?.image_url, { url: `data:image/png;base64,${PNG}` })
      },
      anthropic: mentions(PNG),
    },
  },
  {
    name: 'tool choice: any',
    ask: { model: '', turns: [{ user: 'Hi' }], tools: [WEATHER], toolChoice: 'required' },
    becomes: everywhere('exact'),
    arrives: { openai: has(['tool_choice', 'required']), anthropic: has(['tool_choice', { type: 'any' }]) },
    tells: says({ finish: 'tools' }),
  },
  {
    name: 'tool choice: one by name',
    ask: { model: '', turns: [{ user: 'Hi' }], tools: [WEATHER, TIME], toolChoice: { name: 'time' } },
    becomes: everywhere('exact'),
    arrives: {
      openai: has(['tool_choice', { type: 'function', function: { name: 'time' } }]),
      anthropic: has(['tool_choice', { type: 'tool', name: 'time' }]),
    },
    tells: ({ read }) => assert.equal(read?.toolCalls[0]?.name, 'time'),
  },
  {
    name: 'tool choice: none',
    ask: { model: '', turns: [{ user: 'use tool' }], tools: [WEATHER], toolChoice: 'none' },
    becomes: everywhere('exact'),
    arrives: { openai: has(['tool_choice', 'none'], ['tools.0.type', 'function']), anthropic: has(['tool_choice', { type: 'none' }]) },
    tells: says({ finish: 'stop' }),
  },
  {
    name: 'tool choice: some of them',
    fields: ['tool_choice'],
    ask: {
      openai: {
        tools: [openAiTool('weather'), openAiTool('time')],
        tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [openAiTool('time')] } },
      },
    },
    becomes: marks('exact', 'approximated', 'unsaid', 'unsaid'),
    arrives: {
      anthropic: body =>
        assert.deepEqual(
          objectsOf(body.tools).map(({ name }) => name),
          ['time'],
        ),
    },
    remark: 'the others are not offered',
  },
  {
    name: 'at most one call',
    ask: { model: '', turns: [{ user: 'use tools' }], tools: [WEATHER, TIME], parallel: false },
    becomes: everywhere('exact'),
    arrives: { openai: has(['parallel_tool_calls', false]), anthropic: has(['tool_choice.disable_parallel_tool_use', true]) },
    tells: ({ read }) => assert.equal(read?.toolCalls.length, 1),
  },
  {
    name: 'long and dotted tool names',
    ask: { openai: { messages: [{ role: 'user', content: 'use tools' }], tools: [openAiTool(`${LONG}_a`), openAiTool(`${LONG}_b`)] } },
    becomes: marks('passed', 'exact', 'unsaid', 'unsaid'),
    tells: ({ read }) =>
      assert.deepEqual(
        read?.toolCalls.map(({ name }) => name),
        [`${LONG}_a`, `${LONG}_b`],
      ),
    remark: 'shortened on the way, restored in the answer',
  },
  {
    name: 'free-text tools',
    ask: {
      openai: {
        messages: [{ role: 'user', content: 'use tool' }],
        tools: [{ type: 'custom', custom: { name: 'patch', description: 'Applies a patch' } }],
      },
    },
    answer: upstream => ({
      toolCalls: [{ name: 'patch', arguments: upstream === 'openai' ? '*** "x"' : ['{"input":"*** ', '\\"x\\""}'] }],
    }),
    becomes: marks('exact', 'exact', 'unsaid', 'unsaid'),
    tells: ({ text }) => {
      assert.match(text, /"custom"/)
      assert.deepEqual([...text.matchAll(/"input":("(?:[^"\\]|\\.)*")/g)].map(match => JSON.parse(String(match[1]))).join(''), '*** "x"')
    },
  },
  {
    name: 'strict tools',
    ask: {
      openai: { tools: [openAiTool('weather', { strict: true })] },
      anthropic: { tools: [anthropicTool('weather', { strict: true })] },
    },
    becomes: everywhere('exact'),
    arrives: { openai: has(['tools.0.function.strict', true]), anthropic: has(['tools.0.strict', true]) },
  },
  {
    name: "vendor's own tool beside others",
    fields: ['tools'],
    ask: { anthropic: { tools: [anthropicTool('weather'), { type: 'web_search_20250305', name: 'web_search' }] } },
    becomes: marks('unsaid', 'unsaid', 'dropped', 'exact'),
    arrives: { anthropic: mentions('web_search_20250305') },
  },
  {
    name: "vendor's own tool alone",
    fields: ['tools', 'web_search_options'],
    ask: { anthropic: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] } },
    becomes: marks('unsaid', 'unsaid', 'refused', 'exact'),
  },
]
