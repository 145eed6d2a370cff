import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { paperAccount, quotaOf } from './paper-accounts.ts'

const clock = new FakeClock()
const now = clock.now()
const failure = (kind: 'quota-exhausted' | 'bad-gateway') => new GatewayError(kind, 'x', { upstream: { status: 477 } })

test('priority 1 and enabled unless told', () => {
  expect(paperAccount('a')).toMatchObject({ priority: 1, enabled: true, inFlight: 0, served: 0 })
  expect(paperAccount('a', { priority: 7, enabled: false })).toMatchObject({ priority: 7, enabled: false })
})

test('one that is switched off is disabled, whatever its health', () => {
  const account = paperAccount('a', { enabled: false })
  expect(account.unavailable('m', now)).toEqual({ state: 'disabled', reason: 'switched off' })
  expect(account.summary(now)).toEqual({ state: 'disabled', reason: 'switched off' })
  account.enabled = true
  expect([account.unavailable('m', now), account.summary(now)]).toEqual([undefined, undefined])
})

describe('a quota', () => {
  test('that is used up puts the account out until its reset', () => {
    const account = paperAccount('a')
    account.observed(quotaOf(0, { resetsAt: now + 5000 }), now)
    expect(account.summary(now)).toMatchObject({ state: 'exhausted', reason: 'quota exhausted', until: now + 5000 })
    expect(account.summary(now + 5000)).toBeUndefined()
  })

  test('of which something is left does not', () => {
    const account = paperAccount('a')
    account.observed(quotaOf(0.01), now)
    expect([account.quota?.available, account.summary(now)]).toEqual([0.01, undefined])
  })

  test('whose refusal comes has nothing left, and its reset counts', () => {
    const account = paperAccount('a')
    account.observed(quotaOf(50, { resetsAt: now + 60_000 }), now)
    account.failed('m', failure('bad-gateway'), now + 1)
    expect(account.quota?.available).toBe(50)
    account.failed('m', failure('quota-exhausted'), now + 1)
    expect(account.quota).toMatchObject({ available: 0, used: 50, at: now + 1 })
    expect(account.summary(now + 1)).toMatchObject({ state: 'exhausted', until: now + 60_000 })
  })

  test('that nobody has told of is ten minutes', () => {
    const account = paperAccount('a')
    account.failed('m', failure('quota-exhausted'), now)
    expect([account.quota, account.summary(now)?.until]).toEqual([undefined, now + 600_000])
  })
})

test('a suspended licence says nothing of the quota', () => {
  const account = paperAccount('a')
  account.observed(quotaOf(40), now)
  const verdict = { state: 'suspended' as const, reason: 'licence suspended (477)' }
  account.failed('m', new GatewayError('quota-exhausted', 'x', { upstream: { status: 477, verdict } }), now)
  expect([account.quota?.available, account.summary(now)?.state]).toEqual([40, 'suspended'])
})

test('a good answer is counted, timed as a moving mean, and ends a back-off', () => {
  const account = paperAccount('a')
  account.failed('m', new GatewayError('rate-limit', 'x', { upstream: {} }), now)
  account.proved('m', 100, now + 5)
  expect(account).toMatchObject({ served: 1, provenAt: now + 5, latencyMs: 100 })
  expect(account.unavailable('m', now + 5)).toBeUndefined()
  account.proved('m', 200, now + 6)
  expect(account).toMatchObject({ served: 2, provenAt: now + 6, latencyMs: 120 })
})

test('the listener is told of the account with each change', () => {
  const told: unknown[] = []
  const account = paperAccount('a', {}, (changed, before, after) => told.push([changed.id, before?.state, after?.state]))
  account.observed(quotaOf(0), now)
  account.observed(quotaOf(0), now + 1)
  account.health.checked()
  expect(told).toEqual([
    ['a', undefined, 'exhausted'],
    ['a', 'exhausted', undefined],
  ])
})
