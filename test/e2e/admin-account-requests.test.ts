import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import { jwtOf } from '../config/jwt.ts'
import { admin, adminList } from './support/admin.ts'
import { CANARY, ManagedAccounts } from './support/managed-accounts.ts'

const managed = await ManagedAccounts.start()
const { call, add, get, change, removeAll, servedBy, account, staticJwt, oauth } = managed
afterAll(managed.stop)

describe('what is posted wrong', () => {
  const jwt = jwtOf('c2ln')
  const rows: [string, unknown, number, string | null, RegExp][] = [
    ['no body', '', 400, null, /body/],
    ['no JSON', '{', 400, null, /body/],
    ['a list', '[]', 400, null, /JSON object/],
    ['no credential', {}, 400, 'credential', /required/],
    ['a credential that is a text', { credential: jwt }, 400, 'credential', /must be an object/],
    ['no kind', { credential: { jwt } }, 400, 'credential.kind', /required/],
    [
      'an unknown kind',
      { credential: { kind: 'password' } },
      400,
      'credential.kind',
      /static_jwt, jetbrains_license, jetbrains_oauth, api_key/,
    ],
    ['no JWT', { credential: { kind: 'static_jwt' } }, 400, 'credential.jwt', /required/],
    ['an empty JWT', { credential: { kind: 'static_jwt', jwt: ' ' } }, 400, 'credential.jwt', /empty/],
    ['a JWT that is none', { credential: { kind: 'static_jwt', jwt: `${CANARY}-no-jwt` } }, 400, 'credential.jwt', /no JWT/],
    ['a JWT that is a number', { credential: { kind: 'static_jwt', jwt: 5 } }, 400, 'credential.jwt', /string/],
    ['a licence alone', { credential: { kind: 'jetbrains_license', licenseId: 'L' } }, 400, 'credential.authorization', /required/],
    ['a sign-in without licence', { credential: { kind: 'jetbrains_oauth', refresh_token: 'r' } }, 400, 'credential.licenseId', /required/],
    ['a misspelt field', { credential: { kind: 'static_jwt', jwt, licenceId: 'L' } }, 400, 'credential.licenceId', /licenseId/],
    [
      'what the kind has no use for',
      { credential: { kind: 'static_jwt', jwt, refresh_token: 'r' } },
      400,
      'credential.refresh_token',
      /jwt/,
    ],
    ['an empty key', { provider: 'OpenAI', credential: { kind: 'api_key', api_key: '' } }, 400, 'credential.api_key', /empty/],
    [
      'a key with a line break',
      { provider: 'OpenAI', credential: { kind: 'api_key', api_key: 'a\nb' } },
      400,
      'credential.api_key',
      /blanks/,
    ],
    ['a key for nobody', { credential: { kind: 'api_key', api_key: 'sk-1' } }, 400, 'provider', /required/],
    ['an unknown provider', { provider: 'OpenIA', credential: { kind: 'api_key', api_key: 'sk-1' } }, 400, 'provider', /'OpenAI'/],
    ['a JWT for OpenAI', { provider: 'OpenAI', credential: { kind: 'static_jwt', jwt } }, 400, 'credential.kind', /takes api_key/],
    ['a key for JetBrains', { provider: 'jetbrains', credential: { kind: 'api_key', api_key: 'sk-1' } }, 400, 'provider', /no provider/],
    ['a misspelt member', { lable: 'x', credential: { kind: 'static_jwt', jwt } }, 400, 'lable', /'label'/],
    ['a version', { version: 1, credential: { kind: 'static_jwt', jwt } }, 400, 'version', /no field/],
    ['an empty label', { label: ' ', credential: { kind: 'static_jwt', jwt } }, 400, 'label', /empty/],
    ['a label that is no text', { label: 7, credential: { kind: 'static_jwt', jwt } }, 400, 'label', /string/],
    ['a label with a line break', { label: 'a\nb', credential: { kind: 'static_jwt', jwt } }, 400, 'label', /control/],
    ['half a priority', { priority: 1.5, credential: { kind: 'static_jwt', jwt } }, 400, 'priority', /integer/],
    ['a priority beyond all', { priority: 1e12, credential: { kind: 'static_jwt', jwt } }, 400, 'priority', /integer/],
    ['yes for true', { enabled: 'yes', credential: { kind: 'static_jwt', jwt } }, 400, 'enabled', /boolean/],
  ]

  test.each(rows)('(%s) is refused by the name of the field, and nothing is added', async (_, body, status, param, words) => {
    const before = (await adminList(managed.url, '/admin/accounts')).data.length
    const answer = await call('POST', '/admin/accounts', body)
    expect(answer.json).toMatchObject({ error: { message: expect.stringMatching(words), type: 'invalid_request_error', param } })
    expect(answer.status).toBe(status)
    expect((await adminList(managed.url, '/admin/accounts')).data).toHaveLength(before)
  })

  test('another media type is a 415, another method a 405 that names those there are', async () => {
    expect((await call('POST', '/admin/accounts', 'x', { 'content-type': 'text/plain' })).status).toBe(415)
    for (const [method, path, allow] of [
      ['DELETE', '/admin/accounts', 'GET, HEAD, POST, OPTIONS'],
      ['POST', '/admin/accounts/x', 'GET, HEAD, PATCH, PUT, DELETE, OPTIONS'],
      ['GET', '/admin/accounts/x/check', 'POST, OPTIONS'],
    ] as const) {
      const answer = await admin(managed.url, path, { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
    }
  })

  test('an account that is there already, or a label that is taken, is a 409', async () => {
    await removeAll()
    await add({ label: 'Mine', credential: oauth('ONE') })
    const again = await call('POST', '/admin/accounts', { credential: oauth('ONE') })
    expect(again).toMatchObject({ status: 409, json: { error: { param: 'credential', code: 'account_exists' } } })
    const taken = await call('POST', '/admin/accounts', { label: 'Mine', credential: oauth('TWO') })
    expect(taken).toMatchObject({ status: 409, json: { error: { param: 'label', code: 'label_taken' } } })
    const own = await call('POST', '/admin/accounts', {
      provider: 'OpenAI',
      label: 'OpenAI-1',
      credential: { kind: 'api_key', api_key: 'sk-2' },
    })
    expect(own).toMatchObject({ status: 409, json: { error: { param: 'label', code: 'label_taken' } } })
  })

  test('an account that is not there is a 404', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['POST', '/check'],
    ] as const) {
      const { status, json } = await call(method, `/admin/accounts/nobody${path}`, method === 'GET' ? undefined : '{}')
      expect(status, method).toBe(404)
      expect(json.error).toEqual({
        message: 'no account has this id or label',
        type: 'invalid_request_error',
        param: null,
        code: null,
      })
    }
  })
})

