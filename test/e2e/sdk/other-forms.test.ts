import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { objectsOf } from '../../checkers/json.ts'
import { CLIENT_KEY } from '../support/gateway.ts'
import { failureOf, MODEL, type Stage, startStage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage(upstream => ({
    providers: [
      { name: 'broken', provider_type: 'openai', base_url: upstream.openai.url, api_key: upstream.openai.key, models: ['only-broken'] },
    ],
    models: { broken: { targets: [{ provider: 'broken', model: MODEL.openai }] } },
  }))
})
afterAll(() => stage.stop())
afterEach(async () => {
  await stage.wire.check()
})

for (const upstream of ['openai', 'anthropic'] as const) {
  describe(`the OpenAI SDK against ${upstream}`, () => {
    const model = MODEL[upstream]
    const messages = [{ role: 'user' as const, content: 'use tool' }]

    test('a free-text tool is called with its text, whole and streamed', async () => {
      const tools: OpenAI.ChatCompletionTool[] = [{ type: 'custom', custom: { name: 'apply_patch', description: 'Applies a patch' } }]
      const text = '*** Begin "Patch"\n\\n stays, 世界 🌍\n*** End'
      const said = upstream === 'openai' ? text : JSON.stringify({ input: text })
      const script = { toolCalls: [{ name: 'apply_patch', arguments: said.match(/[\s\S]{1,5}/g) ?? [] }] }
      stage.upstream[upstream].script(script, script)
      const whole = await stage.openai.chat.completions.create({ model, messages, tools })
      expect(whole.choices[0]?.message.tool_calls).toMatchObject([{ type: 'custom', custom: { name: 'apply_patch', input: text } }])
      let streamed = ''
      for await (const chunk of await stage.openai.chat.completions.create({ model, messages, tools, stream: true })) {
        for (const call of chunk.choices[0]?.delta.tool_calls ?? [])
          streamed += (call as { custom?: { input?: string } }).custom?.input ?? ''
      }
      expect(streamed).toBe(text)
      // And back, with its result.
      const assistant = structuredClone(whole.choices[0]?.message) as OpenAI.ChatCompletionMessageParam
      const id = whole.choices[0]?.message.tool_calls?.[0]?.id ?? ''
      const next = await stage.openai.chat.completions.create({
        model,
        messages: [...messages, assistant, { role: 'tool', tool_call_id: id, content: 'applied' }],
        tools,
      })
      expect(next.choices[0]?.message.content).toBe('The tool said: applied')
    })

    test('several choices where the vendor has them, refused by name where it has not', async () => {
      const asked = stage.openai.chat.completions.create({ model, messages, n: 2 })
      if (upstream === 'openai') expect((await asked).choices.map(({ index }) => index)).toEqual([0, 1])
      else expect(await failureOf(asked)).toMatchObject({ status: 400, param: 'n' })
    })

    test('a choice of allowed tools', async () => {
      const tool = (name: string): OpenAI.ChatCompletionTool => ({
        type: 'function',
        function: { name, parameters: { type: 'object', properties: {} } },
      })
      const answer = await stage.openai.chat.completions.create({
        model,
        messages,
        tools: [tool('first'), tool('second')],
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'second' } }] },
        },
      })
      expect(answer.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'second' } }])
    })

    test('JSON without a schema', async () => {
      const answer = await stage.openai.chat.completions.create({
        model,
        messages: [{ role: 'user', content: 'Answer in JSON' }],
        response_format: { type: 'json_object' },
      })
      expect(answer.choices[0]?.finish_reason).toBe('stop')
      if (upstream === 'anthropic') expect(JSON.stringify(stage.received('anthropic').body?.system)).toContain('JSON')
    })
  })
}

describe('the OpenAI SDK in its older form against Anthropic', () => {
  test('the older functions and function_call', async () => {
    const functions = [{ name: 'get_weather', parameters: { type: 'object', properties: { place: { type: 'string' } } } }]
    const answer = await stage.openai.chat.completions.create({
      model: MODEL.anthropic,
      messages: [{ role: 'user', content: 'Hi' }],
      functions,
      function_call: { name: 'get_weather' },
    })
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'function_call',
      message: { function_call: { name: 'get_weather', arguments: '{"place":"sample"}' } },
    })
    expect(stage.received('anthropic').body?.tool_choice).toEqual({ type: 'tool', name: 'get_weather' })
  })
})

describe('the Anthropic SDK against OpenAI', () => {
  test('an answer that was begun for the model', async () => {
    await stage.anthropic.messages.create({
      model: MODEL.openai,
      max_tokens: 50,
      messages: [
        { role: 'user', content: 'List' },
        { role: 'assistant', content: '{' },
      ],
    })
    expect(objectsOf(stage.received('openai').body?.messages).map(message => message.role)).toEqual(['user', 'assistant'])
  })

  test('a tool of the vendor alone is refused by name, beside others it is dropped and told', async () => {
    const search = { type: 'web_search_20250305', name: 'web_search' } as const
    const base = { model: MODEL.openai, max_tokens: 50, messages: [{ role: 'user' as const, content: 'Hi' }] }
    expect(await failureOf(stage.anthropic.messages.create({ ...base, tools: [search] }))).toMatchObject({
      status: 400,
      message: expect.stringContaining('web_search'),
    })
    const own = { name: 'look', input_schema: { type: 'object' as const } }
    const { response } = await stage.anthropic.messages.create({ ...base, tools: [own, search] }).withResponse()
    expect(response.headers.get('x-dragoman-notes')).toBe('dropped:tools.1')
  })
})

test('what the gateway has tried again already, the SDKs do not', async () => {
  const client = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${stage.gateway.url}/v1` })
  const before = stage.upstream.openai.requests.length
  stage.upstream.openai.script({ status: 500 }, { status: 500 }, { text: 'never asked for' })
  const asked = client.chat.completions.create({ model: 'broken', messages: [{ role: 'user', content: 'Hi' }] })
  expect(await failureOf(asked)).toMatchObject({ status: 502 })
  expect(stage.upstream.openai.requests.length - before).toBe(2)
})
