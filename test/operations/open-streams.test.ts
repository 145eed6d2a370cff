import { expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import { OpenStreams } from '../../src/operations/open-streams.ts'

test('open streams: counted, told to stop, waited for', async () => {
  const streams = new OpenStreams()
  await streams.drained()
  const heard: string[] = []
  const ends = ['a', 'b'].map(name => streams.add(error => heard.push(name + error.kind)))
  let drained = false
  const draining = streams.drained().then(() => {
    drained = true
  })
  streams.interruptAll(new GatewayError('unavailable', 'stopping'))
  expect([heard, streams.count]).toEqual([['aunavailable', 'bunavailable'], 2])
  ends[0]?.()
  await Promise.resolve()
  expect(drained).toBe(false)
  ends[1]?.()
  await draining
  expect(streams.count).toBe(0)
})