test('a label that is nearly right is found in the error, and what was asked for is not repeated', async () => {
  await removeAll()
  await add({ label: 'Primary', credential: oauth('TWO') })
  const { json } = await call('GET', '/admin/accounts/primray')
  expect(json).toMatchObject({ error: { message: "no account has this id or label; did you mean 'Primary'?" } })
})

describe('the list', () => {
  const path = '/admin/accounts'
  const labels = async (query: string): Promise<unknown[]> => (await adminList(managed.url, path + query)).data.map(({ label }) => label)

  beforeAll(async () => {
    await removeAll()
    for (const [index, licenseId] of ['TWO', 'THREE'].entries()) await add({ label: `a${10 - index}`, credential: staticJwt(licenseId) })
    await add({ label: 'off', enabled: false, credential: { kind: 'static_jwt', jwt: jwtOf('b2Zm') } })
  })

  test('goes by provider and label, in pages of any size', async () => {
    const everyone = ['a9', 'a10', 'off', 'OpenAI-1']
    expect(await labels('')).toEqual(everyone)
    for (const limit of [1, 2, 3]) {
      const seen: unknown[] = []
      let next: string | null = ''
      while (next !== null) {
        const page: { data: Json[]; next: string | null } = await adminList(
          managed.url,
          `${path}?limit=${limit}${next && `&cursor=${next}`}`,
        )
        expect(page.data.length).toBeLessThanOrEqual(limit)
        seen.push(...page.data.map(({ label }) => label))
        next = page.next
      }
      expect(seen).toEqual(everyone)
    }
  })

  test('loses nobody when an account goes between two pages', async () => {
    const label = 'a/8 b%'
    await add({ label, credential: { kind: 'static_jwt', jwt: jwtOf('Z29l') } })
    expect((await get(label)).label).toBe(label)
    const { data, next } = await adminList(managed.url, `${path}?limit=1`)
    expect(data.map(one => one.label)).toEqual([label])
    expect((await call('DELETE', `${path}/${encodeURIComponent(label)}`)).status).toBe(204)
    expect(await labels(`?limit=2&cursor=${next}`)).toEqual(['a9', 'a10'])
  })

  test('can be narrowed', async () => {
    expect(await labels('?provider=OpenAI')).toEqual(['OpenAI-1'])
    expect(await labels('?kind=static_jwt&state=active')).toEqual(['a9', 'a10'])
    expect(await labels('?state=disabled')).toEqual(['off'])
    expect(await labels('?provider=nobody')).toEqual([])
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=x', 'limit'],
    ['cursor=x', 'cursor'],
    ['state=resting', 'state'],
    ['kind=jwt', 'kind'],
    ['lable=x', 'lable'],
    ['state=active&state=disabled', 'state'],
  ])('?%s is refused', async (query, param) => {
    expect(await call('GET', `${path}?${query}`)).toMatchObject({ status: 400, json: { error: { param } } })
  })
})

test('no secret comes out of it', async () => {
  await removeAll()
  const licenseId = `LIC-${CANARY}`
  const one = account(licenseId)
  const secrets = [one.refreshToken, one.jwt(), one.authorization(), `sk-${CANARY}-0123456789`]
  const [refresh_token, jwt, authorization, api_key] = secrets
  await add({ label: 'c', credential: { kind: 'jetbrains_oauth', refresh_token, licenseId } })
  await change('c', { credential: { kind: 'jetbrains_license', licenseId, authorization } })
  await change('c', { credential: { kind: 'static_jwt', jwt } })
  await call('POST', '/admin/accounts', { credential: { kind: 'static_jwt', jwt } })
  await call('POST', '/admin/accounts', { label: 'd', credential: { kind: 'static_jwt', jwt: `${refresh_token}` } })
  await add({ provider: 'OpenAI', label: 'e', credential: { kind: 'api_key', api_key } })
  for (const path of ['/c/check', '/e/check']) await call('POST', `/admin/accounts${path}`)
  for (const secret of secrets) await call('GET', `/admin/accounts/${encodeURIComponent(secret)}`)
  for (const path of ['/admin/accounts', '/config', '/admin/config', '/stats', '/admin/requests']) await call('GET', path)
  await servedBy()
  expect(managed.told).toContain('"label":"e"')
  const output = managed.stage.gateway.output()
  for (const secret of secrets) {
    for (const form of [secret, secret.slice(0, -5), secret.slice(5)]) {
      expect(managed.told.includes(form), 'in an answer').toBe(false)
      expect(output.includes(form), 'in the output').toBe(false)
    }
  }
})
