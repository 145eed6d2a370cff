import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountIdOf } from '../../src/composition/account-identity.ts'
import { readAccountChanges, readNewAccount } from '../../src/composition/new-account.ts'
import { QwenAccounts } from '../../src/composition/qwen-accounts.ts'
import { checkSignInFile } from '../../src/composition/qwen-files.ts'
import { QwenService } from '../../src/composition/qwen-service.ts'
import { systemClock } from '../../src/core/clock.ts'
import { configOf } from './configs.ts'

const folder = mkdtempSync(join(tmpdir(), 'dragoman-qwen-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TOKENS = { access_token: 'a', refresh_token: 'r' }
const CONTENT = { ...TOKENS, token_type: 'Bearer', expiry_date: 4_102_444_800_000 }

function homeWith(...names: string[]): string {
  const home = mkdtempSync(join(folder, 'home-'))
  for (const name of names) writeFileSync(join(home, name), JSON.stringify(CONTENT))
  return home
}

async function accountsIn(home: string): Promise<QwenAccounts> {
  const config = configOf({ qwen: { home } })
  const send = () => Promise.reject(new Error('nobody is asked'))
  const events = { renewalFailed() {}, storeFailed() {}, skewed() {} }
  const qwen = new QwenService({ settings: () => config.qwen, send, clock: systemClock, events })
  const accounts = new QwenAccounts({ clock: systemClock, config: () => config, qwen, warn: message => expect.unreachable(message) })
  await accounts.look(config)
  return accounts
}

const labelsOf = (accounts: readonly { label: string }[]): string[] => accounts.map(({ label }) => label)

describe('accounts of files', () => {
  test('are called as their files are, and never as another account is', async () => {
    const accounts = await accountsIn(homeWith('oauth_creds.json', 'oauth_creds_work.json'))
    const own = accounts.beside([])
    expect(labelsOf(own)).toEqual(['qwen-1', 'work'])
    const kept = (provider: string, label: string) => ({ ...own[0], id: `acct_${label}`, provider, label }) as (typeof own)[number]
    expect(labelsOf(accounts.beside([kept('qwen', 'qwen-1'), kept('qwen', 'work'), kept('other', 'qwen-3')]))).toEqual(['qwen-2', 'qwen-3'])
  })

  test('are left to whoever has named the same file', async () => {
    const home = homeWith('oauth_creds.json', 'oauth_creds_work.json')
    const accounts = await accountsIn(home)
    const [first] = accounts.beside([])
    if (!first) return expect.unreachable()
    expect(first.id).toBe(accountIdOf('qwen', { file: join(home, 'oauth_creds.json') }))
    expect(labelsOf(accounts.beside([{ ...first, label: 'mine' }]))).toEqual(['work'])
  })

  test('are the same by whatever path', () => {
    const home = homeWith('oauth_creds.json')
    mkdirSync(join(home, 'links'))
    symlinkSync(join(home, 'oauth_creds.json'), join(home, 'links', 'mine.json'))
    const id = accountIdOf('qwen', { file: join(home, 'oauth_creds.json') })
    expect(accountIdOf('qwen', { file: join(home, 'links', 'mine.json') })).toBe(id)
    expect(accountIdOf('qwen', { file: join(home, 'nowhere.json') })).not.toBe(id)
  })
})

describe('a posted Qwen sign-in', () => {
  const KEYED = { name: 'qwen', provider_type: 'qwen', plan: 'coding', api_key: 'sk-sp-1' }
  const OWN = { name: 'Portal', provider_type: 'qwen' }
  const post = (providers: object[], credential: object, more: object = {}) =>
    readNewAccount({ credential: { kind: 'qwen_oauth', ...credential }, ...more }, configOf({ providers }))

  test('joins the provider whose accounts sign in, be it configured or not', () => {
    expect(post([], TOKENS).provider).toBe('qwen')
    expect(post([], TOKENS, { provider: 'qwen' }).provider).toBe('qwen')
    expect(post([KEYED], TOKENS).provider).toBe('qwen-oauth')
    expect(post([KEYED, OWN], TOKENS).provider).toBe('Portal')
    expect(() => post([KEYED], TOKENS, { provider: 'qwen' })).toThrow("provider 'qwen', which is paid by key, takes api_key")
    const key = { kind: 'api_key', api_key: 'k' }
    expect(() => readNewAccount({ provider: 'Portal', credential: key }, configOf({ providers: [OWN] }))).toThrow(
      'has no key, takes qwen_oauth',
    )
  })

  test('is read as the file of the CLI would be, and tells no end where none is told', () => {
    const full = { ...CONTENT, resource_url: 'portal.qwen.ai' }
    expect(post([], full)).toMatchObject({ kind: 'qwen_oauth', credential: full })
    expect(post([], { ...TOKENS, access_token: 'Bearer a' }).credential).toEqual({ ...TOKENS, token_type: 'Bearer', expiry_date: 0 })
    expect(post([], { file: '/x/oauth_creds.json' }).credential).toEqual({ file: '/x/oauth_creds.json' })
  })

  test('takes the place of another, and of nothing else', () => {
    const before = { id: 'acct_1', provider: 'qwen', kind: 'qwen_oauth', origin: 'admin' } as const
    expect(readAccountChanges({ credential: { file: '/x.json' } }, before).changes).toMatchObject({ credential: { file: '/x.json' } })
    expect(() => readAccountChanges({ credential: { kind: 'api_key', api_key: 'k' } }, before)).toThrow('take qwen_oauth')
    const jetbrains = { ...before, provider: 'jetbrains', kind: 'static_jwt' } as const
    expect(() => readAccountChanges({ credential: { kind: 'qwen_oauth', ...TOKENS } }, jetbrains)).toThrow('take static_jwt')
  })

  test.each([
    ['oauth_creds.json', JSON.stringify(CONTENT), undefined],
    ['none.json', undefined, 'credential.file: none.json is gone'],
    ['torn.json', '{"access_token"', 'credential.file: torn.json is no valid JSON'],
    ['other.json', '{"access_token":"a"}', 'credential.file: other.json has no refresh_token'],
  ])('in %s is looked at first', async (name, content, refusal) => {
    const file = join(mkdtempSync(join(folder, 'file-')), name)
    if (content !== undefined) writeFileSync(file, content)
    const checked = checkSignInFile({ file }, systemClock)
    if (refusal === undefined) expect(await checked).toBeUndefined()
    else await expect(checked).rejects.toThrow(refusal)
  })
})
