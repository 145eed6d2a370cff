import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { isObject, type Json, objectsOf } from '../checkers/json.ts'
import { failureOf, type Stage, startStage } from './sdk/stage.ts'
import { EVERY_FIELD, MODELS } from './support/chat-fields.ts'

type Params = Omit<OpenAI.ChatCompletionCreateParams, 'stream'>

/** A provider whose own headers choose the newest version of the API and a beta. */
const NEWEST = { name: 'newest', provider_type: 'anthropic', models: ['newest/*'] }
const NEWEST_HEADERS = { 'Anthropic-Version': '2026-10-21', 'anthropic-beta': 'context-1m-2025-08-07' }

let stage: Stage

beforeAll(async () => {
  stage = await startStage(({ anthropic: { url, key } }) => ({
    providers: [{ ...NEWEST, base_url: url, api_key: key, headers: NEWEST_HEADERS }],
    models: {
      'sonnet-newest': { targets: [{ provider: 'newest', model: 'claude-sonnet-4-5' }] },
      'opus-newest': { targets: [{ provider: 'newest', model: 'claude-opus-4-8' }] },
    },
  }))
})
afterAll(() => stage.stop())
afterEach(async () => {
  await stage.wire.check()
})

const hi = (model: string, more: Partial<Params> = {}): Params => ({ model, messages: [{ role: 'user', content: 'Hi' }], ...more })

interface Told {
  message: OpenAI.ChatCompletionMessage
  finish: string | null
  notes: string
}

async function whole(params: Params): Promise<Told> {
  const completion = await stage.openai.chat.completions.create(params)
  return told(completion)
}

async function streamed(params: Params): Promise<Told> {
  return told(await stage.openai.chat.completions.stream(params).finalChatCompletion())
}

function told({ choices: [choice] }: OpenAI.ChatCompletion): Told {
  if (!choice) throw new Error('no choice')
  return { message: choice.message, finish: choice.finish_reason, notes: stage.wire.last.headers.get('x-dragoman-notes') ?? '' }
}

const MODES = [
  ['whole', whole],
  ['streamed', streamed],
] as const

const sent = (): Json => {
  const { body } = stage.received('anthropic')
  if (!isObject(body)) throw new Error('nothing was sent')
  return body
}

/** Without the SDK's own reading of what was said. */
async function drained(params: Params): Promise<void> {
  for await (const { choices } of await stage.openai.chat.completions.create({ ...params, stream: true })) expect(choices).toBeArray()
}

describe('nothing that is sent is refused by the vendor', () => {
  for (const model of MODELS) {
    test(model, async () => {
      for (const { name, params, notFor } of EVERY_FIELD) {
        for (const [mode, ask] of [
          ['whole', whole],
          ['streamed', drained],
        ] as const) {
          const failed = await ask({ model, ...params }).then(
            () => undefined,
            (error: Error) => `${name}, ${mode}: ${error.message}`,
          )
          if (notFor?.test(model)) expect(failed).toMatch(/400/)
          else expect(failed).toBeUndefined()
        }
      }
    })
  }
})

describe('fields that change their place', () => {
  test('a fast tier is speed, with the beta that it needs', async () => {
    await whole(hi('claude-opus-4-8', { service_tier: 'fast' }))
    expect(sent()).toMatchObject({ speed: 'fast' })
    expect(stage.received('anthropic').headers['anthropic-beta']).toBe('fast-mode-2026-02-01')
    const { notes } = await whole(hi('claude-sonnet-5', { service_tier: 'fast' }))
    expect(notes).toBe('dropped:service_tier')
    expect(stage.received('anthropic').headers).not.toHaveProperty('anthropic-beta')
  })

  test('the capacity that served an answer is told, streamed too', async () => {
    expect(await stage.openai.chat.completions.create(hi('claude-opus-5'))).toMatchObject({ service_tier: 'default' })
    stage.upstream.anthropic.script({ text: 'x', usage: { speed: 'fast' } })
    const stream = await stage.openai.chat.completions.create({ ...hi('claude-opus-5'), stream: true })
    const tiers: unknown[] = []
    for await (const chunk of stream) tiers.push(chunk.service_tier)
    expect(new Set(tiers)).toEqual(new Set(['fast']))
  })

  test('marks of a cache, on parts, messages and tools', async () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } }
    const messages = [
      { role: 'system', content: 'Be brief.', ...mark },
      { role: 'user', content: [{ type: 'text', text: 'Hi', prompt_cache_breakpoint: { mode: 'explicit' } }] },
    ] as OpenAI.ChatCompletionMessageParam[]
    const tools = [{ type: 'function', function: { name: 'f' }, ...mark }] as OpenAI.ChatCompletionTool[]
    await whole({ model: 'claude-opus-5', messages, tools, prompt_cache_options: { mode: 'implicit' } })
    const hour = { type: 'ephemeral', ttl: '1h' }
    expect(sent()).toMatchObject({
      cache_control: { type: 'ephemeral' },
      tools: [{ cache_control: hour }],
      system: [{ cache_control: hour }],
      messages: [{ content: [{ text: 'Hi', cache_control: { type: 'ephemeral' } }] }],
    })
  })

  test("the version that the provider's own headers set holds, its betas stand beside ours", async () => {
    const { notes } = await whole(hi('sonnet-newest', { temperature: 0.5, top_p: 1 }))
    expect(notes).toBe('dropped:temperature, dropped:top_p')
    expect(stage.received('anthropic').headers).toMatchObject({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'context-1m-2025-08-07',
    })
    await whole(hi('opus-newest', { service_tier: 'fast' }))
    expect(stage.received('anthropic').headers['anthropic-beta']).toBe('fast-mode-2026-02-01,context-1m-2025-08-07')
  })
})

