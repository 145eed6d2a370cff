import { afterAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parse } from 'jsonc-parser'
import { describeConfig, maskConfig, renderConfig } from '../../src/config/describe.ts'
import { jwtOf } from './jwt.ts'
import { removeWorkplaces, Workplace } from './workplace.ts'

afterAll(removeWorkplaces)

/** A configuration with a secret in every place that may hold one. */
function withSecrets(secret: (place: number) => string): { file: object; count: number } {
  let count = 0
  const next = () => secret(count++)
  const file = {
    bearer_token: next(),
    client_api_keys: [next(), { name: 'ci', key: next() }],
    admin_key: next(),
    secret_key: next(),
    metrics_key: next(),
    database: { url: `postgresql://user:${next()}@db.example/x?sslmode=require&password=${next()}`, supabase_key: next() },
    providers: [{ name: 'A', provider_type: 'openai', api_key: next(), headers: { authorization: next(), 'x-team': next() } }],
    jetbrains_tokens: [jwtOf(next()), { token: jwtOf(next()), metadata: { note: next(), deep: { deeper: [next()] } } }],
    jetbrains_accounts: [{ licenseId: 'LIC1', authorization: next(), jwt: jwtOf(next()), refresh_token: next(), id_token: next() }],
    jetbrains: { headers: { 'grazie-agent': next() } },
    qwen: { headers: { 'x-key': next() } },
    model_list: [
      {
        url: `https://list.example/models?api_key=${next()}`,
        auth_token: next(),
        overrides: [{ family: 'f', base_url: 'https://o.example', auth_token: next() }],
      },
    ],
  }
  return { file, count }
}

test('no secret is shown, whatever it is and wherever it stands', async () => {
  const { count } = withSecrets(() => '')
  const word = fc.stringMatching(/^[A-Za-z0-9]{10,40}$/)
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(word, { minLength: count, maxLength: count }), async words => {
      const secrets = words.map((each, index) => `${index}Q${each}`)
      const loaded = await new Workplace().loadFile(withSecrets(index => secrets[index] ?? '').file)
      expect(loaded.errors).toEqual([])
      const described = describeConfig(loaded)
      const shown = JSON.stringify(described) + renderConfig(described) + JSON.stringify(loaded.warnings)
      expect(secrets.filter(secret => shown.includes(secret) || shown.includes(secret.slice(0, 8)))).toEqual([])
    }),
    { numRuns: 25 },
  )
})

test('what is shown of a secret, and of what is none', async () => {
  const { config } = await new Workplace().loadFile(withSecrets(index => `a-long-secret-${1000 + index}`).file)
  const masked = maskConfig(config)
  expect(masked).toMatchObject({
    bearer_token: '…1000',
    client_api_keys: [{ key: '…1001' }, { name: 'ci', key: '…1002' }],
    database: { type: 'postgresql', url: 'postgresql://user:…@db.example/x?sslmode=require&password=…' },
    providers: [{ name: 'A', base_url: 'https://api.openai.com/v1' }],
    timeouts: { connect: '10s', first_byte: '5m', idle: '2m', heartbeat: '15s' },
    limits: { body: '32MB', depth: 100 },
    jetbrains_tokens: [{ token: '…1012' }, { token: '…1013', metadata: { note: '…1014', deep: { deeper: '…' } } }],
    jetbrains_accounts: [{ licenseId: 'LIC1', authorization: '…1016', jwt: '…1017', refresh_token: '…1018', id_token: '…1019' }],
    jetbrains: { headers: { 'grazie-agent': '…1020' } },
  })
})

test.each([
  ['sqlite:///./broker.db', 'sqlite:///./broker.db'],
  ['postgresql://me@db/x', 'postgresql://…@db/x'],
  ['postgresql://db/x?sslmode=require', 'postgresql://db/x?sslmode=require'],
])('database %s', async (url, shown) => {
  const { config } = await new Workplace().loadFile({ database: { url }, secret_key: 'secret-of-ours' })
  expect(maskConfig(config)).toMatchObject({ database: { url: shown } })
})

test('what is printed is JSON with comments, each value with its origin', async () => {
  const place = new Workplace()
  const loaded = await place.loadFile(
    { server_port: 9000, providers: [{ name: 'A', provider_type: 'demo' }] },
    { env: { LOG_LEVEL: 'debug' } },
  )
  const described = describeConfig(loaded)
  const text = renderConfig(described)
  expect(parse(text)).toEqual(described.config)
  expect(text).toContain(`"server_port": 9000, // file ${place.cwd}/dragoman.json:1:16\n`)
  expect(text).toContain('"log_level": "debug", // environment LOG_LEVEL\n')
  expect(text).toContain('"strict": false, // default\n')
  expect(described.origins['providers.0.name']).toStartWith('file ')
})

test('what is shown is read as the same configuration again, but for secrets', async () => {
  const place = new Workplace()
  const { config } = await place.loadFile({ shutdown_timeout: '1500ms', limits: { body: 1025 }, models: { a: { aliases: ['b'] } } })
  const again = await place.load({ flags: { config: place.write('again.json', maskConfig(config)) } })
  expect(again.errors).toEqual([])
  expect(again.config).toEqual(config)
})
