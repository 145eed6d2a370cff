import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { FrameCutter } from '../../src/sse/cutter.ts'
import type { SseFrame } from '../../src/sse/frame.ts'
import { parseFrames } from '../../src/sse/parser.ts'
import { writeFrames } from '../../src/sse/writer.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

function chunksAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const points = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...points].map((start, index) => bytes.subarray(start, points[index] ?? bytes.length))
}

/** What the stream gives through cutter, decoder and parser, and the bytes that went by. */
function through(chunks: readonly Uint8Array[]): { frames: SseFrame[]; bytes: Uint8Array } {
  const cutter = new FrameCutter(1 << 20)
  const decoder = new TextDecoder()
  const pieces: Uint8Array[] = []
  for (const chunk of chunks) {
    const piece = cutter.push(chunk)
    if (piece) pieces.push(piece)
  }
  const rest = cutter.end()
  if (rest) pieces.push(rest)
  return { frames: pieces.flatMap(piece => parseFrames(decoder.decode(piece))), bytes: Buffer.concat(pieces) }
}

const meaning = (frames: readonly SseFrame[]) => frames.map(({ event, data }) => ({ event, data }))

const line = fc.constantFrom(
  'data: {"a":"é😀漢"}',
  'data:x',
  'data',
  'data: ',
  'data:  two',
  'event: delta',
  'event:',
  ': ping',
  ':',
  'id: 1',
  'retry: 5',
  'unknown',
  'dataset: 1',
  'data: \u0000',
)
const end = fc.constantFrom('\n', '\r\n', '\r')
const stream = fc
  .record({
    bom: fc.boolean(),
    lines: fc.array(fc.tuple(fc.option(line, { nil: '', freq: 2 }), end), { maxLength: 20 }),
    last: fc.constantFrom('', 'data: tail', 'data: [DONE]'),
  })
  .map(({ bom, lines, last }) => (bom ? '\ufeff' : '') + lines.map(([text, ending]) => text + ending).join('') + last)

describe('any split of any stream', () => {
  test('gives the frames of the whole, and every byte', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(400), { maxLength: 30 }), (text, cuts) => {
        const bytes = bytesOf(text)
        const split = through(chunksAt(bytes, cuts))
        expect(meaning(split.frames)).toEqual(meaning(parseFrames(text)))
        expect(Buffer.compare(split.bytes, bytes)).toBe(0)
      }),
      { numRuns: 1000 },
    )
  })

  test('byte by byte, and at each single place', () => {
    const text = '\ufeff: hi\r\n\r\nevent: a\r\ndata: 漢字\r\ndata: 😀\r\n\r\n\ndata: x\r\rdata: y\n\r\n\r\ndata: tail'
    const bytes = bytesOf(text)
    const whole = meaning(parseFrames(text))
    expect(whole).toEqual([
      { event: undefined, data: undefined },
      { event: 'a', data: '漢字\n😀' },
      { event: undefined, data: 'x' },
      { event: undefined, data: 'y' },
      { event: undefined, data: 'tail' },
    ])
    expect(meaning(through([...bytes].map(byte => Uint8Array.of(byte))).frames)).toEqual(whole)
    for (let at = 0; at <= bytes.length; at++) expect(meaning(through([bytes.subarray(0, at), bytes.subarray(at)]).frames)).toEqual(whole)
  })
})

describe('the cutter', () => {
  test('hands a frame out with the byte that completes it', () => {
    const cutter = new FrameCutter(100)
    expect(cutter.push(bytesOf('data: a\n'))).toBeUndefined()
    expect(cutter.push(bytesOf('\ndata: b'))).toEqual(bytesOf('data: a\n\n'))
    expect(cutter.push(bytesOf('\r\n\r'))).toEqual(bytesOf('data: b\r\n\r'))
    expect(cutter.end()).toBeUndefined()
  })

  test('passes whole chunks on uncopied', () => {
    const chunk = bytesOf('data: a\n\ndata: b\n\n')
    expect(new FrameCutter(100).push(chunk)).toBe(chunk)
  })

  test('takes a 16 MB frame in 4 KB chunks in linear time', () => {
    const cutter = new FrameCutter(32 << 20)
    const chunk = bytesOf('x'.repeat(4096))
    const started = performance.now()
    for (let count = 0; count < 4096; count++) cutter.push(chunk)
    expect(cutter.push(bytesOf('\n\n'))).toHaveLength((16 << 20) + 2)
    expect(performance.now() - started).toBeLessThan(1500)
  })

  test('refuses a frame beyond the limit, and no stream of short ones', () => {
    const cutter = new FrameCutter(1000)
    for (let count = 0; count < 1000; count++) cutter.push(bytesOf('data: short\n\n'))
    cutter.push(bytesOf('x'.repeat(1000)))
    expect(() => cutter.push(bytesOf('x'))).toThrow(RangeError)
  })
})

describe('the parser', () => {
  test('keeps in `raw` everything but stray blank lines and the mark at the start', () => {
    const text = ': c\n\nevent: a\r\ndata: b\r\n\r\ndata: c\r\rdata: d\n\nid: 3\n\ndata: tail'
    expect(
      parseFrames(text)
        .map(({ raw }) => raw)
        .join(''),
    ).toBe(text)
    fc.assert(
      fc.property(stream, whole => {
        const raw = parseFrames(whole)
          .map(frame => frame.raw)
          .join('')
        const bare = (part: string) =>
          part
            .replace(/^\ufeff/, '')
            .replace(/(\r\n|\r|\n)+/g, '|')
            .replace(/^\||\|$/g, '')
        expect(bare(raw)).toBe(bare(whole))
      }),
    )
  })

  test.each([
    ['data:x\n\n', 'x'],
    ['data: x\n\n', 'x'],
    ['data:  x\n\n', ' x'],
    ['data\n\n', ''],
    ['data:\n\n', ''],
    ['data: a\ndata:\ndata: b\n\n', 'a\n\nb'],
    ['data: a: b\n\n', 'a: b'],
    ['DATA: a\n\n', undefined],
    [' data: a\n\n', undefined],
    ['datum: a\n\n', undefined],
  ])('reads %j', (text, data) => {
    expect(parseFrames(text)).toEqual([{ event: undefined, data, raw: text }])
  })

  test('takes 100,000 tiny frames quickly', () => {
    const started = performance.now()
    expect(parseFrames('data: 1\r\n\r\n'.repeat(100_000))).toHaveLength(100_000)
    expect(performance.now() - started).toBeLessThan(1500)
  })
})

test('what is written is read back', () => {
  const frames = [{ event: 'a', data: '{"x":1}' }, { data: '[DONE]' }]
  expect(meaning(parseFrames(writeFrames(frames)))).toEqual([
    { event: 'a', data: '{"x":1}' },
    { event: undefined, data: '[DONE]' },
  ])
})
