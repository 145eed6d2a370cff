import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../src/core/json.ts'
import { readSse } from '../checkers/sse.ts'
import { type Read, readBody, readStream } from '../golden/client-reading.ts'
import {
  bytesOf,
  clientCodec,
  clientRequest,
  cutAt,
  FORMATS,
  type Format,
  goldenContext,
  passThrough,
  relayed,
  slices,
  translation,
  upstreamCodec,
} from '../golden/relays.ts'
import { answer, chatBody, chatStream, expected, type GivenAnswer, messagesBody, messagesStream, type Whims, whims } from './answer.ts'
import { holds, PATIENCE } from './runs.ts'

const STREAM: Record<Format, (given: GivenAnswer, whims: Whims) => string> = { 'openai-chat': chatStream, anthropic: messagesStream }
const BODY = { 'openai-chat': chatBody, anthropic: messagesBody }

/** The parts of a reading that every dialect has. */
const common = ({ text, reasoning, toolCalls, finish, tokens, error }: Read): object => ({
  text,
  reasoning,
  toolCalls,
  finish,
  tokens,
  error,
})

/** What a client of `client` reads when the answer comes as one body. */
function whole(upstream: Format, client: Format, given: GivenAnswer): Read {
  const context = goldenContext()
  const response = upstreamCodec(upstream).decodeResponse(BODY[upstream](given) as JsonObject, context)
  const body = clientCodec(client).encodeResponse(response, clientRequest(client), context)
  return readBody(client, JSON.parse(JSON.stringify(body)))
}

for (const upstream of FORMATS) {
  describe(`any legal stream of ${upstream}`, () => {
    for (const client of FORMATS) {
      test(
        `is a legal stream for a client of ${client}, and says what the whole answer says`,
        () => {
          holds(
            fc.property(answer, whims, fc.integer({ min: 1, max: 200 }), (given, how, size) => {
              const sse = bytesOf(STREAM[upstream](given, how))
              const told = common(readStream(client, relayed(translation(upstream, client), slices(sse, size))))
              expect(told).toEqual({ ...expected(given), error: undefined })
              expect(common(whole(upstream, client, given))).toEqual(told)
            }),
            150,
          )
        },
        PATIENCE,
      )
    }

    test(
      'is the same however its bytes are cut',
      () => {
        holds(
          fc.property(answer, whims, fc.nat(), fc.integer({ min: 1, max: 64 }), (given, how, at, size) => {
            const sse = bytesOf(STREAM[upstream](given, how))
            for (const relay of [...FORMATS.map(client => () => translation(upstream, client)), () => passThrough(upstream)]) {
              const once = relayed(relay(), [sse])
              expect(relayed(relay(), cutAt(sse, at % sse.length))).toBe(once)
              expect(relayed(relay(), slices(sse, size))).toBe(once)
            }
          }),
          80,
        )
      },
      PATIENCE,
    )

    test(
      'is passed through byte for byte, up to what a server of this dialect would not have written',
      () => {
        holds(
          fc.property(answer, whims, (given, how) => {
            const output = relayed(passThrough(upstream), [bytesOf(STREAM[upstream](given, how))])
            // What is mended is legal, and what is passed reads the same again.
            expect(relayed(passThrough(upstream), [bytesOf(output)])).toBe(output)
            expect(common(readStream(upstream, relayed(translation(upstream, upstream), [bytesOf(output)])))).toMatchObject(expected(given))
          }),
          80,
        )
      },
      PATIENCE,
    )

    test(
      'ends legally wherever it breaks off, and nobody makes up its end',
      () => {
        holds(
          fc.property(answer, whims, fc.nat(), (given, how, at) => {
            const sse = bytesOf(STREAM[upstream](given, how))
            const end = at % sse.length
            for (const client of FORMATS) {
              const told = readStream(client, relayed(translation(upstream, client), [sse.subarray(0, end)]))
              expect(expected(given).text.startsWith(told.text)).toBe(true)
              expect(expected(given).reasoning.startsWith(told.reasoning)).toBe(true)
              if (told.error === undefined) expect(told.finish).toBe(given.finish)
            }
          }),
          120,
        )
      },
      PATIENCE,
    )
  })
}

/** Frames of answers to one request for several, in any order of theirs. */
function together(answers: readonly GivenAnswer[], order: Whims): string {
  const queues = answers.map((given, index) =>
    chatStream(given, [2, 2, 2, 2])
      .split('\n\n')
      .filter(frame => frame.startsWith('data: {"id"') && !frame.includes('"choices":[]'))
      .map(frame => frame.replace('"choices":[{"index":0', `"choices":[{"index":${index}`)),
  )
  const frames: string[] = []
  for (let turn = 0, left = queues; left.length > 0; turn++, left = left.filter(queue => queue.length > 0)) {
    const next = left[(order[turn % order.length] ?? 0) % left.length]?.shift()
    if (next !== undefined) frames.push(`${next}\n\n`)
  }
  return `${frames.join('')}data: [DONE]\n\n`
}

test(
  'several choices keep apart, however they are mixed',
  () => {
    holds(
      fc.property(fc.array(answer, { minLength: 2, maxLength: 3 }), whims, (answers, order) => {
        const output = relayed(translation('openai-chat', 'openai-chat'), [bytesOf(together(answers, order))])
        const { toolCalls: _, ...first } = expected(answers[0] as GivenAnswer)
        expect(readStream('openai-chat', output)).toMatchObject({ text: first.text, reasoning: first.reasoning, finish: first.finish })
        for (const [index, given] of answers.entries()) {
          const text = readSse(output)
            .frames.filter(({ data }) => data?.startsWith('{'))
            .flatMap(({ data }) => (JSON.parse(String(data)) as { choices: { index: number; delta: { content?: string } }[] }).choices)
            .flatMap(choice => (choice.index === index ? [choice.delta.content ?? ''] : []))
            .join('')
          expect(text).toBe(expected(given).text)
        }
      }),
      80,
    )
  },
  PATIENCE,
)
