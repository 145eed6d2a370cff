import { afterAll, describe, expect, test } from 'bun:test'
import { formatDuration, formatSize } from '../../src/config/format.ts'
import { problemText } from '../../src/config/problem.ts'
import { parseDuration, parseSize } from '../../src/core/units.ts'
import { jwtOf } from './jwt.ts'
import { removeWorkplaces, Workplace } from './workplace.ts'

afterAll(removeWorkplaces)

const provider = (more: object = {}) => ({ name: 'A', provider_type: 'openai', ...more })

describe('JSON with comments', () => {
  test('comments, trailing commas and a byte order mark are taken', async () => {
    const { config, errors } = await new Workplace().loadFile(
      '\ufeff{\n  // a port\n  "server_port": 9000, /* more */\n  "allowed_hosts": ["a",],\n}\n',
    )
    expect(errors).toEqual([])
    expect(config).toMatchObject({ server_port: 9000, allowed_hosts: ['a'] })
  })

  test.each([
    ['{\n  "server_port": 1\n  "strict": true\n}', 3, 3, 'a comma is expected'],
    ['{ "server_port": }', 1, 18, 'a value is expected'],
    ['{\n "strict": yes }', 2, 12, 'unknown word'],
    ['', 1, 1, 'a value is expected'],
  ])('malformed: %j', async (text, line, column, message) => {
    const { errors, config } = await new Workplace().loadFile(text)
    expect(errors[0]).toMatchObject({ line, column, message: `malformed JSON: ${message}` })
    expect(config.server_port).toBe(8080)
  })

  test('something else than an object, and a key that stands twice', async () => {
    expect((await new Workplace().loadFile('[1]')).errors).toMatchObject([{ line: 1, column: 1, message: 'must be a JSON object' }])
    const { errors } = await new Workplace().loadFile('{\n "limits": {\n "depth": 1, "depth": 2 }\n}')
    expect(errors).toMatchObject([{ line: 3, column: 14, path: 'limits.depth', message: 'stands twice; the last one would win' }])
  })
})

describe('faults', () => {
  test('an unknown key is an error at its place, with what was meant', async () => {
    const place = new Workplace()
    const { errors } = await place.loadFile('{\n  "sever_port": 1,\n  "limits": { "boddy": 1 },\n  "zzzzzzzzzz": 1\n}')
    expect(errors).toMatchObject([
      { line: 2, column: 3, path: 'sever_port', message: 'unknown key', suggestion: 'did you mean "server_port"?' },
      { line: 4, column: 3, path: 'zzzzzzzzzz', message: 'unknown key' },
      { line: 3, column: 15, path: 'limits.boddy', message: 'unknown key', suggestion: 'did you mean "body"?' },
    ])
    expect(errors[1]?.suggestion).toBeUndefined()
    expect(problemText(errors[0] ?? { path: '', message: '' })).toBe(
      `${place.cwd}/dragoman.json:2:3: sever_port: unknown key (did you mean "server_port"?)`,
    )
  })

  test('a key named __proto__ is an unknown key like any other', async () => {
    const { errors, warnings, config } = await new Workplace().loadFile(
      '{"__proto__": {"strict": true}, "models": {"__proto__": "x", "a": "b"}}',
    )
    expect(errors).toMatchObject([{ path: '__proto__', message: 'unknown key' }])
    expect(warnings).toMatchObject([{ path: 'models.__proto__', leftOut: true }])
    expect(config.strict).toBe(false)
    expect(config.models).toEqual({ a: 'b' })
  })

  test.each([
    [{ server_port: '8080' }, 'server_port', 'must be a whole number'],
    [{ server_port: 70000 }, 'server_port', 'must be at most 65535'],
    [{ server_port: 1.5 }, 'server_port', 'must be a whole number'],
    [{ strict: 'yes' }, 'strict', 'must be true or false'],
    [{ server_host: '' }, 'server_host', 'must not be empty'],
    [{ server_host: '*' }, 'server_host', 'must be an address or host name'],
    [{ limits: { body: '32XB' } }, 'limits.body', 'must be a size like "32MB" or a number of bytes'],
    [{ limits: [] }, 'limits', 'must be an object'],
    [{ timeouts: { idle: 0 } }, 'timeouts.idle', 'must be at least 1ms'],
    [
      { health_check_interval: '30 apples' },
      'health_check_interval',
      'must be a duration like "500ms", "30s" or "5m", or a number of seconds',
    ],
    [{ providers: {} }, 'providers', 'must be a list'],
    [{ model_list: { url: 'https://a.example', refresh_interval: '900ms' } }, 'model_list.refresh_interval', 'must be at least 1s'],
    [{ model_list: { auth_token: 'x' } }, 'model_list.url', 'is required'],
    [{ jetbrains: { base_url: 'file:///etc/passwd' } }, 'jetbrains.base_url', 'must be an http:// or https:// address'],
    [{ qwen: { oauth_url: 'http://qwen.example' } }, 'qwen.oauth_url', 'plain http:// is only accepted on loopback'],
    [{ admin_key: 'one-and-the-same', bearer_token: 'one-and-the-same' }, 'admin_key', 'must not be a client key as well'],
    [{ admin_key: 'with\nline' }, 'admin_key', 'malformed key: spaces around it, or characters that a header cannot carry'],
  ])('%j is refused', async (file, path, message) => {
    const { errors, config } = await new Workplace().loadFile(file)
    expect(errors).toMatchObject([{ path, message, line: 1 }])
    expect(config.server_port).toBe(8080)
  })

  test('null counts as absent', async () => {
    const { errors, config } = await new Workplace().loadFile({
      server_port: null,
      admin_key: null,
      providers: [provider({ api_key: null })],
    })
    expect(errors).toEqual([])
    expect(config.server_port).toBe(8080)
    expect(config.providers).toHaveLength(1)
  })

  test('no fault repeats a secret', async () => {
    const secret = 'sk-canary-5d41402abc4b2a76'
    const { errors, warnings } = await new Workplace().loadFile({
      bearer_token: `${secret}\n`,
      client_api_keys: [{ key: ` ${secret}` }, secret, secret],
      providers: [provider({ api_key: [secret] }), provider({ name: 'B', headers: { 'x-key': `${secret}\r\n` } })],
      jetbrains_tokens: [secret, secret],
      model_list: [{ url: `https://user:${secret}@a.example` }],
      log_level: secret,
    })
    expect(errors.length + warnings.length).toBeGreaterThan(6)
    expect(JSON.stringify([errors, warnings])).not.toContain(secret)
  })
})

