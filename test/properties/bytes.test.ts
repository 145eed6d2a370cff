import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readStream } from '../golden/client-reading.ts'
import { bytesOf, FORMATS, type Format, passThrough, relayed, slices, translation } from '../golden/relays.ts'
import { asSse, describeRecordings, listRecordings, readChunks } from '../support/recordings.ts'
import { answer, chatStream, messagesStream, whims } from './answer.ts'
import { holds, PATIENCE } from './runs.ts'

/** Something that goes wrong with bytes, at a place that is taken modulo their length. */
type Harm = { at: number } & ({ kind: 'cut'; length: number } | { kind: 'repeat'; length: number } | { kind: 'insert'; bytes: Uint8Array })

const place = fc.nat({ max: 1_000_000 })
const harm: fc.Arbitrary<Harm> = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: place, length: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: place, length: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant('insert' as const), at: place, bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }) }),
)

/** The same with frames: dropped, doubled, exchanged. */
interface FrameHarm {
  kind: 'drop' | 'double' | 'swap'
  at: number
  other: number
}

const frameHarm: fc.Arbitrary<FrameHarm> = fc.record({
  kind: fc.constantFrom('drop' as const, 'double' as const, 'swap' as const),
  at: place,
  other: place,
})

function harmed(bytes: Uint8Array, harms: readonly Harm[]): Uint8Array {
  let text = Buffer.from(bytes)
  for (const each of harms) {
    const at = text.length === 0 ? 0 : each.at % text.length
    const [before, after] = [text.subarray(0, at), text.subarray(at)]
    if (each.kind === 'cut') text = Buffer.concat([before, after.subarray(each.length)])
    else if (each.kind === 'repeat') text = Buffer.concat([before, after.subarray(0, each.length), after])
    else text = Buffer.concat([before, each.bytes, after])
  }
  return new Uint8Array(text)
}

function spliced(sse: string, harms: readonly FrameHarm[]): string {
  const frames = sse.split('\n\n').slice(0, -1)
  for (const { kind, at, other } of harms) {
    const [one, two] = [at % frames.length, other % frames.length]
    if (kind === 'drop') frames.splice(one, 1)
    else if (kind === 'double') frames.splice(two, 0, frames[one] ?? '')
    else [frames[one], frames[two]] = [frames[two] ?? '', frames[one] ?? '']
    if (frames.length === 0) break
  }
  return frames.map(frame => `${frame}\n\n`).join('')
}

/** Whatever comes, each client reads a legal stream, or an error of its dialect in one; passing it through throws nothing either. */
function survives(upstream: Format, bytes: Uint8Array, size: number): void {
  for (const client of FORMATS) {
    const output = relayed(translation(upstream, client), slices(bytes, size))
    readStream(client, output, { brokenArguments: true, strangers: true })
    // A frame makes a few of ours at most, and no text is multiplied.
    expect(output.length).toBeLessThan(20 * bytes.length + 4000)
  }
  relayed(passThrough(upstream), slices(bytes, size))
}

const pieceSize = fc.integer({ min: 1, max: 300 })
const STREAM = { 'openai-chat': chatStream, anthropic: messagesStream }

for (const upstream of FORMATS) {
  describe(`in place of a stream of ${upstream}`, () => {
    test(
      'any bytes at all',
      () =>
        holds(
          fc.property(fc.uint8Array({ maxLength: 600 }), pieceSize, (bytes, size) => survives(upstream, bytes, size)),
          150,
        ),
      PATIENCE,
    )

    test(
      'frames of any JSON',
      () => {
        const data = fc.oneof(
          fc.json({ maxDepth: 3 }),
          fc
            .record(
              {
                type: fc.constantFrom('message_start', 'content_block_start', 'content_block_delta', 'message_delta'),
                index: fc.jsonValue(),
                delta: fc.jsonValue(),
                message: fc.jsonValue(),
                content_block: fc.jsonValue(),
                usage: fc.jsonValue(),
              },
              { requiredKeys: ['type'] },
            )
            .map(value => JSON.stringify(value)),
          fc
            .record(
              {
                choices: fc.array(
                  fc.record({ index: fc.jsonValue(), delta: fc.jsonValue(), finish_reason: fc.jsonValue() }, { requiredKeys: [] }),
                ),
                usage: fc.jsonValue(),
                id: fc.jsonValue(),
                created: fc.jsonValue(),
              },
              { requiredKeys: [] },
            )
            .map(value => JSON.stringify(value)),
        )
        const frames = fc.array(
          fc.tuple(fc.constantFrom('', 'event: message_start\n', 'event: content_block_delta\n', 'event: error\n'), data),
          { maxLength: 8 },
        )
        holds(
          fc.property(frames, pieceSize, (list, size) =>
            survives(upstream, bytesOf(list.map(([event, text]) => `${event}data: ${text}\n\n`).join('')), size),
          ),
          200,
        )
      },
      PATIENCE,
    )

    test(
      'a stream with bytes lost, doubled and inserted',
      () =>
        holds(
          fc.property(answer, whims, fc.array(harm, { minLength: 1, maxLength: 4 }), pieceSize, (given, how, harms, size) =>
            survives(upstream, harmed(bytesOf(STREAM[upstream](given, how)), harms), size),
          ),
          250,
        ),
      PATIENCE,
    )

    test(
      'a stream with frames lost, doubled and exchanged',
      () =>
        holds(
          fc.property(answer, whims, fc.array(frameHarm, { minLength: 1, maxLength: 4 }), pieceSize, (given, how, harms, size) =>
            survives(upstream, bytesOf(spliced(STREAM[upstream](given, how), harms)), size),
          ),
          250,
        ),
      PATIENCE,
    )

    test(
      'a stream of the other dialect',
      () => {
        const other = upstream === 'anthropic' ? chatStream : messagesStream
        holds(
          fc.property(answer, whims, pieceSize, (given, how, size) => survives(upstream, bytesOf(other(given, how)), size)),
          60,
        )
      },
      PATIENCE,
    )
  })

  describeRecordings(`recorded ${upstream} streams, harmed`, () => {
    const recordings = listRecordings({ suffix: '.chunks.txt', format: upstream }).map(({ path }) =>
      bytesOf(asSse(readChunks(path), upstream)),
    )
    test(
      'are survived',
      () =>
        holds(
          fc.property(
            place,
            place,
            fc.array(harm, { minLength: 1, maxLength: 5 }),
            fc.integer({ min: 50, max: 5000 }),
            (which, at, harms, size) => {
              const all = recordings[which % recordings.length] ?? new Uint8Array()
              // The long ones in parts: the harm is what is tried here.
              const start = all.length > 20_000 ? at % (all.length - 20_000) : 0
              survives(upstream, harmed(all.subarray(start, start + 20_000), harms), size)
            },
          ),
          60,
        ),
      PATIENCE,
    )
  })
}
