import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { asking, MODES, type Question, type QuestionTool } from './question.ts'
import { ask, MODEL, PAIRS, type Stage, startStage, type Vendor } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.stop())
afterEach(async () => {
  await stage.wire.check()
})

const WEATHER: QuestionTool = {
  name: 'get_weather',
  description: 'Weather of a place',
  schema: {
    type: 'object',
    properties: {
      place: { type: 'string', description: 'Its "name"' },
      days: { type: 'integer', minimum: 3 },
      unit: { enum: ['°C', '°F'] },
    },
    required: ['place', 'days', 'unit'],
    additionalProperties: false,
  },
}
const CLOCK: QuestionTool = { name: 'get_time', schema: { type: 'object', properties: {} } }
const TOOLS = [WEATHER, CLOCK]

/** What the simulated models make up for the tool above. */
const WEATHER_INPUT = { place: 'sample', days: 3, unit: '°C' }

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** `tool_choice` as the vendor got it, in the words of a question. */
function choiceSent(vendor: Vendor, body: Json | undefined): unknown {
  const choice = body?.tool_choice
  if (vendor === 'openai') return isObject(choice) ? choice.function : choice
  if (!isObject(choice)) return choice
  return choice.type === 'any' ? 'required' : choice.type === 'tool' ? { name: choice.name } : choice.type
}

const singleSent = (vendor: Vendor, body: Json | undefined): boolean =>
  vendor === 'openai'
    ? body?.parallel_tool_calls === false
    : isObject(body?.tool_choice) && body.tool_choice.disable_parallel_tool_use === true

for (const { client, upstream } of PAIRS) {
  describe(`${client} SDK, ${upstream} upstream`, () => {
    const model = MODEL[upstream]
    const withTools = (text: string, more: Partial<Question> = {}): Question => asking(model, text, { tools: TOOLS, ...more })

    for (const mode of MODES) {
      test(`${mode}: a call comes with its arguments whole`, async () => {
        const reply = await ask(stage, client, withTools('use tool'), mode)
        expect(reply.calls).toEqual([{ id: expect.stringMatching(/./), name: 'get_weather', input: WEATHER_INPUT }])
        expect(reply.finish).toBe('tools')
      })

      test(`${mode}: parallel calls keep apart, one of them without arguments`, async () => {
        const reply = await ask(stage, client, withTools('use tools'), mode)
        expect(reply.calls.map(({ name, input }) => [name, input])).toEqual([
          ['get_weather', WEATHER_INPUT],
          ['get_time', {}],
        ])
        expect(new Set(reply.calls.map(({ id }) => id)).size).toBe(2)
      })

      test(`${mode}: text before calls in odd pieces`, async () => {
        const pieces = ['{"pl', 'ace":"K', 'ö', 'ln \\u2603","days"', ':3.', '50,"unit":"°C"}']
        stage.upstream[upstream].script({
          text: ['I will ', 'look.'],
          toolCalls: [
            { name: 'get_weather', arguments: pieces },
            { name: 'get_weather', arguments: ['{}'] },
          ],
          interleaved: upstream === 'openai',
        })
        const reply = await ask(stage, client, withTools('Weather?'), mode)
        expect(reply.text).toBe('I will look.')
        expect(reply.calls.map(({ input }) => input)).toEqual([{ place: 'Köln ☃', days: 3.5, unit: '°C' }, {}])
      })

      test(`${mode}: results go back, a failed one and one with a picture among them`, async () => {
        const question = withTools('use tools')
        const first = await ask(stage, client, question, mode)
        const [weather, time] = first.calls
        const picture = client === 'anthropic' ? [{ imageData: PNG, mediaType: 'image/png' }] : []
        const results = [
          { callId: time?.id ?? '', content: [{ text: 'the clock is broken' }], isError: true },
          { callId: weather?.id ?? '', content: [{ text: 'rain, see chart' }, ...picture] },
        ]
        const turns = [...question.turns, { said: first.said }, { results, text: 'So?' }]
        const second = await ask(stage, client, { ...question, turns }, mode)
        expect(second).toMatchObject({ finish: 'stop', calls: [] })
        const { body } = stage.received(upstream)
        checkResultsSent(upstream, body, { broken: 'the clock is broken', image: picture.length > 0 })
      })
    }

    test('every form of tool_choice arrives and holds', async () => {
      const calls = async (more: Partial<Question>): Promise<string[]> => {
        const reply = await ask(stage, client, withTools(more.toolChoice === 'auto' ? 'use tool' : 'Hi', more), 'create')
        expect(choiceSent(upstream, stage.received(upstream).body)).toEqual(more.toolChoice)
        return reply.calls.map(({ name }) => name)
      }
      expect(await calls({ toolChoice: 'auto' })).toEqual(['get_weather'])
      expect(await calls({ toolChoice: 'none' })).toEqual([])
      expect(objectsOf(stage.received(upstream).body?.tools)).toHaveLength(2)
      expect(await calls({ toolChoice: 'required' })).toEqual(['get_weather'])
      expect(await calls({ toolChoice: { name: 'get_time' } })).toEqual(['get_time'])
    })

    test('one call at a time', async () => {
      const reply = await ask(stage, client, withTools('use tools', { parallel: false }), 'iterate')
      expect(singleSent(upstream, stage.received(upstream).body)).toBe(true)
      expect(reply.calls).toHaveLength(1)
    })

    test('a name that the upstream would refuse is the vendor’s to refuse, and mapped for another vendor', async () => {
      const name = 'mcp__a_very_long_server_name_that_goes_on_and_on__and_a_tool_in_it_01'
      const reply = await ask(stage, client, asking(model, 'use tool', { tools: [{ name, schema: { type: 'object' } }] }), 'create').catch(
        (error: unknown) => error,
      )
      if (client === upstream) expect(reply).toMatchObject({ message: expect.stringContaining('name') })
      else expect(reply).toMatchObject({ calls: [{ name }] })
    })

    test('the schema arrives whole', async () => {
      await ask(stage, client, withTools('Hi'), 'create')
      const [tool] = objectsOf(stage.received(upstream).body?.tools)
      const schema = upstream === 'openai' ? (isObject(tool?.function) ? tool.function.parameters : undefined) : tool?.input_schema
      expect(schema).toEqual(WEATHER.schema)
    })
  })
}

