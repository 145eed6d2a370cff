import { expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import { OpenStreams } from '../../src/operations/open-streams.ts'

test('open streams: counted, told to stop, waited for', async () => {
  const streams = new OpenStreams()
  await streams.drained()
  const heard: string[] = []
  const open = ['a', 'b'].map(name => ({ place: 0, interrupt: (error: GatewayError) => heard.push(name + error.kind) }))
  for (const stream of open) streams.add(stream)
  let drained = false
  const draining = streams.drained().then(() => {
    drained = true
  })
  streams.interruptAll(new GatewayError('unavailable', 'stopping'))
  expect([heard, streams.count]).toEqual([['bunavailable', 'aunavailable'], 2])
  for (const stream of open.slice(0, 1)) streams.delete(stream)
  await Promise.resolve()
  expect(drained).toBe(false)
  for (const stream of open) streams.delete(stream)
  await draining
  expect(streams.count).toBe(0)
})
