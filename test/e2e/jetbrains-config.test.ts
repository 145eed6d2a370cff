import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import type { JetbrainsSimulator } from '../simulators/jetbrains.ts'
import { startJetbrains } from '../simulators/jetbrains.ts'
import { CHAT, expectAnswer, expectError, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { byJwt, byRefresh, jetbrainsAt } from './support/jetbrains.ts'
import { StreamReader } from './support/streams.ts'
import { LONG_TEXT, OPENAI } from './support/upstreams.ts'
import { eventually } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const MODEL = 'google-chat-gemini-pro-2.5'

let sim: JetbrainsSimulator
beforeAll(() => {
  sim = startJetbrains()
})
afterAll(() => sim.close())

const account = (licenseId: string) => ACCOUNTS.get(licenseId) ?? addAccount(licenseId)
const ACCOUNTS = new Map<string, ReturnType<JetbrainsSimulator['account']>>()
function addAccount(licenseId: string) {
  const added = sim.account({ licenseId })
  ACCOUNTS.set(licenseId, added)
  return added
}

async function servedBy(gateway: RunningGateway, times: number): Promise<string[]> {
  const served: string[] = []
  for (let at = 0; at < times; at++) {
    const response = await post(gateway.url, CHAT, CHAT.body(MODEL))
    served.push(response.headers.get('x-dragoman-account') ?? String(response.status))
    await expectAnswer(response, CHAT)
  }
  return served
}

const labels = async (gateway: RunningGateway, times: number): Promise<string[]> => [...new Set(await servedBy(gateway, times))].sort()

test('accounts come and go with the file, and an open stream goes on', async () => {
  const [one, two, three] = ['ONE', 'TWO', 'THREE'].map(account)
  if (!one || !two || !three) throw new Error('no accounts')
  const [first, second, third] = [byJwt(one), byJwt(two), byRefresh(three)]
  const config = (jetbrains_accounts: Json[], more: Json = {}): Json => ({
    jetbrains: jetbrainsAt(sim),
    jetbrains_accounts,
    health_check_interval: '5m',
    ...more,
  })
  const gateway = await startGateway({ config: config([first]) })
  const reloads = () => gateway.output().split('configuration reloaded').length - 1
  const change = async (next: Json) => {
    const before = reloads()
    gateway.writeConfig(next)
    await eventually('it is read', () => reloads() > before)
  }
  try {
    sim.script({ text: LONG_TEXT, delayBetweenMs: 100 })
    const stream = new StreamReader(await post(gateway.url, CHAT, CHAT.body(MODEL, { stream: true })))
    await stream.until(/two/)
    // The account that streams is taken out, and others come in, by both lists.
    await change(config([second, third], { jetbrains_tokens: [{ token: account('FOUR').jwt(), name: 'four', priority: 1 }] }))
    expect(stream.text).not.toContain('twelve')
    expect(await labels(gateway, 6)).toEqual(['four', 'three', 'two'])
    expect(CHAT.readStream(await stream.rest())).toMatchObject({ text: LONG_TEXT.join(''), finish: 'stop' })
    expect(stream.text).not.toContain('error')

    // What is known of an account outlives the change of another; a switched-off one is out, a renamed one the same.
    two.suspend()
    await servedBy(gateway, 4)
    await change(config([{ ...second, name: 'renamed' }, { ...third, enabled: false }, first]))
    expect(await labels(gateway, 4)).toEqual(['one'])
    const health = (await (await fetch(`${gateway.url}/health`)).json()) as Json
    expect(health).toMatchObject({ total_tokens: 3, healthy_tokens: 1 })

    // A strategy is taken over too, and a file that is broken is not.
    await change(config([first, { ...third, priority: 2 }], { load_balance_strategy: 'random' }))
    expect(await labels(gateway, 4)).toEqual(['one'])
    await Bun.write(`${gateway.folder}/dragoman.json`, '{ "jetbrains_accounts": [')
    await gateway.until(/configuration not applied: .*dragoman\.json/)
    expect(await labels(gateway, 2)).toEqual(['one'])
  } finally {
    await gateway.stop()
  }
})

test('an account that has to sign in serves again as soon as the file has a new token for it', async () => {
  const one = account('SIGNS')
  const config = (jwt: string): Json => ({
    jetbrains: jetbrainsAt(sim),
    jetbrains_accounts: [{ name: 'signs', jwt }],
    health_check_interval: '5m',
  })
  const gateway = await startGateway({ config: config(one.jwt({ expired: true })) })
  try {
    await expectError(await post(gateway.url, CHAT, CHAT.body(MODEL)), CHAT, 503)
    gateway.writeConfig(config(one.jwt()))
    await gateway.until(/configuration reloaded/)
    expect(await labels(gateway, 2)).toEqual(['signs'])
  } finally {
    await gateway.stop()
  }
})

test('a provider of its own, with a token for its key; another vendor stands in when it has nothing left', async () => {
  const other = OPENAI.start()
  const jetbrains = { name: 'JB', provider_type: 'jetbrains', base_url: sim.url, api_key: account('KEYED').jwt(), priority: 1 }
  const gateway = await startGateway({
    config: {
      providers: [OPENAI.provider(other, { name: 'Other', models: ['gpt-4o'], priority: 2 }), jetbrains],
      health_check_interval: '5m',
    },
  })
  const provider = async () => {
    const response = await post(gateway.url, CHAT, CHAT.body('gpt-4o'))
    await expectAnswer(response.clone() as Response, CHAT)
    return response.headers.get('x-dragoman-provider')
  }
  try {
    expect(await provider()).toBe('JB')
    account('KEYED').exhaust()
    expect(await provider()).toBe('Other')
    const asked = sim.counts.chat
    expect(await provider()).toBe('Other')
    expect(sim.counts.chat).toBe(asked)
    expect(gateway.output()).not.toMatch(/eyJ[\w-]{8}/)
  } finally {
    await gateway.stop()
    await other.close()
  }
})

describe('entries that are no good', () => {
  let gateway: RunningGateway
  /** None of these may be seen again. */
  const canaries: string[] = []
  const secret = (text: string): string => {
    canaries.push(text)
    return text
  }

  beforeAll(async () => {
    const good = account('GOOD')
    const jwt = secret(good.jwt())
    // Its maker's clock is an hour ahead of ours.
    const ahead = account('AHEAD')
    sim.clock.advance(3_600_000)
    const fromTheFuture = secret(ahead.jwt())
    sim.clock.advance(-3_600_000)
    gateway = await startGateway({
      config: {
        jetbrains: jetbrainsAt(sim),
        health_check_interval: '5m',
        jetbrains_tokens: [
          { token: secret('canary-not-a-jwt-7f3a9c'), name: 'text' },
          { token: secret('canary.two.parts!.4d1e'), name: 'parts' },
          { token: jwt, name: 'good' },
          { token: `Bearer ${jwt}`, name: 'double' },
          { token: secret(account('OLD').jwt({ expired: true })), name: 'expired' },
          { token: fromTheFuture, name: 'ahead' },
          { token: 'your-jwt-here', name: 'template' },
          { name: 'nothing' },
        ],
        jetbrains_accounts: [
          { name: 'no licence', refresh_token: secret('canary-refresh-55b0') },
          { name: 'no means', licenseId: 'LONELY' },
          byRefresh(account('WHOLE')),
          { ...byRefresh(account('WHOLE')), name: 'again' },
        ],
      },
    })
    canaries.push(account('WHOLE').refreshToken)
  })
  afterAll(() => gateway.stop())

  test('are told by file and place', () => {
    const output = gateway.output()
    for (const place of [
      /dragoman\.json.*jetbrains_tokens\[?\.?0\]?.*JWT/,
      /dragoman\.json.*jetbrains_tokens\[?\.?1\]?.*JWT/,
      /dragoman\.json.*jetbrains_tokens\[?\.?3\]?.*same token stands at jetbrains_tokens\[?\.?2/,
      /dragoman\.json.*jetbrains_tokens\[?\.?6\]?.*placeholder/,
      /dragoman\.json.*jetbrains_tokens\[?\.?7\]?.*required/,
      /dragoman\.json.*jetbrains_accounts\[?\.?0\]?.*licenseId/,
      /dragoman\.json.*jetbrains_accounts\[?\.?1\]?.*licence/,
      /dragoman\.json.*jetbrains_accounts\[?\.?3\]?.*same licence stands at/,
    ]) {
      expect(output).toMatch(place)
    }
  })

  test('keep nobody else from being served', async () => {
    expect(await labels(gateway, 6)).toEqual(['ahead', 'good', 'whole'])
    const health = (await (await fetch(`${gateway.url}/health`)).json()) as Json
    expect(health).toMatchObject({ total_tokens: 4, healthy_tokens: 3 })
    await gateway.until(/"account":"expired","state":"needs_sign_in"/)
    await gateway.until(/clock.*differ/)
  })

  test('leave no secret in the log', () => {
    for (const canary of canaries) expect(gateway.output()).not.toContain(canary)
    expect(gateway.output()).not.toMatch(/eyJ[\w-]{8}/)
  })
})