describe('one bad entry is left out and the rest is served', () => {
  test('providers', async () => {
    const text = `{ "providers": [
      { "name": "A", "provider_type": "openai" },
      { "name": "B", "provider_type": "opnai" },
      { "name": "A", "provider_type": "anthropic" },
      { "name": "C", "provider_type": "openai", "models": ["a", 7] },
      { "provider_type": "openai" },
      { "name": "D", "provider_type": "custom" },
      "E",
      { "name": "F", "provider_type": "gemini" }
    ] }`
    const { config, errors, warnings } = await new Workplace().loadFile(text)
    expect(errors).toEqual([])
    expect(config.providers.map(({ name }) => name)).toEqual(['A', 'F'])
    expect(warnings.every(({ leftOut }) => leftOut)).toBe(true)
    expect(warnings.map(({ line, column, path, message }) => [line, column, path, message])).toEqual([
      [3, 39, 'providers.1.provider_type', expect.stringContaining('must be one of openai, anthropic')],
      [5, 65, 'providers.3.models.1', 'must be a string'],
      [6, 7, 'providers.4.name', 'is required'],
      [8, 7, 'providers.6', 'must be an object'],
      [4, 17, 'providers.2.name', 'a provider named "A" stands above'],
      [7, 7, 'providers.5.base_url', 'is required for a provider of type custom'],
    ])
  })

  test('the origins of what is left follow the file, not the new positions', async () => {
    const text = '{"providers": [5,\n{"name": "B",\n"provider_type": "demo"}]}'
    const { origins } = await new Workplace().loadFile(text)
    expect(origins.get('providers.0.provider_type')).toEndWith(':3:18')
    expect(origins.get('providers.0.priority')).toBe('default')
  })

  test('keys, tokens, models and addresses', async () => {
    const { config, errors, warnings } = await new Workplace().loadFile({
      client_api_keys: ['key-number-one', 'key-number-one', { name: 'ci' }, { name: 'x', key: ' padded-key ' }, 5],
      jetbrains_tokens: [jwtOf('a'), { token: jwtOf('a') }, { token: 'two words' }],
      models: { a: 'b', c: 5, d: { targets: [{ model: 'x' }] } },
      trusted_proxies: ['10.0.0.0/8', '::1', '10.0.0.0/33', 'proxy'],
      cors_origins: ['https://chat.example.com', '*', 'https://chat.example.com/path'],
      allowed_hosts: ['gateway.example', 'https://gateway.example'],
      model_list: [
        { url: 'https://a.example' },
        { url: 'ftp://b.example' },
        { url: 'https://c.example', overrides: [{ base_url: 'https://d.example' }] },
      ],
    })
    expect(errors).toEqual([])
    expect(config.client_api_keys).toEqual([{ key: 'key-number-one' }])
    expect(config.jetbrains_tokens).toHaveLength(1)
    expect(config.models).toEqual({ a: 'b' })
    expect(config.trusted_proxies).toEqual(['10.0.0.0/8', '::1'])
    expect(config.cors_origins).toEqual(['https://chat.example.com'])
    expect(config.allowed_hosts).toEqual(['gateway.example'])
    expect(config.model_list.map(({ url }) => url)).toEqual(['https://a.example'])
    expect(warnings.map(({ path }) => path).sort()).toEqual([
      'allowed_hosts.1',
      'client_api_keys.1',
      'client_api_keys.2.key',
      'client_api_keys.3',
      'client_api_keys.4',
      'cors_origins.1',
      'cors_origins.2',
      'jetbrains_tokens.1.token',
      'jetbrains_tokens.2.token',
      'model_list.1.url',
      'model_list.2.overrides.0',
      'models.c',
      'models.d.targets.0.provider',
      'trusted_proxies.2',
      'trusted_proxies.3',
    ])
  })

  test('a target that names no configured provider is kept, with a warning: it may be a stored one', async () => {
    const models = { m: { targets: [{ provider: 'OpenIA' }, { provider: 'OpenAI' }] } }
    const { config, warnings } = await new Workplace().loadFile({ providers: [provider({ name: 'OpenAI' })], models })
    expect(config.models.m).toMatchObject({ targets: [{ provider: 'OpenIA' }, { provider: 'OpenAI' }] })
    expect(warnings).toMatchObject([{ path: 'models.m.targets.0.provider', suggestion: 'did you mean "OpenAI"?' }])
  })
})

