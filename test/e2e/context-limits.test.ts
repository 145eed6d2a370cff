import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { CLIENT_ROUTES, expectAnswer, expectError, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { OPENAI } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

let upstream: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  upstream = OPENAI.start({ lenient: true })
  const qwen = { name: 'Q', provider_type: 'qwen', base_url: upstream.url, api_key: upstream.key, models: ['coder-model', 'qwen3-max'] }
  const openai = OPENAI.provider(upstream, { models: ['gpt-4o', 'gpt-4o-mini'] })
  gateway = await startGateway({
    config: {
      providers: [qwen, openai],
      models: {
        small: { targets: [{ provider: 'openai', model: 'gpt-4o' }], context_window: 1000 },
        'small first': {
          targets: [
            { provider: 'Q', model: 'qwen3-max' },
            { provider: 'openai', model: 'gpt-4o' },
          ],
        },
      },
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

/** A request of about so many tokens. */
const asking = (model: string, tokens: number, more: Json = {}): Json => ({
  model,
  max_tokens: 256,
  messages: [{ role: 'user', content: 'word '.repeat(tokens) }],
  ...more,
})

/** The log line of the request that was answered so. */
function lineOf(answer: Response): Promise<Record<string, unknown>> {
  const id = answer.headers.get('x-request-id')
  return eventually(`the line of ${id}`, () => gateway.log().find(line => line.request_id === id))
}

describe.each(CLIENT_ROUTES)('$name', route => {
  test.each([false, true])('a prompt that is surely too long is refused with both numbers before it is sent (stream: %p)', async stream => {
    const sent = upstream.requests.length
    const answer = await post(gateway.url, route, asking('small', 2000, { stream }))
    const { message } = await expectError(answer.clone(), route, 400)
    expect(message).toMatch(/1000/)
    expect(message).toMatch(/20\d\d tokens/)
    expect(upstream.requests).toHaveLength(sent)
    expect(await lineOf(answer)).toMatchObject({ error_kind: 'context-too-long', estimated_input_tokens: expect.any(Number) })
  })

  test('an upstream that finds it too long is quoted with the number that it leaves out', async () => {
    const message = '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 983616]'
    const body = { error: { code: 'invalid_parameter_error', type: 'invalid_request_error', param: null, message }, request_id: 'r' }
    upstream.script({ status: 400, body })
    const answer = await post(gateway.url, route, asking('coder-model', 10))
    expect((await expectError(answer, route, 400)).message).toMatch(/983616.*983617|983617.*983616/)
  })

  test('the log tells our count beside the reported one, where limits are known', async () => {
    const usage = { prompt_tokens: 555, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 0 } }
    upstream.script({ text: 'ok', usage }, { text: 'ok' })
    const answer = await post(gateway.url, route, asking('coder-model', 500))
    await expectAnswer(answer.clone(), route)
    const line = await lineOf(answer)
    expect(line).toMatchObject({ input_tokens: 555 })
    expect(line.estimated_input_tokens).toBeWithin(500, 530)
    const other = await post(gateway.url, route, asking('gpt-4o', 500))
    await expectAnswer(other.clone(), route)
    expect(await lineOf(other)).not.toHaveProperty('estimated_input_tokens')
  })
})

test('what is too long for the first target goes to the next', async () => {
  const answer = await post(gateway.url, CLIENT_ROUTES[0] as (typeof CLIENT_ROUTES)[number], asking('small first', 400_000))
  expect(answer.status).toBe(200)
  expect(upstream.requests.at(-1)?.body?.model).toBe('gpt-4o')
})
