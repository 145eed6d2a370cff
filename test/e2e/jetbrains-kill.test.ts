import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { JetbrainsAnswer } from '../simulators/jetbrains/answer.ts'
import type { JetbrainsSimulator } from '../simulators/jetbrains.ts'
import { startJetbrains } from '../simulators/jetbrains.ts'
import { CHAT, expectAnswer, expectError, post } from './support/client-routes.ts'
import { newFolder, type RunningGateway, startGateway } from './support/gateway.ts'
import { byJwt, byRefresh, jetbrainsAt } from './support/jetbrains.ts'
import { eventually } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const MODEL = 'google-chat-gemini-pro-2.5'

interface Moment {
  /** What holds the renewal up at this step. */
  prepare(sim: JetbrainsSimulator): void
  /** The step has been reached. */
  reached(sim: JetbrainsSimulator): boolean
  /** So long after it the process dies, in milliseconds. */
  afterMs?: number
  outcome: 'works' | 'signs in again' | 'either'
}

const HANGS: JetbrainsAnswer = { hangConnection: true }

/** Both calls answer within this time. */
const SLOW: JetbrainsAnswer = { delayHeadersMs: 60 }

const MOMENTS: Record<string, Moment> = {
  'before the account server answers, which has a new refresh token by then': {
    prepare: sim => sim.scriptOauth(HANGS),
    reached: sim => sim.counts.oauth === 1,
    outcome: 'signs in again',
  },
  'when the account server has answered, before the licence is shown': {
    prepare: sim => sim.scriptAccess(HANGS),
    reached: sim => sim.counts.provideAccess === 1,
    outcome: 'works',
  },
  'when the JWT was made and is on its way': {
    prepare: sim => sim.scriptAccess({ delayHeadersMs: 5000 }),
    reached: sim => sim.counts.provideAccess === 1,
    outcome: 'works',
  },
  'with the JWT, as it is used for the first time': {
    prepare: sim => sim.scriptProfiles(HANGS),
    reached: sim => sim.counts.profiles === 1,
    outcome: 'works',
  },
  ...Object.fromEntries(
    [40, 75, 110, 140].map(afterMs => [
      `${afterMs} ms after it began`,
      {
        prepare: (sim: JetbrainsSimulator) => {
          sim.scriptOauth(SLOW)
          sim.scriptAccess(SLOW)
        },
        reached: (sim: JetbrainsSimulator) => sim.counts.oauth === 1,
        afterMs,
        outcome: 'either' as const,
      },
    ]),
  ),
}

test.concurrent.each(Object.entries(MOMENTS))(
  'killed %s: the account works, or says that one has to sign in again',
  async (_, { prepare, reached, afterMs = 0, outcome }) => {
    const sim = startJetbrains()
    const folder = newFolder()
    let second: RunningGateway | undefined
    try {
      const account = sim.account({ licenseId: 'ONE' })
      const config = { jetbrains: jetbrainsAt(sim), jetbrains_accounts: [byRefresh(account)], health_check_interval: '5m' }
      prepare(sim)
      const first = startGateway({ folder, config })
      await eventually('the step is reached', () => reached(sim), 15_000)
      await Bun.sleep(afterMs)
      // It may not be listening yet: its start waits a while for the list of models.
      process.kill(Number(readFileSync(join(folder, 'data', 'dragoman.pid'), 'utf8').split('\n')[0]), 'SIGKILL')
      await first.then(
        gateway => gateway.exited,
        () => undefined,
      )
      const oauthBefore = sim.counts.oauth
      second = await startGateway({ folder, config })
      const response = await post(second.url, CHAT, CHAT.body(MODEL))
      const works = response.status === 200
      if (works) await expectAnswer(response, CHAT)
      else {
        const error = await expectError(response, CHAT, 503)
        expect(error.candidates).toMatchObject([{ account: 'one', state: 'needs_sign_in', reason: expect.stringMatching(/sign in again/) }])
      }
      if (outcome !== 'either') expect(works).toBe(outcome === 'works')
      expect(sim.counts.oauth - oauthBefore).toBeLessThan(3)
      expect(second.output()).not.toMatch(/internal error|unhandled|uncaught|eyJ[\w-]{8}|1\/\/refresh/)
    } finally {
      await second?.stop()
      await sim.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

test('a restart knows the tokens that were made, and who was out', async () => {
  const sim = startJetbrains()
  const folder = newFolder()
  let gateway: RunningGateway | undefined
  try {
    const [one, two, three] = ['ONE', 'TWO', 'THREE'].map(licenseId => sim.account({ licenseId }))
    if (!one || !two || !three) throw new Error('no accounts')
    const config = {
      jetbrains: jetbrainsAt(sim),
      jetbrains_accounts: [byRefresh(one), byJwt(two), byJwt(three)],
      health_check_interval: '5m',
    }
    const serves = async (times: number): Promise<void> => {
      for (let at = 0; at < times; at++) {
        const response = await post(gateway?.url ?? '', CHAT, CHAT.body(MODEL))
        await expectAnswer(response.clone() as Response, CHAT)
        expect(response.headers.get('x-dragoman-account')).toBe('one')
      }
    }
    two.suspend()
    three.revoke()
    gateway = await startGateway({ folder, config })
    await serves(3)
    await gateway.stop()
    const before = { ...sim.counts }
    gateway = await startGateway({ folder, config })
    await serves(3)
    // Nothing is found out again, and nothing is made anew.
    expect(sim.counts).toMatchObject({ oauth: before.oauth, provideAccess: before.provideAccess, chat: before.chat + 3 })
    expect(await (await fetch(`${gateway.url}/health`)).json()).toMatchObject({ healthy_tokens: 1, total_tokens: 3 })
    expect(sim.requestsOf(two).filter(({ route }) => route === 'generate')).toHaveLength(1)
  } finally {
    await gateway?.stop()
    await sim.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
