import { expect, test } from 'bun:test'
import { bytesOf, FORMATS, type Format, passThrough, relayed, slices, translation } from '../golden/relays.ts'
import { chatStream, messagesStream } from './answer.ts'

const STREAM = { 'openai-chat': chatStream, anthropic: messagesStream }

/** Shapes that a careless reader goes over again and again. */
const SHAPES: Record<string, (upstream: Format, size: number) => { text: string; pieces: number }> = {
  'one frame without an end, in small pieces': (_, size) => ({ text: `data: ${'x'.repeat(size)}`, pieces: 64 }),
  'line breaks and nothing else': (_, size) => ({ text: '\n'.repeat(size), pieces: 64 }),
  'comments without end': (_, size) => ({ text: ': x\n'.repeat(size / 4), pieces: 64 }),
  'many short frames': (upstream, size) => {
    const pieces = Array.from({ length: Math.ceil(size / 400) }, () => ({ type: 'text', text: 'word word word word' }) as const)
    return { text: STREAM[upstream](answerOf(pieces), [3]), pieces: 1000 }
  },
  'long arguments of a call': (upstream, size) => {
    const call = { type: 'call', id: 'call_0', name: 'look', input: { text: 'x"\\'.repeat(size / 60) } } as const
    return { text: STREAM[upstream](answerOf([call]), [3]), pieces: 1000 }
  },
}

function answerOf(pieces: Parameters<typeof chatStream>[0]['pieces']): Parameters<typeof chatStream>[0] {
  return { pieces, finish: 'length', tokens: { input: 1, cached: 0, written: 0, output: 1, reasoning: 0 } }
}

/** The best of a few goes, in milliseconds. */
function timeOf(run: () => unknown): number {
  const goes = Array.from({ length: 3 }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
  return Math.min(...goes)
}

const SIZE = 40_000
/** Eight times the bytes take eight times as long; a reader that starts over takes sixty-four times. */
const TIMES = 8
const MOST = 30

for (const upstream of FORMATS) {
  for (const [name, shape] of Object.entries(SHAPES)) {
    test(`${name} in place of ${upstream} cost as much a byte when there are more`, () => {
      const ways = [...FORMATS.map(client => () => translation(upstream, client)), () => passThrough(upstream)]
      for (const relay of ways) {
        const cost = (size: number): number => {
          const { text, pieces } = shape(upstream, size)
          const bytes = bytesOf(text)
          return timeOf(() => relayed(relay(), slices(bytes, pieces)))
        }
        cost(SIZE)
        // Below a millisecond the clock and the collector decide.
        expect(cost(SIZE * TIMES) / Math.max(1, cost(SIZE))).toBeLessThan(MOST)
      }
    })
  }
}
