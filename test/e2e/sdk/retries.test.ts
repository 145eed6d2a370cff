import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { Answer } from '../../simulators/answer.ts'
import { CLIENT_KEY } from '../support/gateway.ts'
import { failureOf, MODEL, PAIRS, type Stage, startStage, type Vendor } from './stage.ts'

/** What an upstream answers for ever, and how often the SDK, which would try three times, asks the gateway and that the upstream. */
interface Case {
  name: string
  answer: Answer
  sdk: number
  upstream: number
}

const CASES: readonly Case[] = [
  { name: 'a fault that was tried again already', answer: { status: 500 }, sdk: 1, upstream: 2 },
  { name: 'an overload', answer: { status: 529 }, sdk: 1, upstream: 2 },
  { name: 'a wrong request', answer: { status: 400 }, sdk: 1, upstream: 1 },
  { name: 'a conflict', answer: { status: 409 }, sdk: 1, upstream: 2 },
  {
    name: 'a quota that is used up',
    answer: { status: 429, message: 'You exceeded your current quota' },
    sdk: 1,
    upstream: 1,
  },
  { name: 'our own credentials', answer: { status: 401 }, sdk: 1, upstream: 1 },
]

let stage: Stage
let asked = 0

const providerName = (client: Vendor, upstream: Vendor, index: number | string): string => `${client}-${upstream}-${index}`

beforeAll(async () => {
  stage = await startStage(upstream => {
    const names = PAIRS.flatMap(pair =>
      [...CASES.keys(), 'pace'].map(index => ({ name: providerName(pair.client, pair.upstream, index), vendor: pair.upstream })),
    )
    return {
      providers: names.map(({ name, vendor }) => ({
        name,
        provider_type: vendor,
        base_url: upstream[vendor].url,
        api_key: upstream[vendor].key,
        models: [`only-${name}`],
      })),
      models: Object.fromEntries(names.map(({ name, vendor }) => [name, { targets: [{ provider: name, model: MODEL[vendor] }] }])),
    }
  })
})
afterAll(() => stage.stop())

const counting = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
  asked++
  return fetch(input, init)
}

/** By an SDK as it comes: with two retries of its own. */
function ask(client: Vendor, model: string): PromiseLike<unknown> {
  const options = { apiKey: CLIENT_KEY, fetch: counting }
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  if (client === 'openai')
    return new OpenAI({ ...options, baseURL: `${stage.gateway.url}/v1` }).chat.completions.create({ model, messages })
  return new Anthropic({ ...options, baseURL: stage.gateway.url }).messages.create({ model, max_tokens: 20, messages })
}

describe.each(PAIRS.map(pair => [pair.client, pair.upstream] as const))('the %s SDK, %s upstream', (client, upstream) => {
  test.each(CASES.map((each, index) => [each.name, each, index] as const))(
    'does not ask again for %s',
    async (_, { answer, sdk, upstream: times }, index) => {
      const simulator = stage.upstream[upstream]
      simulator.script(...Array<Answer>(times).fill(answer))
      const before = simulator.requests.length
      asked = 0
      const failure = (await failureOf(ask(client, providerName(client, upstream, index)))) as { requestID?: string }
      expect(failure).toBeInstanceOf(client === 'openai' ? OpenAI.APIError : Anthropic.APIError)
      expect(failure.requestID).toMatch(/^req_/)
      expect({ sdk: asked, upstream: simulator.requests.length - before }).toEqual({ sdk, upstream: times })
    },
  )

  test('waits as long as a rate limit lasts, and no longer', async () => {
    const simulator = stage.upstream[upstream]
    simulator.script({ status: 429, headers: { 'retry-after-ms': '1100' } })
    const before = simulator.requests.length
    asked = 0
    const started = performance.now()
    await ask(client, providerName(client, upstream, 'pace'))
    expect(performance.now() - started).toBeWithin(1050, 1900)
    expect({ sdk: asked, upstream: simulator.requests.length - before }).toEqual({ sdk: 2, upstream: 2 })
  })
})
