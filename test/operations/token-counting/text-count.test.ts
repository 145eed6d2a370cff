import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { textTokens } from '../../../src/operations/text-tokens.ts'
import { type Piece, type PieceQueue, ruleCounter, TextCount } from '../../../src/operations/token-counting/text-count.ts'
import { countTokens } from '../../../src/operations/token-counting/vocabulary.ts'
import { exactly, inPieces, mixedText } from './texts.ts'

/** A queue that keeps what it is given until it is told to count. */
function heldQueue() {
  const pieces: Piece[] = []
  let giveUp = () => {}
  const queue: PieceQueue = {
    take: piece => void pieces.push(piece),
    withdraw(unwanted) {
      for (const piece of unwanted) if (pieces.includes(piece)) pieces.splice(pieces.indexOf(piece), 1)
    },
    patience: () => ({ over: new Promise(resolve => (giveUp = resolve)), cancel() {} }),
  }
  const work = () => {
    for (const piece of pieces.splice(0)) piece.done(countTokens('o200k_base', piece.text))
  }
  return { pieces, queue, work, giveUp: () => giveUp() }
}

const WORDS = 'The quick brown fox jumps over the lazy dog. '

describe('a count', () => {
  test('of any text in any pieces is that of the whole', async () => {
    const property = fc.asyncProperty(
      fc.array(mixedText, { minLength: 1, maxLength: 12 }).map(texts => texts.join(' ')),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }),
      async (text, sizes) => {
        const { queue, work } = heldQueue()
        const count = new TextCount(queue)
        for (const piece of inPieces(text, sizes)) count.add(piece)
        const settled = count.settled()
        work()
        expect(await settled).toBe(exactly.o200k_base(text))
        expect(count.tokens).toBe(exactly.o200k_base(text))
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })

  test('of a long text goes over in pieces that are not long', async () => {
    const { queue, pieces, work } = heldQueue()
    const count = new TextCount(queue)
    const text = WORDS.repeat(5000)
    count.add(text)
    expect(pieces.length).toBeGreaterThan(10)
    for (const piece of pieces) expect(piece.text.length).toBeLessThanOrEqual(16_384)
    const settled = count.settled()
    work()
    expect(await settled).toBe(exactly.o200k_base(text))
  })

  test('says whether it is one', () => {
    const { queue, pieces, work } = heldQueue()
    const count = new TextCount(queue)
    expect(count.exact).toBe(true)
    count.add('Hello')
    expect(count.exact).toBe(false)
    count.cut()
    expect(count.exact).toBe(false)
    work()
    expect(count.exact).toBe(true)
    count.add('again')
    count.cut()
    for (const piece of pieces.splice(0)) piece.done()
    expect(count.exact).toBe(false)
    expect(ruleCounter.open('m').exact).toBe(true)
  })

  test('is an estimate until then', () => {
    const { queue, pieces, work } = heldQueue()
    const count = new TextCount(queue)
    count.add('Hello')
    expect(pieces).toEqual([])
    expect(count.tokens).toBe(textTokens('Hello'))
    count.add(' there')
    count.cut()
    expect(pieces).toHaveLength(1)
    expect(count.tokens).toBe(textTokens('Hello there'))
    work()
    expect(count.tokens).toBe(2)
    count.cut()
    expect(pieces).toEqual([])
  })

  test('hands a stream on by the sentence, not by the word', () => {
    const { queue, pieces } = heldQueue()
    const count = new TextCount(queue)
    for (const word of inPieces(WORDS.repeat(200), [5])) count.add(word)
    expect(pieces.length).toBeWithin(20, 60)
  })

  test('is not waited for beyond patience', async () => {
    const { queue, giveUp, work } = heldQueue()
    const count = new TextCount(queue)
    count.add(WORDS)
    const settled = count.settled()
    giveUp()
    expect(await settled).toBe(textTokens(WORDS))
    work()
    expect(count.tokens).toBe(exactly.o200k_base(WORDS))
  })

  test('that nothing waits for is settled at once', async () => {
    const { queue } = heldQueue()
    expect(await new TextCount(queue).settled()).toBe(0)
  })

  test('that is closed takes its pieces back, and counts by rules', async () => {
    const { queue, pieces } = heldQueue()
    const count = new TextCount(queue)
    count.add(WORDS.repeat(20))
    const [begun] = pieces.splice(0, 1)
    const before = count.tokens
    const settled = count.settled()
    count.close()
    expect(pieces).toEqual([])
    expect(await settled).toBeCloseTo(before, 0)
    const closed = count.tokens
    begun?.done(1_000_000)
    begun?.done()
    expect(count.tokens).toBe(closed)
    count.add(' more')
    count.cut()
    expect(pieces).toEqual([])
    expect(count.tokens).toBeGreaterThan(closed)
  })

  test('of a book is estimated from its beginning', () => {
    const { queue } = heldQueue()
    const count = new TextCount(queue)
    for (let part = 0; part < 200; part++) count.add(WORDS.repeat(2000))
    const since = performance.now()
    const { tokens } = count
    expect(performance.now() - since).toBeLessThan(500)
    expect(tokens / (textTokens(WORDS.repeat(2000)) * 200)).toBeWithin(0.98, 1.02)
  })
})

test('without a thread, rules count', async () => {
  const count = ruleCounter.open('gpt-5')
  count.add(WORDS.repeat(100))
  expect(count.tokens / textTokens(WORDS.repeat(100))).toBeWithin(0.97, 1.03)
  expect(await count.settled()).toBe(count.tokens)
})
