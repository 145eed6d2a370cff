import { expect, test } from 'bun:test'
import { isObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts'
import { openPassThrough } from '../../../src/dialects/openai-chat/pass-through.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { writeFrames } from '../../../src/sse/writer.ts'
import { checkChatBody, checkChatStream } from '../../checkers/chat.ts'
import { testContext } from '../../support/codec-context.ts'
import { verdict } from '../../support/pattern.ts'
import { asSse, describeRecordings, listRecordings, readBody, readChunks } from '../../support/recordings.ts'
import { client, events, request, upstream } from './context.ts'

function translate(from: readonly StreamEvent[], includeUsage = true): string {
  const encoder = client.streamEncoder(request({ origin: 'openai-chat', includeUsage }), testContext())
  return writeFrames(from.flatMap(event => encoder.push(event)))
}

function passThrough(sse: string, shortcut: boolean, stripUsage = false): string {
  const pass = openPassThrough({ stripUsage, repair: true }, testContext(), shortcut)
  return parseFrames(sse)
    .map(frame => {
      const mended = verdict(pass, frame)
      return mended ? writeFrames(mended) : frame.raw
    })
    .join('')
}

/** Every text of one kind that the recorded lines hold, and their last usage: an independent reading of the transcript. */
function spoken(lines: readonly string[]): { text: string; reasoning: string; calls: string; usage?: JsonObject } {
  const chunks = lines.map(line => JSON.parse(line) as JsonObject)
  const deltas = chunks.flatMap(chunk => (chunk.choices as JsonObject[]).map(choice => choice.delta as JsonObject))
  const joined = (key: string) => deltas.map(delta => (typeof delta[key] === 'string' ? delta[key] : '')).join('')
  const pieces = deltas.flatMap(delta => (Array.isArray(delta.tool_calls) ? delta.tool_calls : []) as JsonObject[])
  const calls = pieces.map(piece => (piece.function as JsonObject).arguments ?? '').join('')
  return {
    text: joined('content'),
    reasoning: joined('reasoning_content'),
    calls,
    usage: chunks.map(chunk => chunk.usage).findLast(isObject),
  }
}

const chat = (suffix: '.chunks.txt' | '.json') => listRecordings({ suffix, format: 'openai-chat' })

describeRecordings('recorded chat streams', () => {
  for (const { provider, name, path } of chat('.chunks.txt')) {
    const lines = readChunks(path)
    const sse = asSse(lines, 'openai-chat')
    const said = spoken(lines)

    test(`${provider}/${name}: ends in a legal stream that says the same`, () => {
      const answer = checkChatStream(translate(events(sse)), { includeUsage: true, exactUsage: true })
      expect(answer.error).toBeUndefined()
      expect([answer.text, answer.reasoning, answer.model]).toEqual([said.text, said.reasoning, 'some-alias'])
      expect(answer.choices[0]?.toolCalls.map(call => call.arguments).join('')).toBe(said.calls)
      expect(answer.usage?.prompt_tokens).toBe(said.usage?.prompt_tokens as number)
    })

    test(`${provider}/${name}: without usage nothing speaks of it`, () => {
      checkChatStream(translate(events(sse), false), { includeUsage: false, exactUsage: true })
    })

    test(`${provider}/${name}: stream and body of the same events agree`, () => {
      const all = events(sse)
      const body = client.encodeResponse(foldEvents(all), request(), testContext())
      checkChatStream(translate(all), { includeUsage: true, body })
    })

    test(`${provider}/${name}: cut anywhere it ends in an error and no finish`, () => {
      const finish = lines.findIndex(line => /"finish_reason":"/.test(line))
      for (let end = 1; end <= finish; end += Math.ceil(finish / 25)) {
        const cut = asSse(lines.slice(0, end), 'openai-chat').replace('data: [DONE]\n\n', '')
        const all = events(cut)
        expect(all.at(-1)?.type).toBe('error')
        expect(checkChatStream(translate([{ type: 'response-start' }, ...all]), { includeUsage: true }).error?.type).toBe('api_error')
      }
    })

    test(`${provider}/${name}: the shortcut changes no byte of a pass-through`, () => {
      for (const stripUsage of [false, true]) expect(passThrough(sse, true, stripUsage)).toBe(passThrough(sse, false, stripUsage))
    })

    test(`${provider}/${name}: what passes through says the same when read again`, () => {
      const original = foldEvents(events(sse))
      expect(foldEvents(events(passThrough(sse, true)))).toEqual({ ...original })
    })
  }

  // Perplexity names another object at its end, Mistral no role; everything else here is legal.
  const mended = new Set(['perplexity-citations', 'mistral-incremental-tool-call'])
  for (const { name, path } of chat('.chunks.txt').filter(recording => !mended.has(recording.name))) {
    test(`${name}: passes through byte for byte`, () => {
      const sse = asSse(readChunks(path), 'openai-chat')
      expect(passThrough(sse, true)).toBe(sse)
    })
  }

  for (const { provider, name, path } of chat('.json')) {
    test(`${provider}/${name}.json: decodes and encodes to the same answer`, () => {
      const body = readBody(path) as JsonValue
      if (isObject(body) && body.error) {
        const error = upstream.decodeError(400, new Headers(), JSON.stringify(body))
        expect(error).toMatchObject({ kind: 'invalid-request', param: 'max_tokens', code: 'unsupported_parameter' })
        return
      }
      const original = body as JsonObject
      const response = upstream.decodeResponse(body, testContext())
      const answer = checkChatBody(client.encodeResponse(response, request(), testContext()))
      const message = ((original.choices as JsonObject[])[0] as JsonObject).message as JsonObject
      expect(answer.text).toBe((message.content as string | undefined) ?? '')
      expect(answer.reasoning).toBe((message.reasoning_content as string | undefined) ?? '')
      expect(answer.usage?.prompt_tokens).toBe((original.usage as JsonObject).prompt_tokens as number)
    })

    test(`${provider}/${name}.json: passes through byte for byte`, () => {
      const body = JSON.stringify(readBody(path))
      const pass = openPassThrough({ stripUsage: false, repair: true }, testContext())
      expect(pass.body(body)).toBe(body)
    })
  }

  test('xAI counts reasoning beside the completion', () => {
    const [recording] = chat('.chunks.txt').filter(({ name }) => name === 'xai-tool-call')
    const usage = foldEvents(events(asSse(readChunks(recording?.path ?? ''), 'openai-chat'))).usage
    expect(usage).toMatchObject({ inputTokens: 291, outputTokens: 26 + 196, cachedInputTokens: 290, reasoningTokens: 196 })
  })

  test("Perplexity's sources become citations of the text", () => {
    const [recording] = chat('.chunks.txt').filter(({ name }) => name === 'perplexity-citations')
    const [choice] = foldEvents(events(asSse(readChunks(recording?.path ?? ''), 'openai-chat'))).choices
    const [part] = choice?.content ?? []
    expect(part?.type === 'text' && part.annotations?.map(annotation => annotation.url)).toContain(
      'https://en.wikipedia.org/wiki/San_Francisco',
    )
    expect(part?.type === 'text' && part.annotations).toHaveLength(7)
  })
})
