import { describe, expect, test } from 'bun:test'
import type { Account } from '../../src/accounts/account.ts'
import { Affinity } from '../../src/accounts/affinity.ts'
import { Pool, type Strategy } from '../../src/accounts/pool.ts'
import { Candidates, type Conversation } from '../../src/routing/candidates.ts'
import type { Target } from '../../src/routing/provider.ts'
import type { Trail } from '../../src/routing/trail.ts'
import { paperAccount } from '../accounts/paper-accounts.ts'
import { paperProvider } from './providers.ts'

const NOW = Date.UTC(2026, 0, 1)
const random = { float: () => 0 }

/** One target of several accounts, and the conversations that come to it. */
class Scene {
  readonly affinity = new Affinity()
  readonly accounts: Account[]
  readonly target: Target
  now = NOW

  constructor(labels: string, strategy: Strategy = 'round_robin', maxConcurrent?: number) {
    this.accounts = labels.split(' ').map(label => paperAccount(label, { provider: 'p' }))
    this.target = { provider: paperProvider('p', { pool: new Pool(this.accounts, strategy), maxConcurrent }), model: 'm' }
  }

  account(label: string): Account {
    return this.accounts.find(account => account.label === label) as Account
  }

  candidates(conversation?: Conversation, trail: Trail = { attempts: [], skipped: [] }): Candidates {
    return new Candidates(this.target, trail, random, conversation)
  }

  conversation(key: string, goesOn: boolean): Conversation {
    return { affinity: this.affinity, key: () => key, goesOn }
  }

  /** Who serves a turn. */
  turn(key: string, goesOn: boolean): string {
    const candidates = this.candidates(this.conversation(key, goesOn))
    const account = candidates.next(this.now)
    if (account) candidates.served(account, this.now)
    return account?.label ?? 'nobody'
  }

  /** All candidates of a request, in order. */
  all(conversation?: Conversation, trail?: Trail): string[] {
    const candidates = this.candidates(conversation, trail)
    const labels: string[] = []
    for (let account = candidates.next(this.now); account; account = candidates.next(this.now)) labels.push(account.label)
    return labels
  }
}

describe('the accounts of a target', () => {
  test('each once, as the pool has it', () => {
    const scene = new Scene('a b c')
    expect(scene.all()).toEqual(['a', 'b', 'c'])
    expect(scene.all()).toEqual(['a', 'b', 'c'])
    expect(scene.turn('x', false)).toBe('a')
    expect(scene.all()).toEqual(['b', 'c', 'a'])
  })

  test('the unfit ones are told, each once, with state, reason and end', () => {
    const scene = new Scene('a b c d', 'round_robin', 2)
    scene.account('a').health.restore({ state: 'suspended', reason: 'licence suspended' })
    scene.account('b').enabled = false
    scene.account('d').inFlight = 2
    const trail: Trail = { attempts: [], skipped: [] }
    expect(scene.all(undefined, trail)).toEqual(['c'])
    expect(trail.skipped).toEqual([
      { provider: 'p', account: 'a', state: 'suspended', reason: 'licence suspended', until: undefined },
      { provider: 'p', account: 'b', state: 'disabled', reason: 'switched off', until: undefined },
      { provider: 'p', account: 'd', state: 'active', reason: 'at its limit of 2 requests at once', until: undefined },
    ])
  })

  test('one that goes out meanwhile is passed by too', () => {
    const scene = new Scene('a b c')
    const trail: Trail = { attempts: [], skipped: [] }
    const candidates = scene.candidates(undefined, trail)
    expect(candidates.next(NOW)?.label).toBe('a')
    scene.account('b').health.exhausted(NOW, NOW + 60_000)
    expect([candidates.next(NOW)?.label, candidates.next(NOW)]).toEqual(['c', undefined])
    expect(trail.skipped).toEqual([{ provider: 'p', account: 'b', state: 'exhausted', reason: 'quota exhausted', until: NOW + 60_000 }])
  })

  test('one that was passed by is not tried in the same request, though it be back', () => {
    const scene = new Scene('a b')
    scene.account('a').health.restore({ state: 'exhausted', reason: 'r', until: NOW + 1 })
    const candidates = scene.candidates()
    expect(candidates.next(NOW)?.label).toBe('b')
    expect(candidates.next(NOW + 10)).toBeUndefined()
  })
})