describe('refused by the name of its field', () => {
  const file = (value: object) => [{ role: 'user', content: [{ type: 'file', file: value }] }] as OpenAI.ChatCompletionMessageParam[]
  const image = (url: string) =>
    [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] as OpenAI.ChatCompletionMessageParam[]
  const zip = Buffer.from('PK\x03\x04 and so on').toString('base64')
  const bmp = Buffer.from('BM and many dots').toString('base64')
  const svg = Buffer.from('<svg></svg>').toString('base64')

  test.each<[string, Partial<Params>, string]>([
    ['several choices', { n: 2 }, 'n'],
    ['sound to be made', { modalities: ['text', 'audio'], audio: { format: 'wav', voice: 'alloy' } }, 'modalities|audio'],
    ['a search of the web', { web_search_options: {} }, 'web_search_options'],
    ['an archive', { messages: file({ filename: 'a.zip', file_data: `data:application/zip;base64,${zip}` }) }, 'messages.0.content.0'],
    ['a file of another provider', { messages: file({ file_id: 'file-1' }) }, 'messages.0.content.0'],
    ['a drawing', { messages: image(`data:image/svg+xml;base64,${svg}`) }, 'messages.0.content.0'],
    ['a bitmap that says it is a PNG', { messages: image(`data:image/png;base64,${bmp}`) }, 'messages.0.content.0'],
    ['an image by http', { messages: image('http://images.example.com/a.png') }, 'messages.0.content.0'],
    [
      'a sound that was an answer',
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', audio: { id: 'audio_1' } },
          { role: 'user', content: 'b' },
        ],
      },
      'messages.1.audio',
    ],
    ['a temperature below zero', { temperature: -1 }, 'temperature'],
  ])('%s', async (_name, params, param) => {
    const before = stage.upstream.anthropic.requests.length
    const failure = await failureOf(stage.openai.chat.completions.create({ ...hi('claude-opus-4-6'), ...params }))
    expect(failure).toMatchObject({ status: 400, param: expect.stringMatching(new RegExp(`^(${param})$`)) })
    expect(stage.upstream.anthropic.requests.length).toBe(before)
  })

  test('a forced tool on models that know none', async () => {
    const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'f' } }]
    const failure = await failureOf(stage.openai.chat.completions.create(hi('claude-opus-5-5', { tools, tool_choice: 'required' })))
    expect(failure).toMatchObject({ status: 400, param: 'tool_choice' })
  })
})

describe('an answer of a certain form', () => {
  const schema = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'], additionalProperties: false }
  const format: Params['response_format'] = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } }
  const tool: OpenAI.ChatCompletionTool = {
    type: 'function',
    function: { name: 'look_up', parameters: { type: 'object', properties: {} } },
  }

  for (const [mode, ask] of MODES) {
    test(`${mode}: enforced where the model does that`, async () => {
      const { message, notes } = await ask(hi('claude-opus-5', { response_format: format }))
      expect(JSON.parse(message.content ?? '')).toEqual({ place: 'sample' })
      expect(sent()).toMatchObject({ output_config: { format: { type: 'json_schema', schema } } })
      expect(notes).toBe('')
    })

    test(`${mode}: the input of a forced tool where it does not, told as the answer that it is`, async () => {
      const { message, finish, notes } = await ask(hi('claude-sonnet-4-20250514', { response_format: format }))
      expect(JSON.parse(message.content ?? '')).toEqual({ place: 'sample' })
      expect(message.tool_calls ?? []).toEqual([])
      expect(finish).toBe('stop')
      expect(notes).toBe('approximated:response_format')
      expect(sent().tool_choice).toEqual({ type: 'tool', name: 'json_tool_call', disable_parallel_tool_use: true })
    })

    test(`${mode}: beside tools of the client's own, which may be called instead`, async () => {
      const { message, finish } = await ask(hi('claude-sonnet-4-20250514', { response_format: format, tools: [tool] }))
      expect(sent().tool_choice).toEqual({ type: 'any', disable_parallel_tool_use: true })
      expect(message.tool_calls).toMatchObject([{ function: { name: 'look_up' } }])
      expect(finish).toBe('tool_calls')
    })
  }

  test('a schema without end is asked for by a tool, in words where no tool can be forced', async () => {
    const endless = { type: 'object', properties: { next: { $ref: '#' } } }
    const asked: Params['response_format'] = { type: 'json_schema', json_schema: { name: 'node', schema: endless } }
    await whole(hi('claude-opus-5', { response_format: asked }))
    expect(objectsOf(sent().tools)).toHaveLength(1)
    await whole(hi('claude-opus-5-5', { response_format: asked }))
    expect(sent()).not.toHaveProperty('tools')
    expect(JSON.stringify(sent().system)).toContain('JSON Schema')
  })
})

