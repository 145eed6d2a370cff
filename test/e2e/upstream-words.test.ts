import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer } from '../simulators/answer.ts'
import { admin } from './support/admin.ts'
import { CLIENT_ROUTES, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { UPSTREAM_KINDS } from './support/upstreams.ts'

/** Stands for a piece of the conversation that the upstream quotes. */
const QUOTED = 'canary-quoted-conversation-4b7e'

const FAULTS: Answer[] = [
  { status: 400, message: `Invalid prompt: "${QUOTED}"` },
  { status: 500, message: `Failed on "${QUOTED}"` },
  { status: 429, message: `Too many of "${QUOTED}"` },
  { streamError: { type: 'api_error', message: `Broke at "${QUOTED}"` } },
  { text: ['one ', 'two '], streamError: { type: 'api_error', message: `Broke at "${QUOTED}"` } },
]

/** One for each fault, which always answers with it. */
const cases = FAULTS.flatMap(answer => UPSTREAM_KINDS.map(kind => ({ answer, kind, simulator: kind.start() })))
let gateway: RunningGateway

const modelOf = (index: number): string => `model-${index}`

beforeAll(async () => {
  for (const { simulator, answer } of cases) simulator.script(...Array.from({ length: 20 }, () => answer))
  gateway = await startGateway({
    config: {
      log_level: 'debug',
      providers: cases.map(({ kind, simulator }, index) => kind.provider(simulator, { name: `up ${index}`, models: ['elsewhere'] })),
      models: Object.fromEntries(
        cases.map(({ kind }, index) => [modelOf(index), { targets: [{ provider: `up ${index}`, model: kind.model }] }]),
      ),
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all(cases.map(({ simulator }) => simulator.close()))
})

test('what an upstream says of an error reaches the caller, and neither the log nor the records', async () => {
  const silent: string[] = []
  for (const [index, { answer, kind }] of cases.entries()) {
    for (const route of CLIENT_ROUTES) {
      const text = await (await post(gateway.url, route, route.body(modelOf(index), { stream: answer.streamError !== undefined }))).text()
      // The second caller may find the account cooling down.
      if (!text.includes(QUOTED) && route === CLIENT_ROUTES[0]) silent.push(`${kind.name} ${JSON.stringify(answer)}: ${text}`)
    }
  }
  expect(silent).toEqual([])
  const records = await (await admin(gateway.url, '/admin/requests?limit=1000')).text()
  expect(records).toContain('400 invalid request')
  expect(records).not.toContain(QUOTED)
  expect(gateway.output()).toContain('400 invalid request')
  expect(gateway.output()).not.toContain(QUOTED)
  for (const name of readdirSync(gateway.dataDir)) expect(readFileSync(join(gateway.dataDir, name), 'latin1')).not.toContain(QUOTED)
})
