import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/errors.ts'
import { reportOf } from '../../../src/operations/tracing/report.ts'
import { RequestTrace } from '../../../src/operations/tracing/request-trace.ts'
import { tracedSend, tracedSink } from '../../../src/operations/tracing/traced-send.ts'
import { pulledBody, type UpstreamBody } from '../../../src/upstream/body.ts'
import type { Send, UpstreamRequest } from '../../../src/upstream/client.ts'
import { readAll } from '../../../src/upstream/read-all.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const KEY = 'canary-client-key-7777'
const SECRET = 'canary-account-secret-8888'
const VIA = { provider: 'first', account: 'first-1', model: 'm-upstream', secrets: [SECRET] }

class Scene {
  readonly clock = new FakeClock(Date.UTC(2026, 10, 21, 10, 15, 30, 123))
  readonly ended: RequestTrace[] = []
  readonly trace = new RequestTrace(
    {
      ...{ requestId: 'req_1', key: 'ci', method: 'POST', url: '/v1/messages?beta=true' },
      headers: new Headers({ 'x-api-key': KEY, 'x-own': 'shown' }),
    },
    this.clock,
    trace => this.ended.push(trace),
  )

  /** Calls an upstream that answers like this. */
  async call(answer: Awaited<ReturnType<Send>> | Error, body = '{"model":"m-upstream"}'): Promise<UpstreamBody> {
    const send: Send = async () => {
      this.clock.advance(100)
      if (answer instanceof Error) throw answer
      return answer
    }
    const request: UpstreamRequest = {
      url: `https://first.example/v1?key=${SECRET}`,
      headers: { 'x-of-call': '1' },
      standing: { authorization: `Bearer ${SECRET}` },
      body,
      limits: { connect: 1, firstByte: 1, idle: 1 },
      client: { signal: new AbortController().signal },
    }
    return (await tracedSend(send, this.trace, VIA)(request)).body
  }

  report(): string {
    expect(this.ended).toEqual([this.trace])
    return reportOf(this.trace)
  }
}

function bodyOf(...pieces: (string | Error)[]): UpstreamBody {
  const queue = pieces.map(piece => (typeof piece === 'string' ? new TextEncoder().encode(piece) : piece))
  const read = async () => {
    const next = queue.shift()
    if (next instanceof Error) throw next
    return next
  }
  return pulledBody(read, () => {})
}

const answered = (status: number, ...pieces: (string | Error)[]) => ({
  status,
  headers: new Headers({ 'x-id': 'u1' }),
  body: bodyOf(...pieces),
})

