import { expect, test } from 'bun:test'
import { releaseMemoryWhenIdle } from '../../src/composition/idle-memory.ts'
import { FakeClock } from '../support/fake-clock.ts'

function scene() {
  const clock = new FakeClock()
  const state = { served: 0, open: 0, collections: 0 }
  const stop = releaseMemoryWhenIdle({
    clock,
    served: () => state.served,
    isIdle: () => state.open === 0,
    collect: () => state.collections++,
  })
  return { clock, state, stop }
}

test('memory is given back once after a rush, when nothing has happened for a moment', async () => {
  const { clock, state, stop } = scene()
  for (let second = 0; second < 5; second++) {
    state.served += 100
    await clock.tick(1000)
  }
  expect(state.collections).toBe(0)
  await clock.tick(1000)
  expect(state.collections).toBe(1)
  await clock.tick(60_000)
  expect(state.collections).toBe(1)
  state.served += 200
  await clock.tick(2000)
  expect(state.collections).toBe(2)
  stop()
  expect(clock.waiting).toBe(0)
})

test('not while a stream is open, nor for a few requests', async () => {
  const { clock, state } = scene()
  state.served = 1000
  state.open = 1
  await clock.tick(10_000)
  expect(state.collections).toBe(0)
  state.open = 0
  await clock.tick(1000)
  expect(state.collections).toBe(1)
  state.served += 10
  await clock.tick(10_000)
  expect(state.collections).toBe(1)
})
