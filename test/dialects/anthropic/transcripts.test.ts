import { expect, test } from 'bun:test'
import { anthropic } from '../../../src/dialects/anthropic/index.ts'
import { MessagesPassThrough } from '../../../src/dialects/anthropic/pass-through.ts'
import { MessagesStreamDecoder } from '../../../src/dialects/anthropic/stream-decoder.ts'
import { MessagesStreamEncoder } from '../../../src/dialects/anthropic/stream-encoder.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import { createLifecycle } from '../../../src/ir/lifecycle.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import type { SseFrame } from '../../../src/sse/frame.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { writeFrames } from '../../../src/sse/writer.ts'
import { checkMessagesBody, checkMessagesStream } from '../../checkers/messages.ts'
import { testContext } from '../../support/codec-context.ts'
import { asSse, describeRecordings, listRecordings, readBody, readChunks } from '../../support/recordings.ts'
import { openaiRequest } from './context.ts'

function decode(frames: readonly SseFrame[]): StreamEvent[] {
  const decoder = new MessagesStreamDecoder(testContext())
  const lifecycle = createLifecycle()
  const events = [...frames.flatMap(frame => decoder.push(frame)), ...decoder.end()]
  return [...events.flatMap(event => lifecycle.push(event)), ...lifecycle.end()]
}

function translate(events: readonly StreamEvent[]): string {
  const encoder = new MessagesStreamEncoder(openaiRequest({ origin: 'anthropic', model: 'my-claude' }), testContext())
  return writeFrames(events.flatMap(event => encoder.push(event)))
}

function passThrough(sse: string): string {
  const pass = new MessagesPassThrough({ stripUsage: false, repair: true }, testContext())
  let text = ''
  for (const frame of parseFrames(sse)) {
    const mended = pass.frame(frame)
    text += mended === undefined ? frame.raw : writeFrames(mended)
  }
  return text
}

const BROKEN = new Set(['duplicate-message-start', 'spliced-message-start'])
/** Some transcripts hold the streams of several requests; one upstream's answer is what comes up to the first end. */
const firstAnswer = (lines: string[]): string[] => lines.slice(0, lines.findIndex(line => line.includes('"type":"message_stop"')) + 1)

describeRecordings('recorded Anthropic streams', () => {
  for (const { name, path } of listRecordings({ suffix: '.chunks.txt', format: 'anthropic' })) {
    const lines = readChunks(path)
    const sse = asSse(lines, 'anthropic')
    const first = asSse(firstAnswer(lines), 'anthropic')

    test(`${name}: decodes and encodes to the same answer`, () => {
      const answer = checkMessagesStream(translate(decode(parseFrames(sse))))
      expect(answer.model).toBe('my-claude')
      if (BROKEN.has(name)) return
      const original = checkMessagesStream(first)
      expect(answer.text).toBe(original.text)
      expect(answer.reasoning).toBe(original.reasoning)
      expect(answer.signatures).toEqual(original.signatures)
      expect(answer.toolCalls).toEqual(original.toolCalls.map(call => ({ ...call, arguments: call.arguments || '{}' })))
      expect(answer.blocks.map(block => block.type)).toEqual(original.blocks.map(block => block.type))
      expect(answer.finish).toBe(original.finish)
      for (const field of ['input_tokens', 'output_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens']) {
        expect(answer.usage[field]).toBe(original.usage[field] ?? 0)
      }
    })

    test(`${name}: passes through byte for byte, or mended to a legal stream`, () => {
      const passed = passThrough(sse)
      if (!BROKEN.has(name)) expect(passed).toBe(first)
      checkMessagesStream(passed)
    })

    test(`${name}: cut at every frame it ends in an error`, () => {
      const frames = parseFrames(first)
      for (let end = 0; end < frames.length; end += Math.ceil(frames.length / 25)) {
        const events = decode(frames.slice(0, end))
        expect(events.at(-1)?.type).toBe('error')
        expect(events.filter(event => event.type === 'error')).toHaveLength(1)
        expect(checkMessagesStream(end === 0 ? startAnd(events) : translate(events)).error?.type).toBe('api_error')
      }
    })

    test(`${name}: an unknown event anywhere changes nothing`, () => {
      const frames = parseFrames(sse)
      const unknown: SseFrame = { event: 'novelty', data: '{"type":"novelty","index":0}' }
      const strewn = frames.flatMap(frame => [unknown, frame])
      expect(decode(strewn)).toEqual(decode(frames))
    })
  }

  for (const { name, path } of listRecordings({ suffix: '.json', format: 'anthropic' })) {
    test(`${name}.json: decodes and encodes to the same body`, () => {
      const body = readBody(path) as Parameters<NonNullable<typeof anthropic.upstream>['decodeResponse']>[0]
      const original = checkMessagesBody(body)
      const response = anthropic.upstream?.decodeResponse(body, testContext())
      if (!response) throw new Error('no upstream codec')
      const encoded = anthropic.client?.encodeResponse(response, openaiRequest({ model: original.model }), testContext())
      const answer = checkMessagesBody(encoded)
      const withoutEmptyCitations = original.blocks.map(block =>
        JSON.stringify(block.citations) === '[]' ? { ...block, citations: undefined } : block,
      )
      expect(answer.blocks).toEqual(withoutEmptyCitations)
      expect(answer.finish).toBe(original.finish)
      expect(answer.usage).toMatchObject(original.usage)
    })
  }

  test('the two broken starts lose nothing of the real answer', () => {
    const answerOf = (name: string) => {
      const [recording] = listRecordings({ suffix: '.chunks.txt', format: 'anthropic' }).filter(entry => entry.name === name)
      const sse = asSse(readChunks(recording?.path ?? ''), 'anthropic')
      return [checkMessagesStream(translate(decode(parseFrames(sse)))), checkMessagesStream(passThrough(sse))]
    }
    for (const answer of answerOf('duplicate-message-start')) {
      expect(answer).toMatchObject({ id: 'msg_dup', text: 'Hello, World!', finish: 'end_turn' })
    }
    for (const answer of answerOf('spliced-message-start')) {
      expect(answer.reasoning).toBe('I will call the tool.Let me call the tool.')
      expect(answer.toolCalls[1]).toEqual({ id: 'toolu_second', name: 'test-tool', arguments: '{"value":"Sparkle Day"}' })
      const abandoned = JSON.parse(answer.toolCalls[0]?.arguments ?? '')
      expect(abandoned).toEqual({ value: null, _invalid_json: '{"value":"Spark' })
      expect(answer.usage.output_tokens).toBe(65)
    }
  })

  test('what is folded of a stream is what a whole body would have said', () => {
    for (const name of ['anthropic-clear-thinking.1', 'anthropic-json-tool.1', 'anthropic-refusal']) {
      const [recording] = listRecordings({ suffix: '.chunks.txt', format: 'anthropic' }).filter(entry => entry.name === name)
      const sse = asSse(readChunks(recording?.path ?? ''), 'anthropic')
      const folded = foldEvents(decode(parseFrames(sse)))
      const answer = checkMessagesBody(anthropic.client?.encodeResponse(folded, openaiRequest(), testContext()))
      const streamed = checkMessagesStream(sse)
      expect([answer.text, answer.reasoning, answer.finish]).toEqual([streamed.text, streamed.reasoning, streamed.finish])
    }
  })
})

/** A stream that failed before it began is answered with a status; within a stream the lifecycle puts a start in front. */
const startAnd = (events: readonly StreamEvent[]): string => translate([{ type: 'response-start' }, ...events])
