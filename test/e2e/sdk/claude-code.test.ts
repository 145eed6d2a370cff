import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { checkMessagesStream, type MessagesAnswer } from '../../checkers/messages.ts'
import { CLIENT_KEY } from '../support/gateway.ts'
import { type Stage, startStage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.stop())

const ATTRIBUTION = 'x-anthropic-billing-header: cc_version=2.1.329.abc; cc_entrypoint=sdk-cli; cch=00000;'

const BETAS = [
  'claude-code-20250219',
  'interleaved-thinking-2025-05-14',
  'context-management-2025-06-27',
  'per-turn-control-2026-07-01',
  'mid-conversation-tool-changes-2026-07-01',
  'thinking-token-count-2026-05-13',
  'advanced-tool-use-2025-11-20',
  'effort-2025-11-24',
].join(',')

const HEADERS = {
  accept: 'application/json',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'anthropic-beta': BETAS,
  'anthropic-dangerous-direct-browser-access': 'true',
  'anthropic-version': '2023-06-01',
  'content-type': 'application/json',
  'user-agent': 'claude-cli/2.1.329 (external, sdk-cli)',
  'x-api-key': CLIENT_KEY,
  'x-app': 'cli',
  'x-claude-code-session-id': '9d2f1ae1-0000-4000-8000-000000000000',
  'x-stainless-lang': 'js',
}

const USER_ID = JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: '9d2f1ae1-0000-4000-8000-000000000000' })

const MARK = { cache_control: { type: 'ephemeral' } }

const tool = (name: string, properties: Json = {}): Json => ({
  name,
  description: `${name} of the assistant`,
  input_schema: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties, additionalProperties: false },
})

const TOOLS = [
  tool('Bash', { command: { type: 'string' }, timeout: { type: 'number' } }),
  tool('Edit', { file_path: { type: 'string' }, replace_all: { type: 'boolean', default: false } }),
  tool('Read', { file_path: { type: 'string' }, limit: { type: 'integer', exclusiveMinimum: 0 } }),
  tool('ToolSearch', { query: { type: 'string' } }),
  { ...tool('DeferredToolPlaceholder'), defer_loading: true },
]

/** The first request of a session, in the shape that the client was seen to send (dialects.md §10.1). */
const firstRequest = (model: string, prompt: string, maxTokens: number): Json => ({
  model,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>\nNotes of the project.\n</system-reminder>' },
        { type: 'text', text: prompt },
      ],
    },
    { role: 'system', content: [{ type: 'text', text: 'Environment: a harbour town.', ...MARK }] },
  ],
  system: [
    { type: 'text', text: ATTRIBUTION },
    { type: 'text', text: 'You are an agent for the command line.', ...MARK },
    { type: 'text', text: 'Be concise.', ...MARK },
  ],
  tools: TOOLS,
  metadata: { user_id: USER_ID },
  max_tokens: maxTokens,
  thinking: { type: 'adaptive', display: 'omitted' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  output_config: { effort: 'high' },
  stream: true,
})

