import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { checkChatBody, checkChatStream } from '../../checkers/chat.ts'
import { type Json, objectsOf } from '../../checkers/json.ts'
import { CLIENT_KEY } from '../support/gateway.ts'
import { MODEL, type Stage, startStage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.stop())

async function post(body: Json, headers: Record<string, string> = {}): Promise<{ text: string; headers: Headers }> {
  const response = await fetch(`${stage.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}`, ...headers },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  expect({ status: response.status, text: response.status === 200 ? '' : text }).toEqual({ status: 200, text: '' })
  return { text, headers: response.headers }
}

for (const upstream of ['openai', 'anthropic'] as const) {
  describe(`against ${upstream}`, () => {
    test('opencode: a session with tools', async () => {
      const tools = ['bash', 'edit'].map(name => ({
        type: 'function',
        function: {
          name,
          description: `${name} of the agent`,
          parameters: {
            $schema: 'http://json-schema.org/draft-07/schema#',
            type: 'object',
            properties: { command: { type: 'string' } },
            required: ['command'],
            additionalProperties: false,
          },
        },
      }))
      const body = {
        model: MODEL[upstream],
        max_tokens: 32_000,
        messages: [
          { role: 'system', content: 'You are an agent.' },
          { role: 'system', content: 'Here is the environment.' },
          { role: 'user', content: 'use tool' },
        ],
        tools,
        tool_choice: 'auto',
        stream: true,
        stream_options: { include_usage: true },
      }
      const { text } = await post(body, { 'x-session-affinity': 'ses_1', 'x-session-id': 'ses_1', 'x-opencode-session-id': 'ses_1' })
      const answer = checkChatStream(text, { includeUsage: true, tools: ['bash', 'edit'] })
      expect(answer).toMatchObject({ finish: 'tool_calls', toolCalls: [{ name: 'bash', arguments: '{"command":"sample"}' }] })
      const { headers } = stage.received(upstream)
      for (const name of ['x-session-affinity', 'x-session-id', 'x-opencode-session-id']) expect(headers[name]).toBeUndefined()
      const call = answer.toolCalls[0]
      const assistant = {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: call?.id, type: 'function', function: { name: call?.name, arguments: call?.arguments } }],
      }
      const next = { ...body, messages: [...body.messages, assistant, { role: 'tool', tool_call_id: call?.id, content: 'done' }] }
      expect(checkChatStream((await post(next)).text, { includeUsage: true }).text).toBe('The tool said: done')
    })

    test('opencode: the title of the session, asked for in two user messages', async () => {
      const { text } = await post({
        model: MODEL[upstream],
        max_tokens: 32_000,
        temperature: 0.5,
        messages: [
          { role: 'system', content: 'You make titles.' },
          { role: 'user', content: 'Generate a title for this conversation:' },
          { role: 'user', content: 'Mend the lamp' },
        ],
        stream: true,
        stream_options: { include_usage: true },
      })
      expect(checkChatStream(text, { includeUsage: true }).text).toContain('Mend the lamp')
    })

    test('aider: temperature 0, no usage, a conversation that ends in odd places', async () => {
      const body = {
        model: upstream === 'openai' ? MODEL.openai : 'claude-opus-5',
        messages: [
          { role: 'system', content: 'Act as an expert developer.' },
          { role: 'user', content: 'Change get_factorial()' },
          { role: 'assistant', content: 'To make this change we need to modify `app.py`.' },
          { role: 'user', content: 'I switched to a new code base.' },
          { role: 'assistant', content: 'Ok.' },
          { role: 'user', content: 'Mend the lamp' },
          { role: 'system', content: 'Only use blocks.' },
        ],
        temperature: 0,
        stream: true,
      }
      const { text, headers } = await post(body)
      const answer = checkChatStream(text, { includeUsage: false })
      expect(answer.finish).toBe('stop')
      if (upstream === 'anthropic') {
        expect(headers.get('x-dragoman-notes')).toContain('temperature')
        expect(stage.received('anthropic').body).not.toHaveProperty('temperature')
      }
      const whole = checkChatBody(JSON.parse((await post({ ...body, stream: false })).text))
      expect(whole.text).toBe(answer.text)
    })

    test('qwen-code: content in parts, a large limit, tools whose arguments are checked', async () => {
      const { text } = await post({
        model: MODEL[upstream],
        max_tokens: 32_768,
        messages: [
          { role: 'system', content: [{ type: 'text', text: 'You are an agent.', cache_control: { type: 'ephemeral' } }] },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'This is the context.' },
              { type: 'text', text: ' use tools' },
            ],
          },
        ].map(message => (upstream === 'openai' ? withoutMarks(message) : message)),
        tools: [
          { type: 'function', function: { name: 'read_file', parameters: { type: 'object', properties: { path: { type: 'string' } } } } },
          { type: 'function', function: { name: 'list_directory', parameters: { type: 'object', properties: {} } } },
        ],
        stream: true,
        stream_options: { include_usage: true },
      })
      const answer = checkChatStream(text, { includeUsage: true, tools: ['read_file', 'list_directory'] })
      expect(answer.toolCalls.map(({ name, arguments: input }) => [name, JSON.parse(input)])).toEqual([
        ['read_file', { path: 'sample' }],
        ['list_directory', {}],
      ])
      if (upstream === 'anthropic')
        expect(objectsOf(stage.received('anthropic').body?.system)[0]).toMatchObject({ cache_control: { type: 'ephemeral' } })
    })
  })
}

/** OpenAI itself does not know the marks that others take. */
const withoutMarks = (message: Json): Json =>
  JSON.parse(JSON.stringify(message, (key, value: unknown) => (key === 'cache_control' ? undefined : value)))

describe('strict', () => {
  const body = { model: MODEL.anthropic, seed: 7, messages: [{ role: 'user', content: 'Hi' }] }

  test('what cannot be carried over is told in a header, or refused by its name', async () => {
    expect((await post(body)).headers.get('x-dragoman-notes')).toBe('dropped:seed')
    const response = await fetch(`${stage.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}`, 'x-dragoman-strict': 'true' },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: 'seed', code: 'unsupported_parameter' } })
  })
})