describe('a trace', () => {
  test('tells of the request, of each upstream call and of the answer, without secrets', async () => {
    const scene = new Scene()
    scene.trace.came(`{"model":"m","prompt":"my key is ${KEY}"}`)
    await readAll(await scene.call(answered(429, '{"error":', `"${SECRET}"}`)), 1000)
    await readAll(await scene.call(answered(200, '{"ok":1}')), 1000)
    expect(scene.ended).toEqual([])
    scene.clock.advance(7)
    scene.trace.answers({ status: 200, headers: { 'content-type': 'application/json' }, body: '{"said":"hello"}' })
    expect(scene.report()).toBe(`request req_1 of the key 'ci'
came 2026-11-21T10:15:30.123Z, over 2026-11-21T10:15:30.330Z
Secrets are masked: at most their last four characters are shown.

===== client request =====
POST /v1/messages?beta=true
x-api-key: …7777
x-own: shown

{"model":"m","prompt":"my key is …7777"}

===== upstream request 1: first, account 'first-1', model 'm-upstream', after 0 ms =====
POST https://first.example/v1?key=…
x-of-call: 1
authorization: Bearer …8888

{"model":"m-upstream"}

===== upstream answer 1: 429, after 100 ms =====
x-id: u1

{"error":"…8888"}

===== upstream request 2: first, account 'first-1', model 'm-upstream', after 100 ms =====
POST https://first.example/v1?key=…
x-of-call: 1
authorization: Bearer …8888

{"model":"m-upstream"}

===== upstream answer 2: 200, after 200 ms =====
x-id: u1

{"ok":1}

===== answer to the client: 200, after 207 ms =====
content-type: application/json

{"said":"hello"}
`)
  })

  test('of a stream is over when the stream is', async () => {
    const scene = new Scene()
    scene.trace.came('{}')
    const body = await scene.call(answered(200, 'data: a\n\n', 'data: b\n\n'))
    await body.read()
    scene.trace.answers({ status: 200, headers: {}, body: new ReadableStream() })
    const written: (string | Uint8Array)[] = []
    const sink = tracedSink({ write: output => written.push(output), flush() {}, close() {} }, scene.trace)
    void sink.write('data: A\n\n')
    const flowed = Promise.withResolvers<void>()
    body.flow({ data: bytes => void sink.write(bytes), end: flowed.resolve, broke: flowed.reject })
    await flowed.promise
    expect(scene.ended).toEqual([])
    scene.trace.streamOver()
    scene.trace.streamOver()
    const report = scene.report()
    expect(report).toContain('upstream answer 1: 200, after 100 ms =====\nx-id: u1\n\ndata: a\n\ndata: b\n\n')
    expect(report).toContain('answer to the client: 200, after 100 ms =====\n\ndata: A\n\ndata: b\n\n')
    expect(written).toHaveLength(2)
  })

  test('of a stream that was over before its answer was there ends with the answer', () => {
    const scene = new Scene()
    scene.trace.streamOver(new GatewayError('cancelled', 'the client left'))
    expect(scene.ended).toEqual([])
    scene.trace.answers({ status: 200, headers: {}, body: new ReadableStream() })
    expect(scene.report()).toEndWith('===== error =====\ncancelled: the client left\n')
  })

  test('tells of calls that failed, broke off or were not read', async () => {
    const scene = new Scene()
    await expect(scene.call(new GatewayError('bad-gateway', 'connection refused'))).rejects.toThrow('connection refused')
    const broken = await scene.call(answered(200, 'half', new GatewayError('timeout', 'the upstream fell silent')))
    await expect(readAll(broken, 100)).rejects.toThrow('silent')
    const unread = await scene.call(answered(401, 'no'))
    unread.release()
    scene.trace.failed(new GatewayError('bad-gateway', 'no upstream left', { cause: new Error(`inner ${SECRET}`) }))
    scene.trace.answers({ status: 502, headers: {}, body: '{"error":{}}' })
    const report = scene.report()
    expect(report).toContain('===== upstream answer 1: none =====\n[connection refused]\n')
    expect(report).toContain('x-id: u1\n\nhalf\n[the upstream fell silent]\n')
    expect(report).toContain('upstream answer 3: 401, after 300 ms =====\nx-id: u1\n\n[no body]\n[the rest was not read]\n')
    expect(report).toContain('===== error =====\nbad-gateway: no upstream left\nbecause of Error: inner …8888\n    at ')
    expect(report).toContain('[the body was not read, or refused before it was whole]')
  })

  test('stays below a megabyte whatever comes, and every part of it says what is cut', async () => {
    const scene = new Scene()
    const long = `begin ${'word '.repeat(400_000)}, end`
    scene.trace.came(long)
    for (let call = 0; call < 3; call++) await readAll(await scene.call(answered(200, long, long), long), 10_000_000)
    scene.trace.answers({ status: 200, headers: {}, body: long })
    const report = scene.report()
    expect(Buffer.byteLength(report)).toBeLessThan(1_000_000)
    expect(report.match(/\[\d+ bytes are cut here, to keep this file short\]/g)).toHaveLength(8)
    const answer = report.slice(report.indexOf('answer to the client'))
    expect(answer).toContain('\n\nbegin word ')
    expect(answer).toEndWith(' word , end\n')
    expect(answer.length).toBeGreaterThan(100_000)
  })

  test('keeps the space that short bodies leave for long ones', async () => {
    const scene = new Scene()
    const text = 'x y '.repeat(80_000)
    scene.trace.came('{}')
    await readAll(await scene.call(answered(200, text)), 1_000_000)
    scene.trace.answers({ status: 200, headers: {}, body: '' })
    expect(scene.report()).toContain(text)
  })

  test('counts the calls of a request that makes very many', async () => {
    const scene = new Scene()
    for (let call = 0; call < 70; call++) await readAll(await scene.call(answered(200, '{}')), 100)
    scene.trace.answers({ status: 200, headers: {}, body: '' })
    const report = scene.report()
    expect(report).toContain('upstream answer 64: 200')
    expect(report).not.toContain('upstream request 65')
    expect(report).toContain('===== 6 more upstream calls are left out =====')
  })

  test('leaves no half of a secret at a cut', async () => {
    const scene = new Scene()
    scene.trace.came(`${SECRET} `.repeat(50_000))
    await readAll(await scene.call(answered(200, `${SECRET}${KEY}`.repeat(30_000))), 10_000_000)
    scene.trace.answers({ status: 200, headers: {}, body: `"${KEY}", `.repeat(50_000) })
    const report = scene.report()
    expect(report).toContain('bytes are cut here')
    expect(report.includes('canary')).toBe(false)
    expect(report.includes('secret-8')).toBe(false)
  })
})