function checkResultsSent(vendor: Vendor, body: Json | undefined, expected: { broken: string; image: boolean }): void {
  const messages = objectsOf(body?.messages)
  if (vendor === 'anthropic') {
    const blocks = objectsOf(messages.at(-1)?.content)
    expect(blocks.map(block => block.type)).toEqual(['tool_result', 'tool_result', 'text'])
    const failed = blocks.filter(block => block.is_error === true)
    expect(JSON.stringify(failed)).toContain(expected.broken)
    expect(failed).toHaveLength(1)
    expect(JSON.stringify(blocks).includes(PNG)).toBe(expected.image)
    return
  }
  const roles = messages.map(message => message.role)
  expect(roles.slice(0, 4)).toEqual(['user', 'assistant', 'tool', 'tool'])
  expect(roles.slice(4).every(role => role === 'user')).toBe(true)
  expect(JSON.stringify(messages.slice(2, 4))).toContain(`[tool error] ${expected.broken}`)
  expect(JSON.stringify(messages.slice(4)).includes(PNG)).toBe(expected.image)
  expect(JSON.stringify(messages.at(-1))).toContain('So?')
}

describe('the SDKs run tools by themselves', () => {
  for (const upstream of ['openai', 'anthropic'] as const) {
    test(`openai runTools against ${upstream}`, async () => {
      const asked: string[] = []
      const runner = stage.openai.chat.completions.runTools({
        model: MODEL[upstream],
        messages: [{ role: 'user', content: 'use tool' }],
        stream: true,
        tools: [
          {
            type: 'function',
            function: {
              name: 'get_weather',
              description: 'Weather',
              parameters: { type: 'object', properties: { place: { type: 'string' } } },
              function: (args: string) => {
                asked.push(args)
                return 'sunny'
              },
            },
          },
        ],
      })
      expect(await runner.finalContent()).toBe('The tool said: sunny')
      expect(asked).toEqual(['{"place":"sample"}'])
    })

    test(`anthropic toolRunner against ${upstream}, which holds no threads`, async () => {
      // The runner asks for a conversation that the vendor keeps; told that there is none, it sends it whole.
      if (upstream === 'anthropic') {
        const details = { error_code: 'thread_unsupported_request', unsupported: ['thinking'] }
        const error = { type: 'invalid_request_error', message: 'Threads do not support this request', details }
        stage.upstream.anthropic.script({ status: 400, body: { type: 'error', error } })
      }
      const before = stage.upstream[upstream].requests.length
      const asked: unknown[] = []
      const runner = stage.anthropic.beta.messages.toolRunner({
        model: MODEL[upstream],
        max_tokens: 500,
        messages: [{ role: 'user', content: 'use tool' }],
        stream: true,
        tools: [
          {
            type: 'custom',
            name: 'get_weather',
            description: 'Weather',
            input_schema: { type: 'object', properties: { place: { type: 'string' } } },
            parse: (input: unknown) => input,
            run: (input: unknown) => {
              asked.push(input)
              return 'sunny'
            },
          },
        ],
      })
      const final = await runner.runUntilDone()
      expect(final.content).toMatchObject([{ type: 'text', text: 'The tool said: sunny' }])
      expect(asked).toEqual([{ place: 'sample' }])
      expect(stage.upstream[upstream].requests.length - before).toBe(upstream === 'anthropic' ? 3 : 2)
    })
  }
})
