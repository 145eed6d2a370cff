import { expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { GatewayError } from '../../../src/core/errors.ts'
import { MessagesStreamEncoder } from '../../../src/dialects/anthropic/stream-encoder.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import { writeFrames } from '../../../src/sse/writer.ts'
import { testContext } from '../../support/codec-context.ts'
import { openaiRequest } from './context.ts'

/** What the vendor's own client makes of our stream. No network: its `fetch` is ours. */
async function finalMessage(...events: StreamEvent[]): Promise<Anthropic.Message> {
  const encoder = new MessagesStreamEncoder(openaiRequest({ origin: 'anthropic', model: 'asked' }), testContext())
  const sse = writeFrames(events.flatMap(event => encoder.push(event)))
  const respond = async () => new Response(sse, { headers: { 'content-type': 'text/event-stream' } })
  const client = new Anthropic({
    apiKey: 'k',
    baseURL: 'http://localhost',
    fetch: Object.assign(respond, { preconnect() {} }),
    maxRetries: 0,
  })
  return await client.messages.stream({ model: 'asked', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }).finalMessage()
}

const blocks: StreamEvent[] = [
  { type: 'response-start' },
  { type: 'block-start', index: 0, block: { type: 'reasoning' } },
  { type: 'block-delta', index: 0, text: 'Hm' },
  { type: 'block-end', index: 0, seal: { issuer: 'gemini', value: 's' } },
  { type: 'block-start', index: 1, block: { type: 'text' } },
  { type: 'block-delta', index: 1, text: 'Hello' },
  { type: 'block-end', index: 1 },
  { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'a', name: 'f' } },
  { type: 'block-delta', index: 2, text: '{"x":1}' },
  { type: 'block-end', index: 2 },
  { type: 'block-start', index: 3, block: { type: 'tool-call', id: 'b', name: 'g' } },
  { type: 'block-end', index: 3 },
]

test('takes a whole stream', async () => {
  const message = await finalMessage(
    ...blocks,
    { type: 'usage', usage: { inputTokens: 12, outputTokens: 5, cachedInputTokens: 2 } },
    { type: 'finish', finish: { reason: 'tool-calls' } },
    { type: 'response-end' },
  )
  expect(message.content).toMatchObject([
    { type: 'thinking', thinking: 'Hm', signature: expect.stringMatching(/^gw1\.gemini\./) },
    { type: 'text', text: 'Hello' },
    { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
    { type: 'tool_use', id: 'b', name: 'g', input: {} },
  ])
  expect(message).toMatchObject({
    model: 'asked',
    stop_reason: 'tool_use',
    usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 2 },
  })
})

test('throws on an error in mid-stream', async () => {
  const failed = finalMessage(...blocks.slice(0, 6), { type: 'error', error: new GatewayError('overloaded', 'busy') })
  await expect(failed).rejects.toThrow('busy')
})