describe('files of older proxies', () => {
  test("the Go proxy's: nanoseconds, and unknown keys are warnings", async () => {
    const { config, errors, warnings } = await new Workplace().loadFile({
      jetbrains_tokens: [{ token: jwtOf('a'), name: 'Primary', description: '', priority: 1, metadata: { k: 'v' } }],
      bearer_token: 'a-client-key',
      load_balance_strategy: 'random',
      health_check_interval: 30_000_000_000,
      server_port: 8081,
      log_requests: true,
    })
    expect(errors).toEqual([])
    expect(warnings).toMatchObject([{ path: 'log_requests', message: 'unknown key' }])
    expect(config).toMatchObject({ health_check_interval: 30_000, server_port: 8081, load_balance_strategy: 'random' })
  })

  test('in our own file a number is seconds, also beside tokens', async () => {
    const { config, errors } = await new Workplace().loadFile({
      jetbrains_tokens: [jwtOf('a')],
      strict: true,
      health_check_interval: 45,
      oops: 1,
    })
    expect(config.health_check_interval).toBe(45_000)
    expect(errors).toMatchObject([{ path: 'oops' }])
  })

  test("the older broker's provider", async () => {
    const older = provider({ model_list: ['a'], timeout: 60, verify_ssl: false, max_tokens: 100, temperature_default: 0.5 })
    const { config, errors, warnings } = await new Workplace().loadFile({ providers: [older, provider({ name: 'B', verify_ssl: true })] })
    expect(errors).toEqual([])
    expect(config.providers[0]).toMatchObject({ models: ['a'], timeouts: { first_byte: 60_000 } })
    expect(warnings.map(({ path }) => path)).toEqual([
      'providers.0.verify_ssl',
      'providers.0.max_tokens',
      'providers.0.temperature_default',
    ])
  })
})

test('durations and sizes are written as they are read', () => {
  for (const ms of [1, 999, 1000, 1500, 60_000, 90_000, 3_600_000, 30 * 86_400_000]) expect(parseDuration(formatDuration(ms))).toBe(ms)
  for (const bytes of [1, 1023, 1024, 1536, 32 * 1024 ** 2, 1024 ** 3]) expect(parseSize(formatSize(bytes))).toBe(bytes)
  expect([formatDuration(90_000), formatSize(32 * 1024 ** 2)]).toEqual(['90s', '32MB'])
})
