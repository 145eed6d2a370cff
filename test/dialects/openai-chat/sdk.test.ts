import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { GatewayError } from '../../../src/core/errors.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import { writeFrames } from '../../../src/sse/writer.ts'
import { testContext } from '../../support/codec-context.ts'
import { client, decoded } from './context.ts'

const body = { model: 'some-alias', messages: [{ role: 'user' as const, content: 'Hi' }] }

const answer: StreamEvent[] = [
  { type: 'response-start' },
  { type: 'block-start', index: 0, block: { type: 'reasoning' } },
  { type: 'block-delta', index: 0, text: 'hm' },
  { type: 'block-end', index: 0, seal: { issuer: 'anthropic', value: 'sig' } },
  { type: 'block-start', index: 1, block: { type: 'text' } },
  { type: 'block-delta', index: 1, text: 'One ' },
  { type: 'block-delta', index: 1, text: 'two' },
  { type: 'block-end', index: 1 },
  { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'c1', name: 'f' } },
  { type: 'block-delta', index: 2, text: '{"a":' },
  { type: 'block-delta', index: 2, text: '1}' },
  { type: 'block-end', index: 2, seal: { issuer: 'gemini', value: 'thought' } },
  { type: 'block-start', index: 3, block: { type: 'tool-call', id: 'c2', name: 'g' } },
  { type: 'block-end', index: 3 },
  { type: 'usage', usage: { inputTokens: 10, outputTokens: 5, cachedInputTokens: 4, reasoningTokens: 2 } },
  { type: 'finish', finish: { reason: 'tool-calls' } },
  { type: 'response-end' },
]

function sdk(events: readonly StreamEvent[]): OpenAI {
  const encoder = client.streamEncoder(decoded({ stream: true, stream_options: { include_usage: true } }), testContext())
  const sse = events.map(event => writeFrames(encoder.push(event))).join(client.heartbeat)
  const headers = { 'content-type': 'text/event-stream' }
  return new OpenAI({ apiKey: 'x', baseURL: 'http://gateway.invalid/v1', maxRetries: 0, fetch: async () => new Response(sse, { headers }) })
}

describe("OpenAI's SDK", () => {
  test('reads a stream to the same message as a body', async () => {
    const streamed = await sdk(answer).chat.completions.stream(body).finalChatCompletion()
    const whole = client.encodeResponse(foldEvents(answer), decoded({}), testContext()) as unknown as OpenAI.ChatCompletion
    expect(streamed.usage).toEqual(whole.usage)
    expect(streamed.choices[0]?.finish_reason).toBe('tool_calls')
    const message = streamed.choices[0]?.message
    expect(message?.content).toBe('One two')
    expect(message?.tool_calls?.map(call => ('function' in call ? [call.id, call.function.name, call.function.arguments] : []))).toEqual([
      ['c1', 'f', '{"a":1}'],
      ['c2', 'g', '{}'],
    ])
    expect(message?.tool_calls?.[0]).toHaveProperty('extra_content.google.thought_signature', 'thought')
    expect(message).toHaveProperty('reasoning_details')
    const back = decoded({ messages: [{ role: 'user', content: 'Hi' }, JSON.parse(JSON.stringify(message))] }).messages[1]?.content
    expect(back).toMatchObject([
      { type: 'reasoning', text: 'hm', seal: { issuer: 'anthropic', value: 'sig' } },
      { type: 'text', text: 'One two' },
      { type: 'tool-call', id: 'c1', seal: { issuer: 'gemini', value: 'thought' } },
      { type: 'tool-call', id: 'c2' },
    ])
  })

  test('throws on an error within a stream', async () => {
    const events: StreamEvent[] = [...answer.slice(0, 8), { type: 'error', error: new GatewayError('overloaded', 'too much') }]
    const failed = sdk(events).chat.completions.stream(body).finalChatCompletion()
    await expect(failed).rejects.toMatchObject({
      type: 'service_unavailable',
      code: 'overloaded',
      message: expect.stringContaining('too much'),
    })
  })

  test('throws on a stream that was cut', async () => {
    await expect(sdk(answer.slice(0, 8)).chat.completions.stream(body).finalChatCompletion()).rejects.toThrow('missing finish_reason')
  })
})
