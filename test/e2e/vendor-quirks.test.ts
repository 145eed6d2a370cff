import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { isObject, type Json, objectsOf, stringOf } from '../checkers/json.ts'
import { type Read, readBody, readStream } from '../golden/client-reading.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { startVendor } from '../simulators/vendors/service.ts'
import { SIMULATED } from '../simulators/vendors/vendors.ts'
import { askOpenAi } from './sdk/ask-openai.ts'
import { asking } from './sdk/question.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'

const NAMES = Object.keys(SIMULATED)
const upstream = new Map<string, Simulator>()
let gateway: RunningGateway
let openai: OpenAI

beforeAll(async () => {
  for (const name of NAMES) upstream.set(name, startVendor(name))
  const providers = NAMES.map(name => ({
    name,
    provider_type: name,
    base_url: upstream.get(name)?.url,
    api_key: upstream.get(name)?.key,
    models: [SIMULATED[name]?.model],
  }))
  gateway = await startGateway({ config: { providers } })
  openai = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
})

afterAll(async () => {
  await gateway.stop()
  for (const simulator of upstream.values()) await simulator.close()
})

/** The body that the vendor got last. */
function received(name: string): Json {
  const body = upstream.get(name)?.requests.at(-1)?.body
  if (!body) throw new Error(`${name} got no request`)
  return body
}

async function claude(body: Json): Promise<Response> {
  return fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': CLIENT_KEY, 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ max_tokens: 32_000, ...body }),
  })
}

async function read(response: Response): Promise<Read> {
  if (response.status !== 200) throw new Error(`status ${response.status}: ${await response.text()}`)
  return response.headers.get('content-type')?.includes('event-stream')
    ? readStream('anthropic', await response.text())
    : readBody('anthropic', await response.json())
}

const FOREIGN_ID = 'toolu_01ABCdefGHIjklMNOpqrSTUv'
const SCHEMA = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] }
const TOOLS = [{ name: 'get_weather', description: 'Weather', input_schema: SCHEMA }]

/** As Claude Code asks: instructions in two places, a tool used with another vendor, an effort, a user, its habits. */
const AGENT: Json = {
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.329;' },
    { type: 'text', text: 'You are an agent.', cache_control: { type: 'ephemeral' } },
  ],
  tools: TOOLS,
  thinking: { type: 'adaptive', display: 'omitted' },
  output_config: { effort: 'high' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  metadata: { user_id: JSON.stringify({ device_id: 'd'.repeat(64), session_id: 's'.repeat(64) }) },
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'system', content: [{ type: 'text', text: 'The environment is calm.' }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: FOREIGN_ID, name: 'get_weather', input: { place: 'Bonn' } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: FOREIGN_ID, content: 'rain' },
        { type: 'text', text: 'Again: use tools' },
      ],
    },
  ],
}

const WITHOUT_TOOLS = new Set(['perplexity'])
/** Vendors that show no reasoning here: the model has none. */
const SILENT = new Set(['azure'])

