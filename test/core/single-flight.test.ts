import { describe, expect, test } from 'bun:test'
import { SingleFlight } from '../../src/core/single-flight.ts'

describe('work that is done once at a time', () => {
  test('is shared by all who ask while it runs', async () => {
    const flight = new SingleFlight<number>()
    const gate = Promise.withResolvers<number>()
    let runs = 0
    const work = (): Promise<number> => {
      runs++
      return gate.promise
    }
    const asked = [flight.run(work), flight.run(work)]
    expect(flight.isRunning).toBe(true)
    gate.resolve(7)
    expect(await Promise.all(asked)).toEqual([7, 7])
    expect([runs, flight.isRunning]).toEqual([1, false])
  })

  test('is done anew after it has failed for all who asked', async () => {
    const flight = new SingleFlight<number>()
    const failing = async (): Promise<number> => {
      throw new Error('no')
    }
    const outcomes = await Promise.allSettled([flight.run(failing), flight.run(failing)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await flight.run(async () => 1)).toBe(1)
  })
})
