import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/errors.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { BlockStart, StreamEvent } from '../../../src/ir/stream.ts'
import { writeFrames } from '../../../src/sse/writer.ts'
import { checkChatStream } from '../../checkers/chat.ts'
import { testContext } from '../../support/codec-context.ts'
import { client, decoded, request } from './context.ts'

const start: StreamEvent = { type: 'response-start' }
const end: StreamEvent = { type: 'response-end' }
const finish = (reason: 'stop' | 'tool-calls' | 'content-filter' | 'pause' = 'stop'): StreamEvent => ({
  type: 'finish',
  finish: { reason },
})
const block = (index: number, opened: BlockStart, ...texts: string[]): StreamEvent[] => [
  { type: 'block-start', index, block: opened },
  ...texts.map((text): StreamEvent => ({ type: 'block-delta', index, text })),
  { type: 'block-end', index },
]

function write(events: StreamEvent[], fields: Partial<GenerateRequest> = {}, context = testContext()): string {
  const encoder = client.streamEncoder(request({ origin: 'openai-chat', ...fields }), context)
  return writeFrames(events.flatMap(event => encoder.push(event)))
}

const payloads = (sse: string): JsonObject[] =>
  sse
    .split('\n\n')
    .filter(frame => frame.startsWith('data: {'))
    .map(frame => JSON.parse(frame.slice(6)) as JsonObject)

const deltas = (sse: string): unknown[] => payloads(sse).flatMap(chunk => (chunk.choices as JsonObject[]).map(choice => choice.delta))

