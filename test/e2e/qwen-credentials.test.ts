import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_RULES } from '../simulators/qwen/rules.ts'
import { type QwenSimulator, startQwen } from '../simulators/qwen.ts'
import { adminList } from './support/admin.ts'
import { CHAT, expectAnswer, MESSAGES, post } from './support/client-routes.ts'
import { newFolder, type RunningGateway, startGateway } from './support/gateway.ts'
import { accountOf, credentialsFile, readCredentials, signIn } from './support/qwen.ts'
import { eventually } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

const MODEL = 'coder-model'
const chat = (gateway: RunningGateway) => post(gateway.url, CHAT, CHAT.body(MODEL))
const labels = async (gateway: RunningGateway) => (await adminList(gateway.url, '/admin/accounts')).data.map(({ label }) => label).sort()

interface Set {
  sim: QwenSimulator
  home: string
  start(qwen?: Record<string, unknown>, env?: Record<string, string>): Promise<RunningGateway>
}

/** A simulated Qwen and a home folder, without any gateway yet. */
async function withHome(work: (set: Set) => Promise<void>, rules = {}): Promise<void> {
  const sim = startQwen({ rules: { callsPerMinute: 100_000, ...rules } })
  const home = newFolder()
  const running: RunningGateway[] = []
  const start: Set['start'] = async (qwen = {}, env = {}) => {
    const gateway = await startGateway({
      folder: home,
      config: { qwen: { oauth_url: sim.url, ...qwen } },
      env,
    })
    running.push(gateway)
    return gateway
  }
  try {
    await work({ sim, home, start })
  } finally {
    await Promise.all(running.map(gateway => gateway.stop()))
    await sim.close()
    rmSync(home, { recursive: true, force: true })
  }
}

describe('which files are used', () => {
  test("the CLI's own and those beside it, without being named", () =>
    withHome(async ({ sim, home, start }) => {
      signIn(sim, 'ann', credentialsFile(home))
      signIn(sim, 'bob', credentialsFile(home, 'bob'))
      const gateway = await start()
      expect(await labels(gateway)).toEqual(['bob', 'qwen-1'])
      await expectAnswer(await chat(gateway), CHAT)
      await expectAnswer(await post(gateway.url, MESSAGES, MESSAGES.body(MODEL, { stream: true })), MESSAGES)
      expect(new Set(sim.requests.map(({ key }) => key))).toEqual(new Set(['ann', 'bob']))
      // One that comes later is seen, and one that goes is gone.
      signIn(sim, 'eve', credentialsFile(home, 'eve'))
      await eventually('eve is there', async () => (await labels(gateway)).includes('eve'), 10_000)
      rmSync(credentialsFile(home, 'bob'))
      await eventually('bob is gone', async () => !(await labels(gateway)).includes('bob'), 10_000)
    }))

  test('those of somebody who signs in with the CLI for the first time, while the gateway runs', () =>
    withHome(async ({ sim, home, start }) => {
      const gateway = await start()
      expect((await chat(gateway)).status).toBe(404)
      signIn(sim, 'ann', credentialsFile(home))
      await eventually('it is served', async () => (await chat(gateway)).status === 200, 10_000)
    }))

  test('those of QWEN_HOME, which replaces the folder', () =>
    withHome(async ({ sim, home, start }) => {
      const elsewhere = join(home, 'elsewhere')
      signIn(sim, 'ann', credentialsFile(home))
      signIn(sim, 'bob', join(elsewhere, 'oauth_creds.json'))
      const gateway = await start({}, { QWEN_HOME: elsewhere })
      await expectAnswer(await chat(gateway), CHAT)
      expect(sim.requests.map(({ key }) => key)).toEqual(['bob'])
      expect(await labels(gateway)).toEqual(['qwen-1'])
    }))

  test('none, where an empty list says so', () =>
    withHome(async ({ sim, home, start }) => {
      signIn(sim, 'ann', credentialsFile(home))
      const gateway = await start({ credentials: [] })
      expect(await labels(gateway)).toEqual([])
      expect((await chat(gateway)).status).toBe(404)
      expect(sim.requests).toEqual([])
    }))

  test('the named ones; a file that is named twice, by a link too, is one account', () =>
    withHome(async ({ sim, home, start }) => {
      const [one, two, link] = ['one.json', 'two.json', 'link.json'].map(name => join(home, name)) as [string, string, string]
      signIn(sim, 'ann', one, 20_000)
      signIn(sim, 'bob', two)
      symlinkSync(one, link)
      signIn(sim, 'eve', credentialsFile(home))
      const gateway = await start({ credentials: [link, one, two, two] })
      expect(await labels(gateway)).toHaveLength(2)
      for (let at = 0; at < 4; at++) await expectAnswer(await chat(gateway), CHAT)
      expect(sim.requests.filter(({ route }) => route === 'generate').map(({ key }) => key)).toEqual(['ann', 'bob', 'ann', 'bob'])
      // It was due: the link stays one, and the file has the new tokens.
      expect(statSync(link).ino).toBe(statSync(one).ino)
      expect(readCredentials(one).access_token).toBe(sim.user('ann').latest.accessToken)
    }))

  test('one that is broken takes nobody else out, and says what is wrong', () =>
    withHome(async ({ sim, home, start }) => {
      signIn(sim, 'ann', credentialsFile(home))
      writeFileSync(credentialsFile(home, 'bad'), '{"access_token":"secret-in-a-broken-file"')
      writeFileSync(credentialsFile(home, 'odd'), '{"access_token":"a","refresh_token":"b","token_type":"Bearer"}')
      const gateway = await start()
      for (let at = 0; at < 3; at++) await expectAnswer(await chat(gateway), CHAT)
      const { data } = await adminList(gateway.url, '/admin/accounts')
      expect(data.find(({ label }) => label === 'bad')).toMatchObject({ state: 'needs_sign_in', reason: expect.stringContaining('JSON') })
      expect(data.find(({ label }) => label === 'odd')).toMatchObject({
        state: 'needs_sign_in',
        reason: expect.stringContaining('expiry_date'),
      })
      expect(gateway.output()).not.toContain('secret-in-a-broken-file')
      signIn(sim, 'bob', credentialsFile(home, 'bad'))
      await eventually('bob is back', async () => (await accountOf(gateway, 'bad')).state === 'active', 10_000)
      for (let at = 0; at < 2; at++) await expectAnswer(await chat(gateway), CHAT)
      expect(sim.requests.map(({ key }) => key)).toContain('bob')
    }))
})

