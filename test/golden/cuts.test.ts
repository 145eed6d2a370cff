import { expect, test } from 'bun:test'
import { asSse, describeRecordings, listRecordings, readChunks } from '../support/recordings.ts'
import { readStream } from './client-reading.ts'
import { bytesOf, cutAt, FORMATS, type Format, passThrough, relayed, slices, translation } from './relays.ts'

/**
 * Streams up to this long are cut in two at every position; the work grows with the square of the length. `ALL_CUTS=1` does it with all of them,
 * which takes an hour.
 */
const SHORT = process.env.ALL_CUTS === '1' ? Number.POSITIVE_INFINITY : 2600
/** Streams up to this long are also fed byte by byte. */
const MIDDLE = 12_000

interface Way {
  name: string
  run(pieces: Iterable<Uint8Array>): string
}

const waysOf = (upstream: Format): Way[] => [
  ...FORMATS.map(client => ({
    name: `to ${client}`,
    run: (pieces: Iterable<Uint8Array>) => relayed(translation(upstream, client), pieces),
  })),
  { name: 'passed through', run: pieces => relayed(passThrough(upstream), pieces) },
]

/**
 * Every position of every stream is a cut between pieces of this size in one of as many runs: the work grows with the length alone. Less than a frame,
 * so that most frames are cut, and no divisor of anything.
 */
const COMB = 61

/** A piece of `first` bytes, then pieces of `size`. */
function* combed(bytes: Uint8Array, first: number, size: number): Generator<Uint8Array> {
  yield bytes.subarray(0, first)
  yield* slices(bytes.subarray(first), size)
}

/** Sizes of the pieces that a network might make of a long stream: never aligned with anything. */
const STRIDES = [7, 61, 1021, 4093]

for (const upstream of FORMATS) {
  describeRecordings(`recorded ${upstream} streams in pieces`, () => {
    const all = listRecordings({ suffix: '.chunks.txt', format: upstream }).map(({ provider, name, path }) => {
      const bytes = bytesOf(asSse(readChunks(path), upstream))
      return { title: `${provider}/${name}`, bytes }
    })

    test('some are short enough to be cut everywhere', () => {
      expect(all.filter(({ bytes }) => bytes.length <= SHORT).length).toBeGreaterThanOrEqual(4)
    })

    for (const { title, bytes } of all) {
      for (const { name, run } of waysOf(upstream)) {
        if (bytes.length <= SHORT) {
          test(`${title} ${name}: cut in two at any byte it is the same`, () => {
            const whole = run([bytes])
            const wrong: number[] = []
            for (let at = 1; at < bytes.length; at++) if (run(cutAt(bytes, at)) !== whole) wrong.push(at)
            expect(wrong).toEqual([])
          })
        }
        test(`${title} ${name}: whatever the byte between two pieces it is the same`, () => {
          const whole = run([bytes])
          const wrong: number[] = []
          for (let first = 1; first <= COMB; first++) if (run(combed(bytes, first, COMB)) !== whole) wrong.push(first)
          expect(wrong).toEqual([])
        })

        test(`${title} ${name}: in pieces of any size it is the same`, () => {
          const whole = run([bytes])
          const sizes = bytes.length <= MIDDLE ? [1, ...STRIDES] : STRIDES
          expect(sizes.filter(size => run(slices(bytes, size)) !== whole)).toEqual([])
        })
      }
    }
  })
}

/** Text whose characters are of two, three and four bytes, and pairs that JSON writes as two escapes. */
const WIDE = 'Grüße, 世界 🌍, \\ud83c\\udf0d and a\\u0000b'

const CHAT = (text: string): string =>
  [
    '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
    `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]}`,
    '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
  ]
    .map(line => `data: ${line}\n\n`)
    .join('')

const MESSAGES = (text: string): string =>
  asSse(
    [
      '{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}',
      '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
      `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}`,
      '{"type":"content_block_stop","index":0}',
      '{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}',
      '{"type":"message_stop"}',
    ],
    'anthropic',
  )

for (const upstream of FORMATS) {
  const sse = upstream === 'anthropic' ? MESSAGES(WIDE) : `${CHAT(WIDE)}data: [DONE]\n\n`
  for (const client of FORMATS) {
    for (const [name, ending] of [
      ['LF', '\n'],
      ['CRLF', '\r\n'],
      ['CR', '\r'],
    ] as const) {
      test(`wide characters and ${name} line ends from ${upstream} survive every cut on the way to ${client}`, () => {
        const bytes = bytesOf(sse.replaceAll('\n', ending))
        const whole = relayed(translation(upstream, client), [bytes])
        expect(readStream(client, whole).text).toBe(JSON.parse(`"${WIDE}"`))
        const wrong: number[] = []
        for (let at = 1; at < bytes.length; at++) if (relayed(translation(upstream, client), cutAt(bytes, at)) !== whole) wrong.push(at)
        expect(wrong).toEqual([])
      })
    }
  }
}
