import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { CLIENT_KEY } from '../support/gateway.ts'
import { failureOf, MODEL, type Stage, startStage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage(upstream => ({
    models: { fast: 'gpt-4.1', 'team/house-model': { targets: [{ provider: 'openai', model: 'gpt-4.1' }] } },
    providers: [
      {
        name: 'listed',
        provider_type: 'openai',
        base_url: upstream.openai.url,
        api_key: upstream.openai.key,
        models: ['gpt-4o', 'gpt-4o-mini'],
      },
    ],
  }))
})
afterAll(() => stage.stop())

describe('the list of models', () => {
  test('in the OpenAI SDK', async () => {
    const names: string[] = []
    for await (const model of stage.openai.models.list()) {
      expect(model).toMatchObject({ object: 'model', created: expect.any(Number), owned_by: expect.any(String) })
      names.push(model.id)
    }
    expect(names).toEqual(expect.arrayContaining(['fast', 'team/house-model', 'gpt-4o', 'gpt-4o-mini', 'o3']))
    expect(names.some(name => name.includes('*'))).toBe(false)
  })

  test('in the Anthropic SDK, page by page, with names that its tools will show', async () => {
    const names: string[] = []
    for await (const model of stage.anthropic.models.list({ limit: 2 })) {
      expect(model).toMatchObject({ type: 'model', display_name: expect.any(String) })
      expect(new Date(model.created_at).getTime()).toBeGreaterThan(0)
      names.push(model.id)
    }
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(['gpt-4o', 'claude-via-gpt-4o', 'claude-via-fast']))
  })

  test('one model in each SDK, slashes and all', async () => {
    expect(await stage.openai.models.retrieve('gpt-4o')).toMatchObject({ id: 'gpt-4o', object: 'model', owned_by: 'listed' })
    expect(await stage.openai.models.retrieve('team/house-model')).toMatchObject({ id: 'team/house-model' })
    expect(await stage.anthropic.models.retrieve('gpt-4o')).toMatchObject({ id: 'gpt-4o', type: 'model' })
    expect(await stage.anthropic.models.retrieve('claude-via-gpt-4o')).toMatchObject({ id: 'claude-via-gpt-4o' })
  })

  test('a name that is not there', async () => {
    expect(await failureOf(stage.openai.models.retrieve('gpt-4p'))).toMatchObject({ status: 404, code: 'model_not_found' })
    expect(await failureOf(stage.anthropic.models.retrieve('gpt-4p'))).toMatchObject({ status: 404, type: 'not_found_error' })
  })

  test('a listed alias answers', async () => {
    const answer = await stage.anthropic.messages.create({
      model: 'claude-via-gpt-4o',
      max_tokens: 50,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    expect(answer).toMatchObject({ model: 'claude-via-gpt-4o', content: [{ type: 'text', text: 'You said: Hi' }] })
    expect(stage.received('openai').body?.model).toBe('gpt-4o')
  })
})

describe('count_tokens', () => {
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'How long is this?' }]

  test("is the vendor's own count where the vendor counts", async () => {
    const before = stage.upstream.anthropic.requests.length
    const { input_tokens } = await stage.anthropic.messages.countTokens({ model: MODEL.anthropic, messages })
    expect(input_tokens).toBeGreaterThan(0)
    expect(stage.upstream.anthropic.requests.length).toBe(before + 1)
    expect(stage.received('anthropic')).toMatchObject({ path: '/v1/messages/count_tokens', body: { model: MODEL.anthropic, messages } })
  })

  test('is an estimate that says so elsewhere, tools counted and pictures not by their length', async () => {
    const count = async (content: Anthropic.MessageParam['content'], tools?: Anthropic.ToolUnion[]): Promise<number> => {
      const { data, response } = await stage.anthropic.messages
        .countTokens({ model: MODEL.openai, messages: [{ role: 'user', content }], ...(tools && { tools }) })
        .withResponse()
      expect(response.headers.get('x-dragoman-notes')).toBe('usage:estimated')
      return data.input_tokens
    }
    const short = await count('Hi')
    const long = await count('Hi '.repeat(1000))
    expect(long).toBeGreaterThan(short + 500)
    const tool: Anthropic.Tool = { name: 'look', description: 'Looks '.repeat(100), input_schema: { type: 'object' } }
    expect(await count('Hi', [tool])).toBeGreaterThan(short + 100)
    const data = 'A'.repeat(400_000)
    const picture = await count([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }])
    expect(picture).toBeLessThan(5000)
    expect(picture).toBeGreaterThan(50)
  })

  test('under each prefix, and for the beta resource', async () => {
    for (const prefix of ['/anthropic', '/api/anthropic']) {
      const client = new Anthropic({ apiKey: CLIENT_KEY, baseURL: `${stage.gateway.url}${prefix}`, maxRetries: 0 })
      expect(
        (await client.beta.messages.countTokens({ model: MODEL.anthropic, messages: [{ role: 'user', content: 'Hi' }] })).input_tokens,
      ).toBeGreaterThan(0)
    }
  })

  test('of a model that is not there', async () => {
    const failure = await failureOf(stage.anthropic.messages.countTokens({ model: 'no-such-model', messages }))
    expect(failure).toMatchObject({ status: 404, type: 'not_found_error' })
  })
})
