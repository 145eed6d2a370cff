import { afterAll, beforeAll, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { type JetbrainsSimulator, startJetbrains } from '../simulators/jetbrains.ts'
import { CHAT, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { command, newFolder, run } from './support/gateway.ts'

const KEY = 'sk-of-the-older-go-proxy-42'

let sim: JetbrainsSimulator
let folder = ''

beforeAll(() => {
  sim = startJetbrains({ accounts: [{ licenseId: 'LIC1' }, { licenseId: 'LIC2' }] })
  folder = newFolder()
})
afterAll(async () => {
  await sim.close()
  rmSync(folder, { recursive: true, force: true })
})

const jwts = () => ['LIC1', 'LIC2'].map(licence => sim.account({ licenseId: `${licence}-${crypto.randomUUID()}` }).jwt())
const env = () => ({ PATH: process.env.PATH, HOME: folder, DRAGOMAN_JETBRAINS_BASE_URL: sim.url })

test('nothing but the flags of the older proxy: -c -k -s -p -h', async () => {
  const args = ['-c', jwts().join(','), '-k', KEY, '-s', 'random', '-p', '0', '-h', '127.0.0.2']
  const child = Bun.spawn([...command, ...args], { cwd: folder, env: env(), stdout: 'pipe', stderr: 'inherit' })
  try {
    let text = ''
    let url: string | undefined
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true })
      url = /listens on (http:\/\/\S+)/.exec(text)?.[1]
      if (url !== undefined) break
    }
    expect(url).toStartWith('http://127.0.0.2:')
    if (url === undefined) return
    for (const [route, model] of [
      [CHAT, 'gpt-4o'],
      [MESSAGES, 'claude-3.5-sonnet'],
    ] as const) {
      await expectAnswer(await post(url, route, route.body(model), { key: KEY }), route)
    }
    await expectError(await post(url, CHAT, CHAT.body('gpt-4o'), { key: 'sk-another-key-than-this' }), CHAT, 401)
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({
      ...{ status: 'ok', healthy_tokens: 2, total_tokens: 2, strategy: 'random' },
    })
  } finally {
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  }
})

test('--print-config shows tokens by their ends only', async () => {
  const tokens = jwts()
  const { stdout, stderr, code } = await run(['-c', tokens.join(','), '-k', KEY, '-p', '7001', '--print-config'], {
    cwd: folder,
    env: env(),
  })
  expect(code).toBe(0)
  expect(stdout).toContain('"server_port": 7001')
  for (const token of tokens) {
    expect(stdout).toContain(`…${token.slice(-4)}`)
    expect(stdout + stderr).not.toContain(token.slice(0, 20))
  }
})

test('a token that is none is told, and the others serve', async () => {
  const [token = ''] = jwts()
  const { stderr, code } = await run(['-c', `not-a-token,${token}`, '-k', KEY, '--print-config'], { cwd: folder, env: env() })
  expect(code).toBe(0)
  expect(stderr).toContain('jetbrains_tokens.0')
  expect(stderr).not.toContain('not-a-token')
})
