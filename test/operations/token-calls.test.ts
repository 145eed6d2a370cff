import { describe, expect, test } from 'bun:test'
import { Pool } from '../../src/accounts/pool.ts'
import { asGatewayError, GatewayError } from '../../src/core/errors.ts'
import { jetbrains } from '../../src/dialects/jetbrains/index.ts'
import { callUpstream } from '../../src/operations/upstream-call.ts'
import { attemptTargets } from '../../src/routing/attempt.ts'
import type { Trail } from '../../src/routing/trail.ts'
import { pulledBody } from '../../src/upstream/body.ts'
import type { UpstreamResponse } from '../../src/upstream/client.ts'
import { PaperTokens, tokenAccount } from '../accounts/paper-accounts.ts'
import { paperProvider } from '../routing/providers.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** An upstream that takes the tokens it is told to, and two accounts. */
class Scene {
  readonly clock = new FakeClock()
  readonly trail: Trail = { attempts: [], skipped: [] }
  readonly shown: string[] = []
  released = 0
  good: readonly string[] = []
  readonly first = new PaperTokens(() => 'a-1')
  readonly accounts = [tokenAccount('a', this.first), tokenAccount('b', new PaperTokens(() => 'b-1'))]

  #answer(token: string): UpstreamResponse {
    const status = this.good.includes(token) ? 200 : 401
    const pieces = [Buffer.from(status === 200 ? 'fine' : 'no')]
    return {
      status,
      headers: new Headers(),
      body: pulledBody(
        async () => pieces.shift(),
        () => void this.released++,
      ),
    }
  }

  async ask(): Promise<number> {
    const provider = paperProvider('jb', {
      type: 'jetbrains',
      dialect: jetbrains,
      pool: new Pool(this.accounts),
      headers: (_, token = '') => ({ 'grazie-authenticate-jwt': token }),
      send: async ({ standing, headers }) => {
        const token = { ...headers, ...standing }['grazie-authenticate-jwt'] ?? ''
        this.shown.push(token)
        return this.#answer(token)
      },
    })
    const { signal } = new AbortController()
    const services = { clock: this.clock, random: { float: () => 0.5 } }
    const { value } = await attemptTargets([{ provider, model: 'm' }], this.trail, services, { signal }, async lease => {
      const { upstream } = jetbrains
      if (!upstream) throw new Error('spoken by upstreams')
      const response = await callUpstream(lease, upstream, { body: '{}', headers: {}, path: '/x', client: { signal } })
      return response.status
    })
    return value
  }

  states(): (string | undefined)[] {
    return this.accounts.map(account => account.summary(this.clock.now())?.state)
  }
}

describe('a token that the upstream refuses', () => {
  test('is replaced, and the request is sent once more', async () => {
    const scene = new Scene()
    scene.good = ['a-2']
    scene.first.next = 'a-2'
    expect(await scene.ask()).toBe(200)
    expect(scene.shown).toEqual(['a-1', 'a-2'])
    expect(scene.first.refused).toEqual(['a-1'])
    expect(scene.released).toBe(1)
    expect(scene.states()).toEqual([undefined, undefined])
    expect(scene.trail.attempts.map(({ account, outcome }) => `${account} ${outcome}`)).toEqual(['a ok'])
  })

  test('twice takes the account out until somebody signs in, and the next one serves', async () => {
    const scene = new Scene()
    scene.good = ['b-1']
    scene.first.next = 'a-2'
    expect(await scene.ask()).toBe(200)
    expect(scene.shown).toEqual(['a-1', 'a-2', 'b-1'])
    expect(scene.states()).toEqual(['needs_sign_in', undefined])
    expect(scene.trail.attempts.map(({ account, outcome, status }) => `${account} ${outcome} ${status}`)).toEqual([
      'a authentication 401',
      'b ok 200',
    ])
  })

  test('and cannot be replaced does so at once', async () => {
    const scene = new Scene()
    scene.good = ['b-1']
    expect(await scene.ask()).toBe(200)
    expect(scene.shown).toEqual(['a-1', 'b-1'])
    expect(scene.states()).toEqual(['needs_sign_in', undefined])
  })

  test('and whose successor cannot be made leaves the verdict to that, and no connection behind', async () => {
    const scene = new Scene()
    scene.good = ['b-1']
    const verdict = { state: 'cooling_down' as const, reason: 'no new token', forMs: 60_000 }
    scene.first.next = new GatewayError('bad-gateway', 'no new token', { upstream: { verdict } })
    expect(await scene.ask()).toBe(200)
    expect(scene.states()).toEqual(['cooling_down', undefined])
    expect(scene.released).toBe(1)
  })

  test('at every account: none of the client’s business', async () => {
    const scene = new Scene()
    const error = asGatewayError(await scene.ask().catch(thrown => thrown))
    expect(error.kind).toBe('bad-gateway')
    expect(error.message).not.toContain('a-1')
    expect(scene.states()).toEqual(['needs_sign_in', 'needs_sign_in'])
  })
})
