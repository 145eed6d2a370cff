import { expect, test } from 'bun:test'
import { Unread } from '../../src/upstream/unread.ts'

test('small pieces weigh what they keep alive, and nothing once they are taken', () => {
  const unread = new Unread()
  for (let count = 0; count < 10; count++) unread.add(new Uint8Array(new ArrayBuffer(32 * 1024), 0, 1))
  expect(unread.tooMuch).toBe(true)
  for (let count = 0; count < 5; count++) unread.next()
  expect(unread.tooMuch).toBe(false)
  expect(unread.clear()).toHaveLength(5)
  for (let count = 0; count < 7; count++) unread.add(new Uint8Array(new ArrayBuffer(32 * 1024), 0, 1))
  expect(unread.tooMuch).toBe(false)
  expect(unread.next()).toHaveLength(1)
})

test('very many of a byte each are too much long before their bytes are', () => {
  const unread = new Unread()
  for (let count = 0; count < 2000; count++) unread.add(new Uint8Array(1))
  expect(unread.tooMuch).toBe(true)
})