describe('a refresh', () => {
  test('30 s before the end, before anybody is given the old token; the file is what the CLI would have written', () =>
    withHome(async ({ sim, home, start }) => {
      const file = credentialsFile(home)
      const ann = signIn(sim, 'ann', file, 29_000)
      const written = { ...readCredentials(file), of_others: { kept: true } }
      writeFileSync(file, JSON.stringify(written), { mode: 0o644 })
      sim.rules.omitResourceUrl = true
      const gateway = await start()
      await expectAnswer(await chat(gateway), CHAT)
      expect(sim.counts).toMatchObject({ refresh: 1, chat: 1 })
      expect(sim.requests.map(({ route }) => route)).toEqual(['refresh', 'generate'])
      const { accessToken, refreshToken } = ann.latest
      expect(sim.requests.at(-1)?.headers.authorization).toBe(`Bearer ${accessToken}`)
      const text = await Bun.file(file).text()
      const kept = readCredentials(file)
      expect(text).toBe(JSON.stringify(kept, null, 2))
      expect(Object.keys(kept)).toEqual(['access_token', 'token_type', 'refresh_token', 'resource_url', 'expiry_date', 'of_others'])
      expect(kept).toMatchObject({ access_token: accessToken, refresh_token: refreshToken, token_type: 'Bearer', resource_url: sim.url })
      expect(Math.abs(Number(kept.expiry_date) - Date.now() - DEFAULT_RULES.accessLifetimeS * 1000)).toBeLessThan(10_000)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      // The next one uses it as it is.
      await expectAnswer(await chat(gateway), CHAT)
      expect(sim.counts.refresh).toBe(1)
    }))

  test('none while the token is good for more than that', () =>
    withHome(async ({ sim, home, start }) => {
      signIn(sim, 'ann', credentialsFile(home), 60_000)
      const gateway = await start()
      await expectAnswer(await chat(gateway), CHAT)
      expect(sim.counts).toMatchObject({ refresh: 0, chat: 1 })
    }))

  test('a refresh token that stays as it is stays in the file', () =>
    withHome(async ({ sim, home, start }) => {
      const file = credentialsFile(home)
      signIn(sim, 'ann', file, -1)
      const { refresh_token: before } = readCredentials(file)
      sim.rules.omitRefreshToken = true
      await expectAnswer(await chat(await start()), CHAT)
      expect(readCredentials(file).refresh_token).toBe(before)
    }))

  test.each([
    ['a slash at its end', '/'],
    ['its version', '/v1'],
  ])('resource_url with %s leads to the same place', (_, end) =>
    withHome(async ({ sim, home, start }) => {
      const file = credentialsFile(home)
      signIn(sim, 'ann', file)
      writeFileSync(file, JSON.stringify({ ...readCredentials(file), resource_url: sim.url + end }))
      await expectAnswer(await chat(await start()), CHAT)
    }),
  )
})

describe('the lock', () => {
  test('left by somebody who died is taken away; one that is young is waited for', () =>
    withHome(async ({ sim, home, start }) => {
      const file = credentialsFile(home)
      const lock = join(home, '.qwen', 'oauth_creds.lock')
      const ann = signIn(sim, 'ann', file, -1)
      writeFileSync(lock, 'somebody')
      const longAgo = Date.now() / 1000 - 36
      utimesSync(lock, longAgo, longAgo)
      const gateway = await start()
      await expectAnswer(await chat(gateway), CHAT)
      expect(sim.counts.refresh).toBe(1)
      expect(() => statSync(lock)).toThrow('ENOENT')

      // The CLI is renewing at this moment: what it comes to is taken from the file.
      writeFileSync(lock, 'the CLI')
      ann.expireTokens()
      const waiting = chat(gateway)
      await eventually('it was refused', () => sim.counts.chat === 2)
      const renewed = sim.writeCredentials(file, ann)
      rmSync(lock)
      await expectAnswer(await waiting, CHAT)
      expect(sim.counts.refresh).toBe(1)
      expect(sim.requests.at(-1)?.headers.authorization).toBe(`Bearer ${String(renewed.access_token)}`)
    }))
})
