import { expect, test } from 'bun:test'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'
import { reversedCodec } from '../../src/operations/reversed-codec.ts'
import { testContext } from '../support/codec-context.ts'
import { readByPattern } from '../support/pattern.ts'

const frame = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const CALL = { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'short', arguments: '{}' } }] }

test('an answer is in the client’s terms again, and its words still go by the pattern', () => {
  const { upstream } = openaiChat
  if (!upstream) throw new Error('no upstream codec')
  const { body, reversal } = upstream.encodeRequest(
    {
      origin: 'anthropic',
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      tools: [{ type: 'function', name: 'a.very/odd:name', parameters: { type: 'object', properties: {} } }],
    } as never,
    { model: 'gpt-4.1', traits: {} } as never,
    testContext(),
  )
  const sent = (body.tools as { function: { name: string } }[])[0]?.function.name ?? ''
  expect(sent).toMatch(/^[\w-]{1,64}$/)
  const sse = `${['a', 'b', 'c'].map(content => frame({ content })).join('')}${frame(CALL).replace('"short"', JSON.stringify(sent))}${frame({}, 'tool_calls')}data: [DONE]\n\n`
  const { events, byPattern } = readByPattern(sse, reversedCodec(upstream, reversal).streamDecoder(testContext()))
  expect(byPattern).toBe(2)
  const started = events.flatMap(event => (event.type === 'block-start' && event.block.type === 'tool-call' ? [event.block.name] : []))
  expect(started).toEqual(['a.very/odd:name'])
})
