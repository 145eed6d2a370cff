import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { CLIENT_KEY } from '../support/gateway.ts'
import { anthropicParams } from './ask-anthropic.ts'
import { openAiParams } from './ask-openai.ts'
import { asking } from './question.ts'
import { ask, failureOf, MODEL, PAIRS, type Stage, startStage, type Vendor } from './stage.ts'

let stage: Stage
/** Clients that read for themselves only: the stage's own keep a copy of what they get, which holds on to the connection. */
let openai: OpenAI
let anthropic: Anthropic

beforeAll(async () => {
  stage = await startStage()
  openai = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${stage.gateway.url}/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: CLIENT_KEY, baseURL: stage.gateway.url, maxRetries: 0 })
})
afterAll(() => stage.stop())

/** Streams until the first piece of text, then leaves in one of the ways there are. */
async function leaveStream(client: Vendor, model: string, leave: 'abort' | 'break'): Promise<void> {
  const controller = new AbortController()
  const options = { signal: controller.signal }
  const question = asking(model, 'Hi')
  const stream: AsyncIterable<unknown> =
    client === 'openai'
      ? await openai.chat.completions.create({ ...openAiParams(question), stream: true }, options)
      : await anthropic.messages.create({ ...anthropicParams(question), stream: true }, options)
  for await (const piece of stream) {
    if (!JSON.stringify(piece).includes('first')) continue
    if (leave === 'break') break
    controller.abort()
  }
}

for (const { client, upstream } of PAIRS) {
  describe(`${client} SDK, ${upstream} upstream`, () => {
    for (const leave of ['abort', 'break'] as const) {
      test(`a client that leaves its stream (${leave}) leaves the upstream's too`, async () => {
        const count = stage.upstream[upstream].requests.length
        stage.upstream[upstream].script({ text: ['first', 'second', 'third'], stallAfter: 5 })
        await leaveStream(client, MODEL[upstream], leave)
        const [request] = (await stage.upstream[upstream].received(count + 1)).slice(count)
        await request?.closed
        expect(request?.aborted).toBe(true)
      })
    }

    test('a client that leaves before the answer begins', async () => {
      const count = stage.upstream[upstream].requests.length
      stage.upstream[upstream].script({ hangConnection: true })
      const controller = new AbortController()
      const question = asking(MODEL[upstream], 'Hi')
      const call =
        client === 'openai'
          ? openai.chat.completions.create(openAiParams(question), { signal: controller.signal })
          : anthropic.messages.create(anthropicParams(question), { signal: controller.signal })
      const failure = failureOf(call)
      const [request] = (await stage.upstream[upstream].received(count + 1)).slice(count)
      controller.abort()
      expect(await failure).toBeInstanceOf(client === 'openai' ? OpenAI.APIUserAbortError : Anthropic.APIUserAbortError)
      await request?.closed
      expect(request?.aborted).toBe(true)
    })

    test('and the next request is served as ever', async () => {
      expect((await ask(stage, client, asking(MODEL[upstream], 'Still there?'), 'helper')).text).toBe('You said: Still there?')
    })
  })
}
