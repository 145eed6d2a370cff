import { describe, expect, test } from 'bun:test'
import { parseQuota, parseSpent, readQuota, readRefill } from '../../../src/accounts/jetbrains/quota.ts'
import { createJsonCall } from '../../../src/accounts/json-call.ts'
import type { Quota } from '../../../src/accounts/quota.ts'
import type { AccountVerdict, ErrorKind } from '../../../src/core/errors.ts'
import type { UpstreamRequest, UpstreamResponse } from '../../../src/upstream/client.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { refusalOf } from './driver.ts'
import { answer, BASE_URL, LIMITS } from './fake-service.ts'

const NOW = 1_753_000_000_000
const UNTIL = 1_754_006_400_000

const part = (current: number, maximum: number, available?: number) => ({
  current: { amount: String(current) },
  maximum: { amount: String(maximum) },
  ...(available !== undefined && { available: { amount: String(available) } }),
})

const FULL = {
  license: 'LIC123',
  current: { amount: '123456.78' },
  maximum: { amount: '1000000' },
  until: UNTIL,
  quotaID: { quotaId: 'q-1' },
  tariffQuota: part(123456.78, 1_000_000, 876543.22),
  topUpQuota: part(0, 0, 0),
}

const QUOTA = { used: 123456.78, limit: 1_000_000, available: 876543.22, resetsAt: UNTIL, at: NOW }

