import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { FaultName } from '../simulators/qwen/faults.ts'
import { admin, recordOf } from './support/admin.ts'
import { CLIENT_ROUTES, expectAnswer, expectError, post } from './support/client-routes.ts'
import { chatsOf, type QwenStage, startQwenStage } from './support/qwen.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

const MODEL = 'coder-model'
const LABELS = ['qwen-1', 'bob']

let stage: QwenStage

beforeAll(async () => {
  stage = await startQwenStage({ users: ['ann', 'bob'], config: () => ({ timeouts: { idle: '1s' } }) })
})
afterAll(() => stage.stop())

/** What was held against the accounts is forgotten, so that the next test finds them as the first did. */
beforeEach(async () => {
  for (const label of LABELS)
    expect((await admin(stage.gateway.url, `/admin/accounts/${label}/check`, { method: 'POST' })).status).toBe(200)
})

/** Errors that come in a 200 before anything was said: as data, as an event of their own, as nothing at all. */
const BEFORE: FaultName[] = ['error-frame', 'error-event', 'empty-stream', 'lost']

/** Ends of an answer that has begun, and what the client is told. */
const AFTER: [FaultName, RegExp][] = [
  ['late-error-frame', /Allocated quota exceeded/],
  ['late-error-event', /Allocated quota exceeded/],
  ['error-finish', /TPM/],
  ['no-finish', /broke off/],
  ['cut', /./],
  ['stall', /./],
]

describe.each(CLIENT_ROUTES)('$name', route => {
  const body = (more = {}) => route.body(MODEL, { stream: true, ...more })

  test.each(BEFORE)('%s before any content: the other account answers, and the client sees nothing', async fault => {
    stage.sim.fault(fault, { forKey: 'ann' })
    const bobs = chatsOf(stage, 'bob')
    // Accounts take turns, so that one of the two requests comes to hers first.
    const answers = [await post(stage.gateway.url, route, body()), await post(stage.gateway.url, route, body())]
    for (const answer of answers) {
      expect(await expectAnswer(answer.clone(), route)).toMatchObject({ text: 'You said: Say hello' })
    }
    expect(answers.map(({ headers }) => headers.get('x-dragoman-attempts')).sort()).toEqual(['1', '2'])
    expect(chatsOf(stage, 'bob') - bobs).toBeGreaterThan(0)
  })

  test('max_tokens that is refused in a frame is the caller’s to mend', async () => {
    stage.sim.fault('max-tokens-frame')
    const error = await expectError(await post(stage.gateway.url, route, body()), route, 400)
    expect(error.message).toMatch(/Range of max_tokens/)
  })

  test.each(AFTER)('%s: an error after what was said, and no end', async (fault, says) => {
    const messages = [{ role: 'user', content: `[qwen:${fault}]` }]
    const answer = await post(stage.gateway.url, route, body({ messages }))
    expect(answer.status).toBe(200)
    const { error, finish } = route.readStream(await answer.clone().text())
    expect(error?.message).toMatch(says)
    expect(finish).toBeUndefined()
    const record = await recordOf(stage.gateway.url, answer)
    expect(record.error).not.toBeNull()
    expect(record).toMatchObject({ attempts: [{ outcome: expect.stringMatching(/broke off|rate limit|quota/) }] })
  })
})