for (const name of NAMES) {
  const vendor = SIMULATED[name]
  const model = vendor?.model ?? ''
  const calls = !WITHOUT_TOOLS.has(name)

  describe(name, () => {
    for (const stream of [false, true]) {
      const how = stream ? 'streamed' : 'whole'

      test(`${how}: an agent of Anthropic's gets its calls and the reasoning`, async () => {
        const answer = await read(await claude({ ...AGENT, model, stream }))
        if (calls) {
          expect(answer).toMatchObject({
            finish: 'tools',
            toolCalls: [
              { name: 'get_weather', input: { place: 'sample' } },
              { name: 'get_weather', input: { place: 'sample' } },
            ],
          })
          expect(new Set(answer.toolCalls.map(({ id }) => id)).size).toBe(2)
        } else {
          expect(answer.finish).toBe('stop')
          expect(answer.text).toContain('Again: use tools')
        }
        expect(answer.reasoning.includes('I will answer.')).toBe(!SILENT.has(name))
        expect(answer.text).not.toMatch(/think>/)
        expect(answer.tokens?.input).toBeGreaterThan(0)
        expect(answer.tokens?.output).toBeGreaterThanOrEqual(answer.tokens?.reasoning ?? 0)
        const sent = JSON.stringify(received(name))
        expect(sent).toContain('The environment is calm.')
        expect(sent).not.toContain('x-anthropic-billing-header')
      })

      test(`${how}: its own calls come back with their results`, async () => {
        if (!calls) return
        const messages: Json[] = [{ role: 'user', content: 'use tool' }]
        const first = await claude({
          model,
          stream: false,
          tools: TOOLS,
          messages,
          thinking: { type: 'adaptive' },
          output_config: { effort: 'high' },
        })
        const said: unknown = await first.json()
        if (!isObject(said)) throw new Error('no message')
        const [call] = objectsOf(said.content).filter(block => block.type === 'tool_use')
        messages.push(
          { role: 'assistant', content: said.content },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id, content: 'snow' }] },
        )
        const answer = await read(
          await claude({ model, stream, tools: TOOLS, messages, thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }),
        )
        expect(answer).toMatchObject({ text: 'The tool said: snow', finish: 'stop' })
      })

      test(`${how}: a forced tool is called, thinking turned off is off`, async () => {
        if (!calls) return
        const forced = (choice: Json) =>
          claude({ model, stream, tools: TOOLS, tool_choice: choice, messages: [{ role: 'user', content: 'use tool' }] }).then(read)
        expect((await forced({ type: 'any' })).toolCalls).toHaveLength(1)
        expect((await forced({ type: 'tool', name: 'get_weather' })).toolCalls).toHaveLength(1)
        const off = await read(
          await claude({ model, stream, thinking: { type: 'disabled' }, messages: [{ role: 'user', content: 'Hello' }] }),
        )
        expect(off.text).toBe('You said: Hello')
      })

      test(`${how}: an OpenAI client goes through a tool and back`, async () => {
        const mode = stream ? 'iterate' : 'create'
        const tools = [{ name: 'get_weather', schema: SCHEMA }]
        const question = asking(model, calls ? 'use tool' : 'Hello', { system: 'S', maxTokens: 1000, ...(calls && { tools }) })
        const first = await askOpenAi(openai, question, mode)
        if (!calls) {
          expect(first.text).toContain('You said: Hello')
          return
        }
        expect(first.calls).toMatchObject([{ name: 'get_weather', input: { place: 'sample' } }])
        const results = [{ callId: first.calls[0]?.id ?? '', content: [{ text: 'snow' }] }]
        const second = await askOpenAi(openai, { ...question, turns: [...question.turns, { said: first.said }, { results }] }, mode)
        expect(second.text).toContain('The tool said: snow')
        expect(second.tokens?.input).toBeGreaterThan(0)
      })
    }

    test('its refusals reach both clients in their own words', async () => {
      upstream.get(name)?.script({ status: 400, message: 'the lever is stuck' }, { status: 400, message: 'the lever is stuck' })
      const messages = [{ role: 'user', content: 'Hi' }]
      const told = await claude({ model, messages })
      expect(told.status).toBeGreaterThanOrEqual(400)
      expect(told.status).toBeLessThan(500)
      const body: unknown = await told.json()
      expect(body).toMatchObject({
        type: 'error',
        error: { type: 'invalid_request_error', message: expect.stringContaining('the lever is stuck') },
      })
      const direct = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` },
        body: JSON.stringify({ model, messages }),
      })
      const text = await direct.text()
      expect([direct.status, text]).toEqual([told.status, expect.stringContaining('the lever is stuck')])
      expect(isObject(JSON.parse(text)) && isObject(JSON.parse(text).error)).toBe(true)
    })
  })
}

describe('on the wire', () => {
  test('Azure is asked at its deployment, with its own header', async () => {
    await read(await claude({ model: 'gpt-4.1', messages: [{ role: 'user', content: 'Hi' }] }))
    const request = upstream.get('azure')?.requests.at(-1)
    expect(request).toMatchObject({ path: '/openai/deployments/gpt-4.1/chat/completions', query: { 'api-version': '2024-10-21' } })
    expect(request?.headers).not.toHaveProperty('authorization')
  })

  test("Perplexity's sources reach OpenAI clients; Anthropic's are told that theirs were left out", async () => {
    const model = 'sonar-reasoning-pro'
    const response = await claude({ model, messages: [{ role: 'user', content: 'Hi' }] })
    await response.text()
    expect(response.headers.get('x-dragoman-notes')).toContain('citations')
    const completion = await openai.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] })
    expect(JSON.stringify(completion)).toContain('https://example.com/a')
  })

  test('Mistral gets one id for a call and its result, whoever made it', async () => {
    const model = 'mistral-large-latest'
    const id = 'call_of_another_vendor_0123456789'
    await openai.chat.completions.create({
      model,
      messages: [
        { role: 'developer', content: 'D' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: id, content: 'r' },
      ],
      seed: 4,
      max_completion_tokens: 9,
    })
    const { messages, ...rest } = received('mistral')
    const [system, , asked, answered] = objectsOf(messages)
    expect(system?.role).toBe('system')
    expect(rest).toMatchObject({ random_seed: 4, max_tokens: 9 })
    expect(objectsOf(asked?.tool_calls)[0]?.id).toBe(answered?.tool_call_id as string)
    expect(stringOf(answered?.tool_call_id)).toHaveLength(9)
  })

  test('what a vendor is known to refuse is named in the notes, and refused under strict', async () => {
    const body = { model: 'grok-4', messages: [{ role: 'user', content: 'Hi' }], stop_sequences: ['X'] }
    const response = await claude(body)
    expect(response.headers.get('x-dragoman-notes')).toBe('dropped:stop_sequences')
    await response.text()
    const strict = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': CLIENT_KEY, 'x-dragoman-strict': 'true' },
      body: JSON.stringify({ max_tokens: 5, ...body }),
    })
    expect([strict.status, await strict.json()]).toEqual([
      400,
      expect.objectContaining({ error: expect.objectContaining({ message: expect.stringContaining('stop_sequences') }) }),
    ])
  })
})
