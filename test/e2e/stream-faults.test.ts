import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Answer } from '../simulators/answer.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { recordOf } from './support/admin.ts'
import { CLIENT_ROUTES, type ClientRoute, expectAnswer, MESSAGES, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { LONG_TEXT, UPSTREAM_KINDS, type UpstreamKind } from './support/upstreams.ts'

const upstreams = new Map<UpstreamKind, Simulator>()
let gateway: RunningGateway

beforeAll(async () => {
  for (const kind of UPSTREAM_KINDS) upstreams.set(kind, kind.start())
  gateway = await startGateway({
    config: { providers: [...upstreams].map(([kind, simulator]) => kind.provider(simulator, { models: [kind.model] })) },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([...upstreams.values()].map(simulator => simulator.close()))
})

const pairs = UPSTREAM_KINDS.flatMap(kind => CLIENT_ROUTES.map(route => [`${kind.name} behind ${route.name}`, kind, route] as const))

const TEXT = LONG_TEXT.join('')

/** Frames from the last word to the end marker: finish, usage where it is asked for (always by us), `[DONE]`; block, message, stop. */
const ENDING = 3

function ask(kind: UpstreamKind, route: ClientRoute, answer: Answer): Promise<Response> {
  ;(upstreams.get(kind) as Simulator).script({ text: LONG_TEXT, ...answer })
  return post(gateway.url, route, route.body(kind.model, { stream: true }))
}

describe.each(pairs)('%s: an answer that', (_, kind, route) => {
  const within = kind.preamble + 3
  const last = kind.preamble + LONG_TEXT.length

  test.each([
    ['ends as if it were whole', { cutAfter: within }],
    ['is cut off', { cutAfter: within, cutBody: true }],
    ['is reset', { resetAfter: within }],
    ['is reset behind its last word', { resetAfter: last }],
    ['ends behind its last word', { cutAfter: last }],
    ['ends within a frame', { cutAfter: within, cutBody: true, chunkBytes: 7 }],
  ] as const)('%s never looks complete', async (_name, fault) => {
    // Slowly, because a reset takes with it what was not read yet, and then another try would be free.
    const response = await ask(kind, route, { delayBetweenMs: 15, ...fault })
    const text = await response.text()
    const said = route.readStream(text)
    expect(said.error?.message).toMatch(/ended|connection broke/)
    expect(said.finish).toBeUndefined()
    expect(TEXT.startsWith(said.text)).toBe(true)
    expect(text).not.toMatch(/\[DONE\]|message_stop/)
    const record = await recordOf(gateway.url, response)
    expect(record).toMatchObject({ status: 502, error: expect.stringMatching(/^bad-gateway: /) })
    // A healthy answer, so that the account is not cooled by the next.
    await expectAnswer(await post(gateway.url, route, route.body(kind.model)), route)
  })

  test('fails by an error event of its own ends in one', async () => {
    const response = await ask(kind, route, { streamError: { type: 'overloaded_error', message: 'We are very busy.' } })
    const said = route.readStream(await response.text())
    expect(said).toMatchObject({ text: TEXT, error: { message: expect.stringContaining('very busy') } })
    expect(await recordOf(gateway.url, response)).toMatchObject({
      status: route === MESSAGES ? 529 : 503,
      error: expect.stringContaining('overloaded'),
    })
  })

  test('lacks only its end marker is complete where servers are known to leave it out', async () => {
    const response = await ask(kind, route, { omitEnd: true })
    if (kind.name === 'anthropic') {
      const said = route.readStream(await response.text())
      expect(said).toMatchObject({ text: TEXT, error: { message: expect.stringContaining('ended') } })
      return
    }
    expect(await expectAnswer(response.clone() as Response, route)).toMatchObject({ text: TEXT })
    expect(await recordOf(gateway.url, response)).toMatchObject({ status: 200, error: null })
  })

  test('goes on behind its end is complete, and the rest is dropped', async () => {
    for (const afterEnd of [
      'data: {"choices":[{"index":0,"delta":{"content":"ghost"}}]}\n\n',
      'event: content_block_delta\ndata: {"type":"ghost"}\n\n',
      'data: [DONE]\n\n',
      'ghost',
    ]) {
      const response = await ask(kind, route, { afterEnd })
      const text = await response.clone().text()
      expect(await expectAnswer(response, route)).toMatchObject({ text: TEXT })
      expect(text).not.toContain('ghost')
    }
  })

  test('is still open behind its end is complete at once', async () => {
    const response = await ask(kind, route, { stallAfter: last + ENDING })
    expect(await expectAnswer(response, route)).toMatchObject({ text: TEXT })
  })

  test.each([
    ['single bytes', { chunkBytes: 1 }],
    ['three bytes at a time', { chunkBytes: 3 }],
    ['CRLF', { lineEnding: '\r\n' }],
    ['CR', { lineEnding: '\r' }],
    ['CRLF in single bytes', { lineEnding: '\r\n', chunkBytes: 1 }],
  ] as const)('comes in %s is the same', async (_name, how) => {
    const words = ['Grüße, ', '世界', '👩‍👩‍👧‍👦', ' \ud83d\ude00', ' عربي', ' e\u0301', ' "\\n"\n']
    const response = await ask(kind, route, { text: words, ...how })
    expect(await expectAnswer(response, route)).toMatchObject({ text: words.join('') })
  })
})

test('the same process serves afterwards', async () => {
  for (const [, kind, route] of pairs) await expectAnswer(await post(gateway.url, route, route.body(kind.model)), route)
  expect(gateway.output()).not.toMatch(/internal error|unhandled|uncaught/)
})
