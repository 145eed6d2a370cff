import { describe, expect, test } from 'bun:test'
import { CutText, Room } from '../../../src/operations/tracing/cut-text.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('a text that is cut', () => {
  test('is whole as long as it fits, to the byte', () => {
    const text = new CutText(10)
    for (const piece of ['abc', 'de', 'fghij']) text.append(piece)
    expect(text.text()).toEqual({ head: 'abcdefghij', tail: '', cut: 0 })
    expect(text.unused).toBe(0)
    text.append('k')
    expect(text.text()).toEqual({ head: 'abcde', tail: 'ghijk', cut: 1 })
    expect(text.total).toBe(11)
  })

  test.each([1, 2, 3, 7, 26, 200])('keeps its beginning and its end, coming in pieces of %d', size => {
    const all = 'abcdefghijklmnopqrstuvwxyz'.repeat(8)
    const text = new CutText(21)
    for (let at = 0; at < all.length; at += size) text.append(bytes(all.slice(at, at + size)))
    expect(text.text()).toEqual({ head: all.slice(0, 10), tail: all.slice(-11), cut: all.length - 21 })
  })

  test('does not encode the middle of a long piece, and counts it all the same', () => {
    const text = new CutText(8)
    text.append('ab')
    text.append(`ä${'x'.repeat(1000)}yz`)
    expect(text.text()).toEqual({ head: 'abä', tail: 'xxyz', cut: 1006 - 8 })
  })

  test('copies what it keeps', () => {
    const text = new CutText(8)
    const shared = bytes('abcdefgh')
    text.append(shared)
    shared.fill(0)
    expect(text.text().head).toBe('abcdefgh')
  })

  test('may keep nothing', () => {
    const text = new CutText(0)
    text.append('abc')
    text.append(bytes('d'))
    expect(text.text()).toEqual({ head: '', tail: '', cut: 4 })
  })

  test('keeps characters whole that come in two pieces', () => {
    const text = new CutText(8)
    const [first, ...rest] = bytes('é!')
    text.append(Uint8Array.of(first ?? 0))
    text.append(Uint8Array.from(rest))
    expect(text.text().head).toBe('é!')
  })
})

test('room is taken by halves and given back', () => {
  const room = new Room(100)
  expect([room.take(), room.take()]).toEqual([50, 25])
  room.give(50)
  expect(room.take()).toBe(37)
})