describe('names of tools that the vendor refuses', () => {
  const LONG = 'mcp__a_very_long_server_name_that_goes_on_and_on_and_on__and_then_'
  const names = ['files.read', `${LONG}reads`, `${LONG}writes`]
  const tools = names.map((name): OpenAI.ChatCompletionTool => ({ type: 'function', function: { name, parameters: { type: 'object' } } }))

  for (const [mode, ask] of MODES) {
    test(`${mode}: are the client's own again in the answer, and in the next turn`, async () => {
      const question: OpenAI.ChatCompletionMessageParam = { role: 'user', content: 'use tools' }
      const first = await ask({ model: 'claude-opus-5', messages: [question], tools })
      expect(first.message.tool_calls?.map(call => call.type === 'function' && call.function.name)).toEqual(names.slice(0, 2))
      const results = (first.message.tool_calls ?? []).map(
        ({ id }): OpenAI.ChatCompletionMessageParam => ({ role: 'tool', tool_call_id: id, content: 'ok' }),
      )
      const chosen = { type: 'function', function: { name: names[2] ?? '' } } as const
      const messages = [question, { ...first.message, parsed: undefined } as OpenAI.ChatCompletionMessageParam, ...results]
      const second = await ask({ model: 'claude-opus-5', messages, tools, tool_choice: chosen })
      expect(second.message.tool_calls).toMatchObject([{ function: { name: names[2] } }])
      const sentNames = objectsOf(sent().tools).map(({ name }) => name)
      const called = objectsOf(objectsOf(sent().messages)[1]?.content).map(({ name }) => name)
      expect(called).toEqual(sentNames.slice(0, 2))
    })

    test(`${mode}: a free-text tool too`, async () => {
      const custom: OpenAI.ChatCompletionTool = { type: 'custom', custom: { name: 'apply.patch' } }
      const { message } = await ask({ model: 'claude-opus-5', messages: [{ role: 'user', content: 'use tool' }], tools: [custom] })
      expect(message.tool_calls).toMatchObject([{ type: 'custom', custom: { name: 'apply.patch', input: 'sample' } }])
    })
  }
})

describe('citations', () => {
  const citation = { type: 'web_search_result_location', url: 'https://a.example/x', title: 'X', cited_text: 'y', encrypted_index: 'e' }
  const events = [
    {
      type: 'message_start',
      message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], usage: { input_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'It is ' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '', citations: [] } },
    { type: 'content_block_delta', index: 1, delta: { type: 'citations_delta', citation } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'raining' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
    { type: 'message_stop' },
  ]
  const expected = [{ type: 'url_citation', url_citation: { url: 'https://a.example/x', title: 'X', start_index: 6, end_index: 13 } }]

  test('span their own block within the whole text, streamed and not', async () => {
    stage.upstream.anthropic.script({ sse: events.map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('') })
    const stream = await stage.openai.chat.completions.create({ ...hi('claude-opus-5'), stream: true })
    const annotations: unknown[] = []
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta as { annotations?: unknown[] } | undefined
      annotations.push(...(delta?.annotations ?? []))
    }
    expect(annotations).toEqual(expected)
    const content = [
      { type: 'text', text: 'It is ' },
      { type: 'text', text: 'raining', citations: [citation] },
    ]
    const usage = { input_tokens: 1, output_tokens: 3 }
    stage.upstream.anthropic.script({ body: { ...events[0]?.message, content, stop_reason: 'end_turn', usage } })
    expect((await whole(hi('claude-opus-5'))).message.annotations).toEqual(expected as never)
  })
})
