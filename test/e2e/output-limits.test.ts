import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { CHAT, type ClientRoute, MESSAGES, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC, OPENAI } from './support/upstreams.ts'

let gpt: Simulator
let claude: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  gpt = OPENAI.start({ lenient: true })
  claude = ANTHROPIC.start({ lenient: true })
  const qwen = { name: 'Q', provider_type: 'qwen', base_url: gpt.url, api_key: gpt.key, models: ['coder-model'] }
  gateway = await startGateway({
    config: {
      providers: [qwen, OPENAI.provider(gpt, { models: ['gpt-4o'] }), ANTHROPIC.provider(claude, { models: [ANTHROPIC.model] })],
      models: { [ANTHROPIC.model]: { max_output: 5000 } },
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([gpt.close(), claude.close()])
})

/** What the upstream got of output limits, and what the client was told. */
async function sent(upstream: Simulator, route: ClientRoute, model: string, more: Json): Promise<Json> {
  const answer = await post(gateway.url, route, { model, messages: [{ role: 'user', content: 'Hi' }], ...more })
  expect(answer.status, await answer.text()).toBe(200)
  const { max_tokens, max_completion_tokens, thinking } = upstream.requests.at(-1)?.body ?? {}
  return JSON.parse(
    JSON.stringify({ max_tokens, max_completion_tokens, thinking, notes: answer.headers.get('x-dragoman-notes') ?? undefined }),
  )
}

describe('an output limit beyond what the model writes is lowered, and the client told', () => {
  test('to Qwen, which knows one name for it', async () => {
    const lowered = (field: string) => ({ max_tokens: 65_536, notes: `approximated:${field}` })
    expect(await sent(gpt, CHAT, 'coder-model', { max_tokens: 100_000 })).toEqual(lowered('max_tokens'))
    expect(await sent(gpt, CHAT, 'coder-model', { max_completion_tokens: 100_000 })).toEqual(lowered('max_completion_tokens'))
    expect(await sent(gpt, MESSAGES, 'coder-model', { max_tokens: 100_000 })).toEqual(lowered('max_tokens'))
    expect(await sent(gpt, CHAT, 'coder-model', { max_tokens: 65_536 })).toEqual({ max_tokens: 65_536 })
  })

  test('elsewhere where the config says so', async () => {
    const thinking = { type: 'enabled', budget_tokens: 6000 }
    expect(await sent(claude, MESSAGES, ANTHROPIC.model, { max_tokens: 8000, thinking })).toEqual({
      max_tokens: 5000,
      thinking: { type: 'enabled', budget_tokens: 4999 },
      notes: 'approximated:max_tokens, approximated:thinking.budget_tokens',
    })
    expect(await sent(claude, CHAT, ANTHROPIC.model, { max_completion_tokens: 8000 })).toEqual({
      max_tokens: 5000,
      notes: 'approximated:max_completion_tokens',
    })
    expect(await sent(claude, CHAT, ANTHROPIC.model, {})).toEqual({ max_tokens: 5000 })
    expect(await sent(gpt, CHAT, 'gpt-4o', { max_tokens: 100_000 })).toEqual({ max_tokens: 100_000 })
  })
})