async function send(body: Json, tools?: readonly string[]): Promise<{ answer: MessagesAnswer; response: Response; text: string }> {
  const response = await fetch(`${stage.gateway.url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(body),
  })
  const text = await response.text()
  expect({ status: response.status, text: response.status === 200 ? '' : text }).toEqual({ status: 200, text: '' })
  return { answer: checkMessagesStream(text, tools ? { tools } : {}), response, text }
}

/** The next request of the session: the call answered with an error, the environment still in its place. */
function secondRequest(first: Json, answer: MessagesAnswer): Json {
  const [user] = objectsOf(first.messages)
  const results = answer.toolCalls.map(({ id }) => ({
    type: 'tool_result',
    content: 'no such file',
    is_error: true,
    tool_use_id: id,
    ...MARK,
  }))
  const said = answer.blocks.filter(block => block.type !== 'text' || block.text !== '')
  return {
    ...first,
    messages: [
      user,
      { role: 'system', content: 'Environment: a harbour town.', output_config: { effort: 'low' } },
      { role: 'assistant', content: said },
      { role: 'user', content: results },
      { role: 'system', content: [], output_config: { effort: 'medium' } },
    ],
  }
}

const NAMES = TOOLS.map(({ name }) => String(name))

describe('Claude Code', () => {
  test('asks whether somebody is there, without a key', async () => {
    for (const path of ['/api/hello', '/']) {
      const { status } = await fetch(stage.gateway.url + path, { method: 'HEAD', redirect: 'manual' })
      expect(status).toBeLessThan(500)
    }
  })

  test('against Anthropic: nothing but the bytes, both ways', async () => {
    const body = firstRequest('claude-opus-4-8', 'use tool', 128_000)
    const { answer } = await send(body, NAMES)
    expect(answer.toolCalls.map(({ name }) => name)).toEqual(['Bash'])
    const received = stage.received('anthropic')
    expect(received.bodyText).toBe(JSON.stringify(body))
    expect(received.query).toEqual({ beta: 'true' })
    expect(received.headers['anthropic-beta']).toBe(BETAS)
    const second = await send(secondRequest(body, answer), NAMES)
    expect(second.answer).toMatchObject({ text: 'The tool said: no such file', finish: 'end_turn' })
  })

  test("against OpenAI: what matters arrives, what is Anthropic's own does not", async () => {
    const body = firstRequest('gpt-5.5', 'Show me', 128_000)
    stage.upstream.openai.script({ toolCalls: [{ name: 'Bash', arguments: ['{"command":', '"ls","timeout":1}'] }] })
    const { answer, response } = await send(body, NAMES)
    expect(answer).toMatchObject({ model: 'gpt-5.5', finish: 'tool_use' })
    expect(answer.toolCalls).toEqual([{ id: expect.any(String), name: 'Bash', arguments: '{"command":"ls","timeout":1}' }])
    expect(answer.usage.input_tokens).toBeGreaterThan(0)
    expect(response.headers.get('x-dragoman-notes') ?? '').not.toContain('context_management')

    const { body: sent, query, headers } = stage.received('openai')
    expect(query).toEqual({})
    expect(headers['anthropic-beta']).toBeUndefined()
    expect(JSON.stringify(sent)).not.toContain('billing-header')
    const messages = objectsOf(sent?.messages)
    expect(messages.map(message => message.role)).toEqual(['system', 'user', 'system'])
    expect(JSON.stringify(messages[0])).toContain('You are an agent for the command line.')
    expect(JSON.stringify(messages[1])).toContain('<system-reminder>')
    expect(JSON.stringify(messages[2])).toContain('Environment: a harbour town.')
    expect(objectsOf(sent?.tools).map(({ function: target }) => (isObject(target) ? target.name : target))).toEqual([
      'Bash',
      'Edit',
      'Read',
      'ToolSearch',
    ])
    expect(sent).toMatchObject({ reasoning_effort: 'high', max_completion_tokens: 128_000, stream_options: { include_usage: true } })
    expect(sent).not.toHaveProperty('context_management')
    expect(String(sent?.safety_identifier)).toMatch(/^[0-9a-f]{64}$/)

    const second = await send(secondRequest(body, answer), NAMES)
    expect(second.answer).toMatchObject({ text: 'The tool said: [tool error] no such file', finish: 'end_turn' })
    const again = stage.received('openai').body
    expect(again?.reasoning_effort).toBe('medium')
    expect(objectsOf(again?.messages).map(message => message.role)).toEqual(['system', 'user', 'system', 'assistant', 'tool'])
  })

  test('against an older Claude: the mid-conversation role is refused in the words that make it ask again without', async () => {
    const body = firstRequest('claude-opus-4-6', 'Hi', 64_000)
    const response = await fetch(`${stage.gateway.url}/v1/messages?beta=true`, {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain("role 'system' is not supported on this model")
  })

  test('a tool that was found is offered from then on', async () => {
    const found = { ...tool('Harbour', { ship: { type: 'string' } }), defer_loading: true }
    const body = {
      ...firstRequest('gpt-5.5', 'Which ship?', 32_000),
      tools: [...TOOLS, found],
      messages: [
        { role: 'user', content: 'Which ship?' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'ToolSearch', input: { query: 'harbour' } }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'tool_reference', tool_name: 'Harbour' }] }],
        },
      ],
    }
    await send(body)
    expect(JSON.stringify(stage.received('openai').body?.tools)).toContain('"Harbour"')
    expect(JSON.stringify(stage.received('openai').body?.tools)).not.toContain('DeferredToolPlaceholder')
  })

  test('its titles and quota probe: small, whole, structured', async () => {
    const title = {
      model: 'gpt-4.1',
      max_tokens: 200,
      messages: [{ role: 'user', content: 'Name this session' }],
      output_config: {
        format: {
          type: 'json_schema',
          schema: { type: 'object', properties: { title: { type: 'string' } }, required: ['title'], additionalProperties: false },
        },
      },
    }
    const whole = async (body: Json): Promise<Json> => {
      const response = await fetch(`${stage.gateway.url}/v1/messages?beta=true`, {
        method: 'POST',
        headers: HEADERS,
        body: JSON.stringify(body),
      })
      expect(response.status).toBe(200)
      return (await response.json()) as Json
    }
    expect(await whole(title)).toMatchObject({ content: [{ type: 'text', text: '{"title":"sample"}' }], stop_reason: 'end_turn' })
    const quota = { model: 'gpt-4.1', max_tokens: 1, messages: [{ role: 'user', content: 'quota' }] }
    expect(await whole(quota)).toMatchObject({ stop_reason: 'max_tokens' })
  })

  test('a limit beyond what the model can say is lowered', async () => {
    const { response } = await send(firstRequest('gpt-4o', 'Hi', 32_000))
    expect(stage.received('openai').body?.max_tokens).toBe(16_384)
    expect(response.headers.get('x-dragoman-notes')).toContain('approximated:max_tokens')
  })
})
