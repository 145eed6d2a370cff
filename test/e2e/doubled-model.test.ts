import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startOpenAi } from '../simulators/openai.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from './support/gateway.ts'

let upstream: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  upstream = await startOpenAi()
  const provider = { name: 'up', provider_type: 'openai', base_url: upstream.url, api_key: upstream.key, models: ['gpt-4o'] }
  gateway = await startGateway({ config: { providers: [provider] } })
})
afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

const messages = '"messages":[{"role":"user","content":"hi"}]'

test.each([
  ['twice', `{"model":"gpt-4.1",${messages},"model":"gpt-4o"}`],
  ['twice, once in disguise', `{"mod\\u0065l":"gpt-4.1",${messages},"model":"gpt-4o"}`],
])('a model that is named %s is the checked one for every reader', async (_, body) => {
  const before = upstream.requests.length
  const headers = { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' }
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body })
  expect(answer.status).toBe(200)
  const sent = upstream.requests[before]?.bodyText ?? ''
  expect(sent).toContain('"gpt-4o"')
  expect(sent).not.toContain('gpt-4.1')
})