describe('a quota', () => {
  const read: [what: string, given: unknown, quota: Quota][] = [
    ['as quota/get answers it', { current: FULL }, QUOTA],
    ['as an answer has it', FULL, QUOTA],
    [
      'without its parts',
      { current: { amount: '2.5' }, maximum: { amount: '10' }, until: UNTIL },
      { used: 2.5, limit: 10, available: 7.5, resetsAt: UNTIL, at: NOW },
    ],
    ['in numbers', { current: 2, maximum: 10 }, { used: 2, limit: 10, available: 8, at: NOW }],
    [
      'in texts, the time too',
      { current: '2', maximum: ' 10 ', until: String(UNTIL) },
      { used: 2, limit: 10, available: 8, resetsAt: UNTIL, at: NOW },
    ],
    ['in amounts that are numbers', { current: { amount: 2 }, maximum: { amount: 10 } }, { used: 2, limit: 10, available: 8, at: NOW }],
    ['that is overdrawn', { current: 12, maximum: 10 }, { used: 12, limit: 10, available: 0, at: NOW }],
    [
      'used up but for what was bought on top',
      { ...part(10, 10), tariffQuota: part(10, 10, 0), topUpQuota: part(1, 5, 4) },
      { used: 10, limit: 10, available: 4, at: NOW },
    ],
    [
      'whose parts do not say what is left',
      { ...part(8, 10), tariffQuota: part(8, 10), topUpQuota: part(6, 5) },
      { used: 8, limit: 10, available: 2, at: NOW },
    ],
    ['with one part', { ...part(10, 10), topUpQuota: part(0, 5, 5) }, { used: 10, limit: 10, available: 5, at: NOW }],
    ['of parts alone', { tariffQuota: part(1, 10, 9), topUpQuota: part(1, 5, 4) }, { used: 2, limit: 15, available: 13, at: NOW }],
    [
      'whose parts are broken',
      { ...part(4, 10), tariffQuota: { available: 'much' }, topUpQuota: null },
      { used: 4, limit: 10, available: 6, at: NOW },
    ],
    ['below nothing', { current: '-3', maximum: 10, tariffQuota: { available: '-1' } }, { used: 0, limit: 10, available: 0, at: NOW }],
    ['that should have begun anew already', { ...part(1, 10), until: NOW }, { used: 1, limit: 10, available: 9, at: NOW }],
    ['that ends at no time', { ...part(1, 10), until: 'soon' }, { used: 1, limit: 10, available: 9, at: NOW }],
    ['of nothing, overdrawn', { current: 1, maximum: 0 }, { used: 1, limit: 0, available: 0, at: NOW }],
    ['whose parts say that nothing is left', { ...part(0, 0), tariffQuota: part(0, 0, 0) }, { used: 0, limit: 0, available: 0, at: NOW }],
  ]
  for (const [what, given, quota] of read) test(what, () => expect(parseQuota(given, NOW)).toEqual(quota))

  for (const given of [
    undefined,
    null,
    'x',
    [],
    {},
    { current: {} },
    { current: 5 },
    { maximum: 5 },
    { current: 'NaN', maximum: '5' },
    part(0, 0),
  ]) {
    test(`is not known from ${JSON.stringify(given)}`, () => expect(parseQuota(given, NOW)).toBeUndefined())
  }

  test('is spent in its own unit', () => {
    expect([{ amount: '12.34' }, '5', 6, { amount: 0 }, { amount: 'x' }, {}, null].map(parseSpent)).toEqual([
      12.34,
      5,
      6,
      0,
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('asking for it', () => {
  function asking(response: UpstreamResponse) {
    const seen: UpstreamRequest[] = []
    const send = async (request: UpstreamRequest): Promise<UpstreamResponse> => {
      seen.push(request)
      return response
    }
    const call = createJsonCall({ send, clock: new FakeClock(), limits: LIMITS })
    return { seen, request: { call, baseUrl: `${BASE_URL}/`, jwt: 'the.jwt.x', now: NOW } }
  }

  test('shows the JWT', async () => {
    const { seen, request } = asking(answer(200, { current: FULL }))
    expect(await readQuota(request)).toEqual({ state: 'read', quota: QUOTA })
    expect([seen[0]?.url, seen[0]?.method, seen[0]?.headers['grazie-authenticate-jwt']]).toEqual([
      `${BASE_URL}/user/v5/quota/get`,
      undefined,
      'the.jwt.x',
    ])
  })

  test('an account without a licence, or one who says nothing of use, leaves it unknown', async () => {
    expect(await readQuota(asking(answer(400, 'no licence')).request)).toEqual({ state: 'unknown' })
    expect(await readQuota(asking(answer(200, '<html>')).request)).toEqual({ state: 'unknown' })
  })

  test('with a JWT that is refused says so', async () => {
    expect(await readQuota(asking(answer(401, '')).request)).toEqual({ state: 'refused' })
  })

  const failures: [status: number, body: string, kind: ErrorKind, state: AccountVerdict['state'] | undefined][] = [
    [403, '', 'permission', undefined],
    [429, '', 'rate-limit', undefined],
    [477, 'Quota exceeded', 'quota-exhausted', 'exhausted'],
    [477, '{"message":"license suspension"}', 'quota-exhausted', 'suspended'],
    [503, '', 'unavailable', undefined],
    [302, '', 'bad-gateway', undefined],
  ]
  for (const [status, body, kind, state] of failures) {
    test(`that gets ${status} ${body} fails`, async () => {
      const error = await refusalOf(readQuota(asking(answer(status, body, { 'retry-after': '2' })).request).then(() => ''))
      expect([error.kind, error.upstream?.status, error.upstream?.verdict?.state]).toEqual([
        kind as typeof error.kind,
        status,
        state as never,
      ])
      if (!state) expect(error.retryAfterMs).toBe(2000)
    })
  }

  test('tells when it begins anew', async () => {
    const { seen, request } = asking(answer(200, { current: { last: 1, next: UNTIL, tariff: {} } }))
    expect([await readRefill(request), seen[0]?.url, seen[0]?.body]).toEqual([UNTIL, `${BASE_URL}/user/v5/quota/metadata/refill`, '{}'])
    for (const other of [answer(404, {}), answer(200, 'x'), answer(200, { current: { next: NOW } }), answer(200, { current: null })]) {
      expect(await readRefill(asking(other).request)).toBeUndefined()
    }
  })
})