describe('a conversation', () => {
  test('that goes on stays where its cache is, whoever’s turn it is', () => {
    const scene = new Scene('a b c')
    expect(scene.turn('x', false)).toBe('a')
    for (let turn = 0; turn < 10; turn++) expect(scene.turn('x', true)).toBe('a')
    expect(scene.turn('y', false)).toBe('b')
  })

  test('that begins follows the strategy exactly, though the same was said before', () => {
    const scene = new Scene('a b c')
    const turns = Array.from({ length: 3000 }, (_, index) => {
      // Others that go on do not take anybody's turn.
      if (index % 7 === 1) scene.turn('same', true)
      return scene.turn('same', false)
    })
    for (let index = 0; index < turns.length; index++) expect(turns[index]).toBe('abc'.charAt(index % 3))
  })

  test('that goes on, and is not known or has gone cold, follows the strategy', () => {
    const scene = new Scene('a b')
    expect([scene.turn('x', true), scene.turn('y', true)]).toEqual(['a', 'b'])
    expect(scene.turn('x', true)).toBe('a')
    scene.now += 600_000
    scene.turn('another', false)
    expect(scene.turn('x', true)).toBe('b')
  })

  test('stays though others are out', () => {
    const scene = new Scene('a b c')
    scene.turn('x', false)
    scene.account('b').health.restore({ state: 'suspended', reason: 'r' })
    expect([scene.turn('x', true), scene.turn('x', true)]).toEqual(['a', 'a'])
  })

  test('whose account is out goes elsewhere, saying why, and stays there', () => {
    const scene = new Scene('a b c')
    scene.turn('x', false)
    scene.account('a').health.restore({ state: 'exhausted', reason: 'r' })
    const trail: Trail = { attempts: [], skipped: [] }
    expect(scene.all(scene.conversation('x', true), trail)).toEqual(['b', 'c'])
    expect(trail.skipped.map(({ account }) => account)).toEqual(['a'])
    expect(scene.turn('x', true)).toBe('b')
    scene.account('a').health.clear()
    expect(scene.turn('x', true)).toBe('b')
  })

  test('whose account fails goes on with the others, each once', () => {
    const scene = new Scene('a b c')
    scene.turn('w', false)
    scene.turn('x', false)
    expect(scene.all(scene.conversation('x', true))).toEqual(['b', 'c', 'a'])
  })

  test('is another one at another provider or model', () => {
    const scene = new Scene('a b')
    scene.turn('x', false)
    const other: Target = { ...scene.target, model: 'n' }
    const candidates = new Candidates(other, { attempts: [], skipped: [] }, random, scene.conversation('x', true))
    expect(candidates.next(NOW)?.label).toBe('b')
  })

  test('what it cost its account counts as use', () => {
    const scene = new Scene('a b', 'least_used')
    scene.turn('x', false)
    for (let turn = 0; turn < 3; turn++) scene.turn('x', true)
    expect(scene.accounts.map(({ uses }) => uses)).toEqual([4, 0])
    expect([scene.turn('1', false), scene.turn('2', false), scene.turn('3', false), scene.turn('4', false)]).toEqual(['b', 'b', 'b', 'b'])
  })

  test('has no name where there is nothing to choose', () => {
    const scene = new Scene('a')
    let asked = 0
    const conversation = {
      ...scene.conversation('x', true),
      key: () => {
        asked++
        return 'x'
      },
    }
    const candidates = scene.candidates(conversation)
    candidates.served(candidates.next(NOW) as Account, NOW)
    expect(asked).toBe(0)
    const two = new Scene('a b').candidates(conversation)
    two.served(two.next(NOW) as Account, NOW)
    expect(asked).toBe(1)
  })
})
