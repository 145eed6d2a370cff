import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { planDemo } from '../../src/upstream/demo/plan.ts'
import { createDemoSend } from '../../src/upstream/demo/send.ts'
import { readAll } from '../../src/upstream/read-all.ts'
import { FakeClock } from '../support/fake-clock.ts'

const user = (content: string): JsonObject => ({ role: 'user', content })
const weather = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] },
  },
}

describe('the plan', () => {
  test('answers with what it was told', () => {
    const plan = planDemo({ messages: [user('hello there')] })
    expect(plan.text.join('')).toStartWith('You said: hello there.')
    expect(plan).toMatchObject({ finish: 'stop', promptTokens: 2, reasoning: [] })
  })

  test('calls a tool with arguments of its schema, then reports its result', () => {
    expect(planDemo({ messages: [user('Paris')], tools: [weather] })).toMatchObject({
      text: [],
      toolCall: { name: 'weather', arguments: '{"city":"Paris"}' },
      finish: 'tool_calls',
    })
    expect(planDemo({ messages: [user('Paris')], tools: [weather], tool_choice: 'none' }).toolCall).toBeUndefined()
    expect(planDemo({ messages: [user('x'), { role: 'tool', content: '22 degrees' }], tools: [weather] }).text.join('')).toBe(
      'The tool answered: 22 degrees',
    )
  })

  test('stops at the limit, counting reasoning', () => {
    const plan = planDemo({ messages: [user('a')], max_tokens: 3, reasoning_effort: 'low' })
    expect([plan.reasoning.length, plan.text.length, plan.finish]).toEqual([3, 0, 'length'])
  })

  test('takes linear time for a megabyte of spaces', () => {
    const started = performance.now()
    planDemo({ messages: [{ role: 'tool', content: ' '.repeat(1_000_000) }] })
    expect(performance.now() - started).toBeLessThan(500)
  })
})

describe('the embedded upstream', () => {
  const clock = new FakeClock()
  const send = createDemoSend(clock, { next: prefix => `${prefix}1` })
  const call = (body: JsonObject, signal = new AbortController().signal) =>
    send({
      url: '',
      headers: {},
      standing: {},
      body: JSON.stringify(body),
      limits: { connect: 1, firstByte: 1, idle: 1 },
      client: { signal },
    })

  async function stream(body: JsonObject): Promise<string> {
    const { body: answer } = await call({ ...body, stream: true })
    let text = ''
    for (;;) {
      const reading = answer.read()
      await clock.tick(15)
      const bytes = await reading
      if (!bytes) return text
      text += new TextDecoder().decode(bytes)
    }
  }

  test('says the same streamed and whole', async () => {
    const body = { model: 'demo', messages: [user('hi')], stream_options: { include_usage: true } }
    const frames = (await stream(body)).split('\n\n').filter(frame => frame !== '')
    expect(frames.at(-1)).toBe('data: [DONE]')
    const chunks = frames.slice(0, -1).map(frame => JSON.parse(frame.slice(6)))
    const { body: answer } = await call(body)
    const whole = JSON.parse(new TextDecoder().decode(await answer.read()))
    expect(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('')).toBe(whole.choices[0].message.content)
    expect(chunks.at(-1).usage).toEqual(whole.usage)
    expect(await answer.read()).toBeUndefined()
  })

  test('refuses content that is none, as a vendor would', async () => {
    const response = await call({ model: 'demo', messages: [user('hi'), { role: 'user', content: 5 }] })
    expect(response.status).toBe(400)
    const body = JSON.parse(new TextDecoder().decode(await readAll(response.body, 10_000)))
    expect(body.error).toMatchObject({ type: 'invalid_request_error', param: 'messages.1.content' })
  })

  test('stops when its client leaves', async () => {
    const controller = new AbortController()
    const { body } = await call({ model: 'demo', messages: [user('hi')], stream: true }, controller.signal)
    await body.read()
    const reading = body.read()
    controller.abort()
    expect(await reading).toBeUndefined()
    expect(clock.waiting).toBe(0)
  })
})