describe('a stream', () => {
  test('to the letter, with and without usage', () => {
    const events = [
      start,
      ...block(0, { type: 'text' }, 'Hi "you"\n'),
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 2 } } as const,
      finish(),
      end,
    ]
    const head = '"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"some-alias"'
    const line = (delta: string, reason = 'null', tail = '') =>
      `data: {${head},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}]${tail}}\n\n`
    const lines = (tail: string) =>
      line('{"role":"assistant","content":""}', 'null', tail) +
      line('{"content":"Hi \\"you\\"\\n"}', 'null', tail) +
      line('{}', '"stop"', tail)
    expect(write(events)).toBe(`${lines('')}data: [DONE]\n\n`)
    const withUsage = write(events, { includeUsage: true })
    expect(withUsage).toStartWith(lines(',"usage":null'))
    expect(payloads(withUsage).at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 2,
        total_tokens: 5,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
      },
    })
    expect(withUsage).toEndWith('data: [DONE]\n\n')
  })

  test('counts tool calls from 0 over tool calls only', () => {
    const sse = write([
      start,
      ...block(0, { type: 'reasoning' }, 'hm'),
      ...block(1, { type: 'text' }, 'a'),
      ...block(2, { type: 'tool-call', id: 'x', name: 'f' }, '{"a"', ':1}'),
      ...block(3, { type: 'tool-call', id: 'y', name: 'g' }),
      ...block(4, { type: 'tool-call', id: 'z', name: 'p', kind: 'custom' }, 'free'),
      finish('tool-calls'),
      end,
    ])
    const answer = checkChatStream(sse, { includeUsage: false, tools: ['f', 'g', 'p'], exactUsage: true })
    expect(answer).toMatchObject({ text: 'a', reasoning: 'hm', finish: 'tool_calls' })
    expect(answer.choices[0]?.toolCalls).toEqual([
      { id: 'x', name: 'f', arguments: '{"a":1}' },
      { id: 'y', name: 'g', arguments: '{}' },
      { id: 'z', name: 'p', arguments: 'free', kind: 'custom' },
    ])
  })

  test('hands seals out so that they can come back', () => {
    const sse = write([
      start,
      { type: 'block-start', index: 0, block: { type: 'reasoning' } },
      { type: 'block-delta', index: 0, text: 'hm' },
      { type: 'block-end', index: 0, seal: { issuer: 'anthropic', value: 'sig' } },
      { type: 'block-start', index: 1, block: { type: 'tool-call', id: 'x', name: 'f' } },
      { type: 'block-end', index: 1, seal: { issuer: 'gemini', value: 'thought' } },
      finish('tool-calls'),
      end,
    ])
    checkChatStream(sse, { includeUsage: false })
    const all = deltas(sse) as JsonObject[]
    const details = all.flatMap(delta => (delta.reasoning_details ?? []) as JsonObject[])
    const back = decoded({ messages: [{ role: 'assistant', reasoning_details: details }] }).messages[0]?.content
    expect(back).toMatchObject([{ type: 'reasoning', text: 'hm', seal: { issuer: 'anthropic', value: 'sig' } }])
    expect(JSON.stringify(all)).toContain('"extra_content":{"google":{"thought_signature":"thought"}}')
  })

  test('refusals by their own field, the vendor’s explanation where nothing was said', () => {
    expect(deltas(write([start, ...block(0, { type: 'refusal' }, 'No.'), finish(), end]))).toContainEqual({ refusal: 'No.' })
    const refused: StreamEvent = { type: 'finish', finish: { reason: 'content-filter', refusal: { explanation: 'Not that.' } } }
    const answer = checkChatStream(write([start, refused, end]), { includeUsage: false })
    expect(answer).toMatchObject({ refusal: 'Not that.', finish: 'content_filter' })
  })

  test('citations span their own text', () => {
    const annotation = { origin: 'anthropic', raw: {}, url: 'https://e.com', title: 'E' } as const
    const context = testContext()
    const sse = write(
      [
        start,
        ...block(0, { type: 'text' }, 'abc'),
        { type: 'block-start', index: 1, block: { type: 'text' } },
        { type: 'block-delta', index: 1, text: 'de' },
        { type: 'annotation', index: 1, annotation },
        { type: 'annotation', index: 1, annotation: { origin: 'anthropic', raw: {} } },
        { type: 'block-end', index: 1 },
        finish(),
        end,
      ],
      {},
      context,
    )
    expect(deltas(sse)).toContainEqual({
      annotations: [{ type: 'url_citation', url_citation: { url: 'https://e.com', title: 'E', start_index: 3, end_index: 5 } }],
    })
    expect(context.fields()).toEqual(['dropped:annotations'])
  })

  test('ends at an error, without finish and end marker', () => {
    const sse = write([start, ...block(0, { type: 'text' }, 'a'), { type: 'error', error: new GatewayError('overloaded', 'too much') }])
    const answer = checkChatStream(sse, { includeUsage: false })
    expect(answer).toMatchObject({
      text: 'a',
      error: { message: 'too much', type: 'service_unavailable', param: null, code: 'overloaded' },
    })
    expect(sse).not.toContain('[DONE]')
  })

  test('several choices, each with its own role', () => {
    const of = (choice: number | undefined, event: StreamEvent): StreamEvent => ({ ...event, choice }) as StreamEvent
    const sse = write(
      [
        start,
        ...block(0, { type: 'text' }, 'a').map(event => of(undefined, event)),
        ...block(0, { type: 'text' }, 'b').map(event => of(1, event)),
        finish(),
        of(1, finish()),
        end,
      ],
      { choices: 2 },
    )
    expect(checkChatStream(sse, { includeUsage: false }).choices.map(choice => choice.text)).toEqual(['a', 'b'])
  })

  test('what another vendor alone knows is noted, a pause too; unknown usage is zero and says so', () => {
    const context = testContext()
    const opaque: BlockStart = { type: 'opaque', origin: 'anthropic', value: { type: 'server_tool_use' } }
    const sse = write([start, ...block(0, opaque, '{}'), finish('pause'), end], { includeUsage: true }, context)
    expect(checkChatStream(sse, { includeUsage: true }).finish).toBe('stop')
    expect(context.fields()).toEqual(['dropped:content', 'approximated:finish_reason', 'approximated:usage'])
  })

  test('clients of the older functions read function_call', () => {
    const { tools } = decoded({ functions: [{ name: 'f' }] })
    const sse = write([start, ...block(0, { type: 'tool-call', id: 'x', name: 'f' }, '{"a":1}'), finish('tool-calls'), end], { tools })
    expect(deltas(sse)).toEqual([
      { role: 'assistant', content: '' },
      { function_call: { name: 'f', arguments: '' } },
      { function_call: { arguments: '{"a":1}' } },
      {},
    ])
    expect(sse).toContain('"finish_reason":"function_call"')
  })
})
