import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import { CHAT, CLIENT_ROUTES, type ClientRoute, expectAnswer, expectError, post } from './support/client-routes.ts'
import { CLIENT_KEY } from './support/gateway.ts'
import { type QwenStage, startQwenStage } from './support/qwen.ts'
import { eventually } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

let stage: QwenStage

/** Somebody who is signed in, and a key of the standard plan beside it. */
beforeAll(async () => {
  stage = await startQwenStage({
    users: ['ann'],
    config: sim => ({
      providers: [
        {
          name: 'plan',
          provider_type: 'qwen',
          base_url: sim.compatibleUrl,
          api_key: sim.apiKey('standard').key,
          models: ['qwen3-max', 'qwen3.7-plus', 'text-embedding-v4'],
        },
      ],
      models: { tiny: { targets: [{ provider: 'qwen', model: 'qwen3-coder-plus' }], context_window: 1000 } },
    }),
  })
})
afterAll(() => stage.stop())

const ask = (route: ClientRoute, model: string, more: Json = {}) => post(stage.gateway.url, route, route.body(model, more))
const chats = () => stage.sim.requests.filter(({ route }) => route === 'generate')

/** The log line of the request that was answered so. */
const lineOf = (answer: Response) =>
  eventually('its line', () => stage.gateway.log().find(line => line.request_id === answer.headers.get('x-request-id')))

describe.each(CLIENT_ROUTES)('$name: a name', route => {
  test.each([
    ['coder-model', 'coder-model'],
    ['vision-model', 'vision-model'],
    ['qwen3-coder-plus', 'qwen3-coder-plus'],
    ['qwen3-coder-flash', 'qwen3-coder-flash'],
    ['qwen3.5-plus', 'coder-model'],
    ['qwen3.6-plus', 'coder-model'],
    ['claude-opus-4-5', 'coder-model'],
    ['claude-sonnet-4-5-20250929', 'coder-model'],
    ['claude-3-5-haiku-latest', 'coder-model'],
  ])('%s is %s over OAuth', async (name, model) => {
    await expectAnswer(await ask(route, name), route)
    await expectAnswer(await ask(route, name, { stream: true }), route)
    for (const { path, body, key } of chats().slice(-2)) expect([path, body?.model, key]).toEqual(['/v1/chat/completions', model, 'ann'])
  })

  test('of a plan goes there, as it is', async () => {
    await expectAnswer(await ask(route, 'qwen3.7-plus'), route)
    expect(chats().at(-1)).toMatchObject({ path: '/compatible-mode/v1/chat/completions', body: { model: 'qwen3.7-plus' } })
  })

  test('that nobody has is a 404 with the nearest', async () => {
    const error = await expectError(await ask(route, 'coder-modell'), route, 404)
    expect(error.message).toContain('coder-model')
  })
})

test('what is listed', async () => {
  const listed = await fetch(`${stage.gateway.url}/v1/models`, { headers: CHAT.keyHeader(CLIENT_KEY) })
  const { data } = (await listed.json()) as { data: { id: string }[] }
  const ids = data.map(({ id }) => id)
  expect(ids).toEqual(expect.arrayContaining(['coder-model', 'vision-model', 'qwen3-coder-plus', 'qwen3-max', 'qwen3.7-plus']))
})

describe('what an account that signs in has not', () => {
  test('embeddings, and it says where they are', async () => {
    const answer = await fetch(`${stage.gateway.url}/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...CHAT.keyHeader(CLIENT_KEY) },
      body: JSON.stringify({ model: 'coder-model', input: 'a' }),
    })
    const error = await expectError(answer, CHAT, 400)
    expect(error.message).toMatch(/embedding/i)
    expect(stage.sim.counts.embeddings).toBe(0)
  })
})

describe.each(CLIENT_ROUTES)('$name: what a model takes', route => {
  const words = (count: number): Json => ({ max_tokens: 5000, messages: [{ role: 'user', content: 'word '.repeat(count) }] })

  test.each([false, true])('a prompt that is too long is refused with both numbers, unsent (stream %p)', async stream => {
    const before = chats().length
    const answer = await ask(route, 'coder-model', { ...words(1_300_000), stream })
    const error = await expectError(answer.clone(), route, 400)
    expect(error.message).toMatch(/983616/)
    expect(error.message).toMatch(/\b1[23]\d{5} tokens/)
    if (route === CHAT) expect(error.code).toBe('context_length_exceeded')
    else expect(error.message).toMatch(/^prompt is too long: \d+ tokens > 983616 maximum/)
    expect(chats()).toHaveLength(before)
    const line = await lineOf(answer)
    expect(line.estimated_input_tokens).toBeWithin(1_200_000, 1_400_000)
  })

  test('and what the config says of it', async () => {
    const before = chats().length
    const error = await expectError(await ask(route, 'tiny', words(2000)), route, 400)
    expect(error.message).toMatch(/1000/)
    expect(chats()).toHaveLength(before)
    await expectAnswer(await ask(route, 'tiny', words(500)), route)
  })

  test.each([
    ['coder-model', 65_536],
    ['vision-model', 32_768],
  ])('%s writes at most %i, and more is lowered with a note', async (model, most) => {
    const answer = await ask(route, model, { max_tokens: 100_000 })
    await expectAnswer(answer.clone(), route)
    expect(chats().at(-1)?.body?.max_tokens).toBe(most)
    expect(answer.headers.get('x-dragoman-notes')).toContain('approximated:max_tokens')
    const fitting = await ask(route, model, { max_tokens: most })
    expect(fitting.headers.get('x-dragoman-notes') ?? '').not.toContain('max_tokens')
  })

  test('the log tells what was estimated beside what Qwen counted', async () => {
    const answer = await ask(route, 'coder-model', words(400))
    await expectAnswer(answer.clone(), route)
    const line = await lineOf(answer)
    expect(line.estimated_input_tokens).toBeWithin(380, 450)
    expect(line.input_tokens).toBeGreaterThan(380)
    expect(line.output_tokens).toBeGreaterThan(0)
  })
})
