import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { Json } from '../checkers/json.ts'
import type { FaultName } from '../simulators/qwen/faults.ts'
import { type QwenSimulator, startQwen } from '../simulators/qwen.ts'
import { CLIENT_ROUTES, expectError, post } from './support/client-routes.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'

let sim: QwenSimulator
let gateway: RunningGateway

/** What an account that fails so says, and what a client of it reads. */
const REFUSALS: [FaultName, number, RegExp][] = [
  ['input-too-long', 400, /983616/],
  ['max-tokens', 400, /max_tokens/],
  ['inspection', 400, /inappropriate/],
  ['unknown-model', 404, /not supported/],
  ['timeout-504', 504, /smaller context/],
  ['free-quota', 429, /Free allocated quota/],
]

/** What fails before any content, so that another account answers. */
const PASSED_ON: FaultName[] = ['error-frame', 'error-event', 'empty-stream', 'free-quota', 'token-limit', 'waf-405', 'arrears']

/** Every case has accounts of its own, because failures have consequences: `<route>-<fault>`. The portal wants its leading system message. */
beforeAll(async () => {
  sim = startQwen({ rules: { strictSystem: true, refuseStrictFalse: true, callsPerMinute: 1000 } })
  const cases = CLIENT_ROUTES.flatMap(({ name }) => [
    ...REFUSALS.map(([fault]) => `${name}-${fault}`),
    ...PASSED_ON.map(fault => `${name}-over-${fault}`),
  ])
  const portal = (name: string): Json => ({
    name,
    provider_type: 'qwen',
    base_url: sim.portalUrl,
    api_key: sim.user(name).signIn().accessToken,
    models: [`only-${name}`],
    quirks: { leading_system: 'cached-parts' },
  })
  const targets = (...providers: string[]): Json => ({ targets: providers.map(provider => ({ provider, model: 'coder-model' })) })
  const models = cases.map(name => [name, name.includes('-over-') ? targets(name, 'sound') : targets(name)] as const)
  gateway = await startGateway({
    config: { providers: [...cases, 'sound'].map(portal), models: { ...Object.fromEntries(models), alone: targets('sound') } },
  })
})
afterAll(async () => {
  await gateway.stop()
  await sim.close()
})

const openai = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: CLIENT_KEY, maxRetries: 0 })
const anthropic = () => new Anthropic({ baseURL: gateway.url, apiKey: CLIENT_KEY, maxRetries: 0 })

const schema = { type: 'object' as const, properties: { city: { type: 'string' } } }

describe('tool calls of a stream', () => {
  const QUIRKS: FaultName[] = ['absent-ids', 'reused-index', 'resent-arguments', 'broken-tail', 'stop-with-calls', 'usage-on-finish']

  test.each(QUIRKS)('%s: whole for an OpenAI client', async quirk => {
    const tools = ['a', 'b'].map(name => ({ type: 'function' as const, function: { name, parameters: schema, strict: false } }))
    const stream = openai().chat.completions.stream({
      model: 'alone',
      messages: [{ role: 'user', content: `use tools [qwen:${quirk}]` }],
      tools,
      reasoning_effort: 'none',
    })
    const [choice] = (await stream.finalChatCompletion()).choices
    expect(choice?.finish_reason).toBe('tool_calls')
    const calls = choice?.message.tool_calls?.map(call => (call.type === 'function' ? call.function : undefined))
    expect(calls).toMatchObject(['a', 'b'].map(name => ({ name, arguments: '{"city":"sample"}' })))
  })

  test.each(QUIRKS)('%s: whole for an Anthropic client', async quirk => {
    const message = await anthropic()
      .messages.stream({
        model: 'alone',
        max_tokens: 1000,
        messages: [{ role: 'user', content: `use tools [qwen:${quirk}]` }],
        tools: ['a', 'b'].map(name => ({ name, input_schema: schema })),
      })
      .finalMessage()
    expect(message.stop_reason).toBe('tool_use')
    const calls = message.content.filter(block => block.type === 'tool_use')
    expect(calls).toMatchObject(['a', 'b'].map(name => ({ name, input: { city: 'sample' } })))
  })
})

describe.each(CLIENT_ROUTES)('$name', route => {
  test.each(REFUSALS)('%s is %d', async (fault, status, says) => {
    sim.fault(fault, { forKey: `${route.name}-${fault}` })
    const answer = await post(gateway.url, route, route.body(`${route.name}-${fault}`))
    const error = await expectError(answer, route, status)
    expect(error.message).toMatch(says)
    if (fault === 'input-too-long' && route.name === 'openai') expect(error.code).toBe('context_length_exceeded')
    if (fault === 'max-tokens' && route.name === 'openai') expect(error.param).toBe('max_tokens')
  })

  test.each(PASSED_ON)('%s before any content is passed over', async fault => {
    const name = `${route.name}-over-${fault}`
    sim.fault(fault, { forKey: name })
    const answer = await post(gateway.url, route, route.body(name, { stream: true }))
    expect(answer.headers.get('x-dragoman-provider')).toBe('sound')
    expect(route.readStream(await answer.text())).toMatchObject({ text: 'You said: Say hello', finish: route.finished })
  })

  test.each<FaultName>(['late-error-frame', 'late-error-event', 'error-finish', 'no-finish'])('%s is an error, and no end', async fault => {
    const answer = await post(
      gateway.url,
      route,
      route.body('alone', { stream: true, messages: [{ role: 'user', content: `[qwen:${fault}]` }] }),
    )
    const { error, finish } = route.readStream(await answer.text())
    expect(error).toMatchObject({ message: expect.stringMatching(/quota|Throttling|broke off/) })
    expect(finish).toBeUndefined()
  })

  test('a leading system message that is missing, or plain, is no bad request', async () => {
    for (const system of [[], [{ role: 'system', content: 'S' }]]) {
      const messages = [...(route.name === 'openai' ? system : []), { role: 'user', content: 'Say hello' }]
      const more = route.name === 'anthropic' && system.length > 0 ? { system: 'S' } : {}
      const answer = await post(gateway.url, route, route.body('alone', { messages, ...more }))
      expect([answer.status, route.readBody(await answer.json()).text]).toEqual([200, 'You said: Say hello'])
    }
  })
})
