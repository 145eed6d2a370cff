import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { RowChunks, rowsOf } from '../../src/store/row-chunks.ts'

/** Larger than half a piece of memory: each lies in one of its own. */
const large = (name: string): string => name.padEnd(150_000, '.')

const taken = (queue: RowChunks): string[] => [...rowsOf(queue.take().chunks)]

const line = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }),
  fc.tuple(fc.constantFrom('a', 'ß', '日', '🎈'), fc.integer({ min: 1, max: 120_000 })).map(([unit, times]) => unit.repeat(times)),
)

test('gives out what it took in, in the same order', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), lines => {
      const rows = lines.map(text => JSON.stringify(text))
      const queue = new RowChunks(1000)
      for (const row of rows) queue.add(row)
      expect(queue.rows).toBe(rows.length)
      const { chunks, rows: count } = queue.take()
      expect([...rowsOf(chunks)]).toEqual(rows)
      expect(count).toBe(rows.length)
      expect([queue.rows, queue.takeDropped(), taken(queue).length]).toEqual([0, 0, 0])
    }),
    { numRuns: 60 },
  )
})

test('keeps a mark of byte order at the start of a row', () => {
  const queue = new RowChunks(10)
  queue.add('\ufeffrow')
  expect(taken(queue)).toEqual(['\ufeffrow'])
})

describe('beyond its capacity', () => {
  test('the oldest pieces give way, and their rows are counted once', () => {
    const queue = new RowChunks(3)
    for (const name of ['a', 'b', 'c', 'd', 'e']) queue.add(large(name))
    expect(queue.rows).toBe(3)
    expect([queue.takeDropped(), queue.takeDropped()]).toEqual([2, 0])
    expect(taken(queue).map(row => row[0])).toEqual(['c', 'd', 'e'])
  })

  test('no more than a piece of memory of small rows waits in addition', () => {
    const queue = new RowChunks(100)
    const row = 'x'.repeat(1000)
    let dropped = 0
    for (let count = 0; count < 5000; count++) queue.add(row)
    dropped += queue.takeDropped()
    expect(queue.rows + dropped).toBe(5000)
    expect(queue.rows).toBeLessThan(100 + (256 * 1024) / 1000)
  })

  test('rows that are few and huge give way too, but for the newest', () => {
    const queue = new RowChunks(1000, 1_000_000)
    for (const name of ['a', 'b', 'c', 'd']) queue.add(name.padEnd(400_000, '.'))
    expect(queue.takeDropped()).toBe(2)
    queue.add('e'.padEnd(5_000_000, '.'))
    expect(queue.takeDropped()).toBe(2)
    expect(taken(queue).map(row => row[0])).toEqual(['e'])
    queue.add('f'.padEnd(400_000, '.'))
    queue.add('g'.padEnd(400_000, '.'))
    expect(queue.takeDropped()).toBe(0)
  })
})
