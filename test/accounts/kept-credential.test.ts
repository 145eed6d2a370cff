import { expect, test } from 'bun:test'
import { type CredentialPort, KeptCredential } from '../../src/accounts/kept-credential.ts'

interface Paper {
  token: string
}

/** A store that answers a reading with what it held when that was begun, once the test lets it. */
class SlowStore implements CredentialPort<Paper> {
  stored: Paper | undefined
  readonly readings: PromiseWithResolvers<void>[] = []

  async load(): Promise<Paper | undefined> {
    const held = this.stored
    const gate = Promise.withResolvers<void>()
    this.readings.push(gate)
    await gate.promise
    return held
  }

  async save(credential: Paper): Promise<void> {
    this.stored = credential
  }

  acquire = async () => true
  release = async () => {}
}

const keptIn = (ports: SlowStore): KeptCredential<Paper> =>
  new KeptCredential({
    id: 'a',
    credential: { token: 'given' },
    ports,
    events: { storeFailed: () => {} },
    secretsOf: ({ token }) => [token],
  })

test('a reading that was begun before a new credential came does not take its place', async () => {
  const store = new SlowStore()
  store.stored = { token: 'another process’s' }
  const kept = keptIn(store)
  const caughtUp = kept.catchUp()
  await kept.keep({ token: 'renewed' })
  store.readings[0]?.resolve()
  await new Promise(resolve => setImmediate(resolve))
  expect(store.readings).toHaveLength(2)
  store.readings[1]?.resolve()
  await caughtUp
  expect([kept.current, store.stored]).toEqual([{ token: 'renewed' }, { token: 'renewed' }])
})

test('what another process has stored is taken over, and the one before is still a secret', async () => {
  const store = new SlowStore()
  store.stored = { token: 'another process’s' }
  const kept = keptIn(store)
  const caughtUp = kept.catchUp()
  store.readings[0]?.resolve()
  await caughtUp
  expect([kept.current.token, kept.secrets]).toEqual(['another process’s', ['another process’s', 'given']])
})
