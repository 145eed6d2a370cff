import { expect, test } from 'bun:test'
import { BoundedQueue } from '../../src/store/bounded-queue.ts'

const filled = (capacity: number, count: number) => {
  const queue = new BoundedQueue<number>(capacity)
  for (let i = 1; i <= count; i++) queue.push(i)
  return queue
}

test('first in, first out', () => {
  const queue = filled(10, 5)
  expect(queue.take(2)).toEqual([1, 2])
  expect(queue.size).toBe(3)
  expect(queue.take(9)).toEqual([3, 4, 5])
  expect(queue.take(1)).toEqual([])
  expect(queue.takeDropped()).toBe(0)
})

test('the oldest give way, however many come', () => {
  const queue = filled(3, 1000)
  expect(queue.size).toBe(3)
  expect(queue.takeDropped()).toBe(997)
  expect(queue.takeDropped()).toBe(0)
  expect(queue.take(3)).toEqual([998, 999, 1000])
})

test('what is put back stands in front, and what does not fit is counted', () => {
  const queue = filled(4, 4)
  const taken = queue.take(3)
  queue.push(5)
  queue.push(6)
  queue.restore(taken)
  expect(queue.takeDropped()).toBe(2)
  expect(queue.take(9)).toEqual([3, 4, 5, 6])
})
