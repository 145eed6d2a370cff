import { describe, expect, test } from 'bun:test'
import { createJsonCall, type JsonRequest } from '../../src/accounts/json-call.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { pulledBody } from '../../src/upstream/body.ts'
import type { Send, UpstreamRequest } from '../../src/upstream/client.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { failure } from '../upstream/calls.ts'
import { answer, LIMITS } from './jetbrains/fake-service.ts'

const URL = 'https://example.com/x'

async function sent(request: Partial<JsonRequest>): Promise<UpstreamRequest> {
  const seen: UpstreamRequest[] = []
  const send: Send = async request => {
    seen.push(request)
    return answer(200, {})
  }
  await createJsonCall({ send, clock: new FakeClock(), limits: LIMITS })({ url: URL, ...request })
  const [first] = seen
  if (!first) throw new Error('nothing was sent')
  return first
}

const calling = (send: Send, clock = new FakeClock()) => createJsonCall({ send, clock, limits: LIMITS, timeoutMs: 2000 })({ url: URL })

describe('a small call', () => {
  test('posts JSON, a form or nothing, or gets', async () => {
    const shapes = await Promise.all([
      sent({ json: { a: 'ä' } }),
      sent({ form: { a: 'b c', d: '&' } }),
      sent({}),
      sent({ method: 'GET', headers: { authorization: 'x' } }),
    ])
    expect(shapes.map(({ method, headers, body }) => ({ method, headers, body }))).toEqual([
      { method: undefined, headers: { accept: 'application/json', 'content-type': 'application/json' }, body: '{"a":"ä"}' },
      {
        method: undefined,
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
        body: 'a=b+c&d=%26',
      },
      { method: undefined, headers: { accept: 'application/json', 'content-type': 'application/json' }, body: '' },
      { method: 'GET', headers: { accept: 'application/json', authorization: 'x' }, body: '' },
    ])
  })

  test('takes any status and any body for an answer', async () => {
    const { status, text, json, headers } = await calling(async () => answer(503, '<html>', { 'retry-after': '3' }))
    expect([status, text, json, headers.get('retry-after')]).toEqual([503, '<html>', undefined, '3'])
    expect((await calling(async () => answer(200, { a: [1] }))).json).toEqual({ a: [1] })
  })

  test('puts together a body that comes in pieces, within a character too', async () => {
    const bytes = Buffer.from('{"a":"ä"}')
    const pieces = [bytes.subarray(0, 7), bytes.subarray(7)]
    const body = pulledBody(
      async () => pieces.shift(),
      () => {},
    )
    expect((await calling(async () => ({ status: 200, headers: new Headers(), body }))).json).toEqual({ a: 'ä' })
  })

  test('reads no more than a megabyte', async () => {
    let released = 0
    const body = pulledBody(
      async () => new Uint8Array(400_000),
      () => released++,
    )
    const error = await failure(calling(async () => ({ status: 200, headers: new Headers(), body })))
    expect([error.kind, released]).toEqual(['bad-gateway', 1])
  })

  test('fails as the network does', async () => {
    const broken = new GatewayError('bad-gateway', 'the upstream could not be reached')
    expect(await failure(calling(() => Promise.reject(broken)))).toBe(broken)
  })

  test('ends when its time is up, and leaves no timer behind', async () => {
    const clock = new FakeClock()
    const send: Send = ({ client }) =>
      new Promise((_, reject) => {
        client.signal.addEventListener('abort', () => reject(new GatewayError('cancelled', 'the client went away')))
      })
    const late = failure(calling(send, clock))
    await clock.tick(1999)
    expect(clock.waiting).toBe(1)
    await clock.tick(1)
    expect(await late).toMatchObject({ kind: 'timeout', message: 'no complete answer within 2 s' })
    await calling(async () => answer(200, {}), clock)
    expect(clock.waiting).toBe(0)
  })
})
