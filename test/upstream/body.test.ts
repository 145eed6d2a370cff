import { expect, test } from 'bun:test'
import { pulledBody } from '../../src/upstream/body.ts'
import { Taker } from './calls.ts'

test('a pulled body that was released tells nothing more, not that its reading broke either', async () => {
  const reading = Promise.withResolvers<undefined>()
  const body = pulledBody(
    () => reading.promise,
    () => {},
  )
  const taker = new Taker()
  body.flow(taker)
  body.release()
  reading.reject(new Error('closed'))
  await Promise.resolve()
  await new Promise(resolve => setImmediate(resolve))
  expect(taker.ends).toBe(0)
})
