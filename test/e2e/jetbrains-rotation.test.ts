import { afterEach, expect, setDefaultTimeout, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import { CHAT, expectAnswer, MESSAGES, post } from './support/client-routes.ts'
import { byJwt, chatsOf, type JetbrainsStage, type StageOptions, startJetbrainsStage } from './support/jetbrains.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const MODEL = 'google-chat-gemini-pro-2.5'
const LICENCES = ['ONE', 'TWO', 'THREE']

let stage: JetbrainsStage | undefined
afterEach(async () => {
  await stage?.stop()
  stage = undefined
})

async function start(config: Json, more: Partial<StageOptions> = {}): Promise<JetbrainsStage> {
  stage = await startJetbrainsStage({ accounts: LICENCES.map(licenseId => ({ licenseId })), config, ...more })
  return stage
}

/** Which account answered, as the client is told. */
async function servedBy({ gateway }: JetbrainsStage, body: Json = {}, route = CHAT): Promise<string> {
  const response = await post(gateway.url, route, route.body(MODEL, body))
  await expectAnswer(response.clone() as Response, route)
  return response.headers.get('x-dragoman-account') ?? ''
}

function countsOf(served: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const label of served) counts[label] = (counts[label] ?? 0) + 1
  return counts
}

test('round robin is exact, whatever the dialect, and the client is told whose turn it was', async () => {
  const running = await start({})
  const served: string[] = []
  for (let at = 0; at < 30; at++) served.push(await servedBy(running, { stream: at % 2 === 0 }, at % 3 === 0 ? MESSAGES : CHAT))
  expect(countsOf(served)).toEqual({ one: 10, two: 10, three: 10 })
  expect(new Set(served.slice(0, 3)).size).toBe(3)
  expect(served.slice(3)).toEqual(served.slice(0, -3))
  expect(LICENCES.map(licence => chatsOf(running, licence))).toEqual([10, 10, 10])
})

test('at random is even, by χ²', async () => {
  const running = await start({ load_balance_strategy: 'random' })
  const served: string[] = []
  while (served.length < 300) served.push(...(await Promise.all(Array.from({ length: 20 }, () => servedBy(running)))))
  const counts = Object.values(countsOf(served))
  expect(counts).toHaveLength(3)
  const chiSquare = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0)
  // Two degrees of freedom: beyond this lies one run in a million.
  expect(chiSquare).toBeLessThan(27.6)
  // Nor is it turns in disguise.
  expect(served.slice(3)).not.toEqual(served.slice(0, -3))
})

test('a lower priority number goes first, and the others stand in for it', async () => {
  const priorities: Record<string, number> = { ONE: 2, TWO: 1, THREE: 3 }
  const running = await start({}, { entry: account => byJwt(account, { priority: priorities[account.licenseId] }) })
  for (let at = 0; at < 5; at++) expect(await servedBy(running)).toBe('two')
  running.account('TWO').exhaust()
  for (let at = 0; at < 3; at++) expect(await servedBy(running)).toBe('one')
  running.account('ONE').suspend()
  expect(await servedBy(running)).toBe('three')
})

test('least_used spares the one that has less left', async () => {
  const running = await start(
    { load_balance_strategy: 'least_used' },
    { accounts: LICENCES.map(licenseId => ({ licenseId, quota: { maximum: 1_000_000 } })) },
  )
  // Two answers tell what is left: half of one account, nearly all of the others.
  running.sim.script({ spent: 500_000 }, { spent: 100 }, { spent: 100 })
  const first = [await servedBy(running), await servedBy(running), await servedBy(running)]
  expect(new Set(first).size).toBe(3)
  const served: string[] = []
  for (let at = 0; at < 20; at++) served.push(await servedBy(running))
  expect(countsOf(served)).toEqual({ [first[1] ?? '']: 10, [first[2] ?? '']: 10 })
})

test('only a conversation with turns behind it stays where its cache is', async () => {
  const running = await start({})
  const conversation = (name: string, turns: number): Json => ({
    messages: Array.from({ length: turns * 2 - 1 }, (_, at) => ({
      role: at % 2 === 0 ? 'user' : 'assistant',
      content: at === 0 ? name : `turn ${at}`,
    })),
  })
  // Its first turn follows the strategy.
  const home = await servedBy(running, conversation('a', 1))
  const others: string[] = []
  for (let turn = 2; turn <= 6; turn++) {
    others.push(await servedBy(running, conversation(`b${turn}`, 1)))
    expect(await servedBy(running, conversation('a', turn))).toBe(home)
  }
  expect(new Set(others).size).toBeGreaterThan(1)
  // Single turns that begin alike are no conversation.
  const alike: string[] = []
  for (let at = 0; at < 9; at++) alike.push(await servedBy(running, conversation('same', 1)))
  expect(countsOf(alike)).toEqual({ one: 3, two: 3, three: 3 })
  // Its home is gone: it moves, and stays there.
  running.account(home.toUpperCase()).exhaust()
  const next = await servedBy(running, conversation('a', 7))
  expect(next).not.toBe(home)
  for (let turn = 8; turn < 11; turn++) expect(await servedBy(running, conversation('a', turn))).toBe(next)
})
