import { afterAll, describe, expect, test } from 'bun:test'
import { envNames } from '../../src/config/environment.ts'
import { jwtOf } from './jwt.ts'
import { removeWorkplaces, Workplace } from './workplace.ts'

afterAll(removeWorkplaces)

const load = (env: Record<string, string>) => new Workplace().load({ env })

describe('names', () => {
  test('each name sets one key', () => {
    const names = envNames.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('every key of the file has one', () => {
    const names = new Set(envNames.map(({ name }) => name))
    for (const name of [
      'DRAGOMAN_ADMIN_KEY',
      'DRAGOMAN_LIMITS_BODY',
      'DRAGOMAN_JETBRAINS_OAUTH_URL',
      'DRAGOMAN_QWEN_OAUTH_URL',
      'DRAGOMAN_MODEL_LIST_URL',
      'DRAGOMAN_RESPONSES_STORE_MAX_AGE',
      'DRAGOMAN_IMAGES_ALLOW_HOSTS',
      'DRAGOMAN_PROVIDERS',
      'DRAGOMAN_TIMEOUTS_FIRST_BYTE',
      'DRAGOMAN_DATABASE_URL',
    ]) {
      expect(names).toContain(name)
    }
  })

  test('a slip is answered with the name that was meant', async () => {
    const { warnings } = await load({ DRAGOMAN_LOG_LEVLE: 'debug' })
    expect(warnings).toEqual([
      {
        source: 'environment DRAGOMAN_LOG_LEVLE',
        path: '',
        message: 'sets nothing that is known',
        suggestion: 'did you mean DRAGOMAN_LOG_LEVEL?',
      },
    ])
  })
})

describe('forms', () => {
  test('lists: commas or JSON', async () => {
    expect((await load({ DRAGOMAN_ALLOWED_HOSTS: 'a.example, b.example,' })).config.allowed_hosts).toEqual(['a.example', 'b.example'])
    expect((await load({ DRAGOMAN_ALLOWED_HOSTS: '["a.example"]' })).config.allowed_hosts).toEqual(['a.example'])
    const { config } = await load({ DRAGOMAN_CLIENT_API_KEYS: '["key-number-one",{"name":"ci","key":"key-number-two"}]' })
    expect(config.client_api_keys).toEqual([{ key: 'key-number-one' }, { name: 'ci', key: 'key-number-two' }])
  })

  test('objects are JSON, and one in the file keeps its other members', async () => {
    const { config } = await new Workplace().loadFile({ limits: { depth: 9 } }, { env: { DRAGOMAN_LIMITS: '{"body":"1KB"}' } })
    expect(config.limits).toEqual({ body: 1024, depth: 9 })
    const providers = await load({ DRAGOMAN_PROVIDERS: '[{"name":"A","provider_type":"anthropic"}]' })
    expect(providers.config.providers[0]).toMatchObject({ name: 'A', base_url: 'https://api.anthropic.com' })
    expect((await load({ DRAGOMAN_MODELS: '{"fast":"gpt-4o-mini"}' })).config.models).toEqual({ fast: 'gpt-4o-mini' })
  })

  test.each([
    ['true', true],
    ['1', true],
    ['Yes', true],
    ['off', false],
    ['0', false],
  ])('DEBUG_LOG=%s', async (text, value) => {
    expect((await load({ DEBUG_LOG: text })).config.debug_log).toBe(value)
  })

  test.each([
    ['DEBUG', 'debug'],
    ['Warning', 'warn'],
    ['CRITICAL', 'fatal'],
    ['NONE', 'silent'],
    ['info', 'info'],
  ])('LOG_LEVEL=%s', async (text, level) => {
    const { config, errors } = await load({ LOG_LEVEL: text })
    expect(errors).toEqual([])
    expect(config.log_level).toBe(level as typeof config.log_level)
  })

  test('durations and sizes', async () => {
    const { config } = await load({
      DRAGOMAN_TIMEOUTS_CONNECT: '500ms',
      DRAGOMAN_TIMEOUTS_IDLE: '90',
      DRAGOMAN_SHUTDOWN_TIMEOUT: '1m30s',
      DRAGOMAN_LIMITS_BODY: '100',
    })
    expect(config.timeouts).toMatchObject({ connect: 500, idle: 90_000 })
    expect(config.shutdown_timeout).toBe(90_000)
    expect(config.limits.body).toBe(100)
  })

  test('what is empty counts as absent', async () => {
    const { config, errors, warnings } = await load({ PORT: '', BEARER_TOKEN: ' ', DRAGOMAN_LIMITS_BODY: '' })
    expect([errors, warnings]).toEqual([[], []])
    expect(config.server_port).toBe(8080)
    expect(config.bearer_token).toBeUndefined()
  })

  test('a fault names the variable and never repeats the value', async () => {
    const { errors } = await load({ SERVER_PORT: 'sk-oops', DRAGOMAN_LIMITS: '{broken', LOAD_BALANCE_STRATEGY: 'round-robin' })
    expect(errors).toEqual([
      { source: 'environment SERVER_PORT', path: 'server_port', message: 'must be a whole number' },
      {
        source: 'environment LOAD_BALANCE_STRATEGY',
        path: 'load_balance_strategy',
        message: 'must be one of round_robin, random, least_used, least_busy, lowest_latency',
        suggestion: 'did you mean "round_robin"?',
      },
      { source: 'environment DRAGOMAN_LIMITS', path: 'limits', message: 'must be an object' },
    ])
  })
})

describe("older proxies' names", () => {
  test('JetBrains tokens', async () => {
    const [old, one, two] = [jwtOf('old'), jwtOf('one'), jwtOf('two')]
    expect((await load({ JWT_TOKEN: old })).config.jetbrains_tokens).toEqual([{ token: old, priority: 1, metadata: {} }])
    const { config } = await load({ JWT_TOKEN: old, JWT_TOKENS: `${one},${two}` })
    expect(config.jetbrains_tokens.map(({ token }) => token)).toEqual([one, two])
  })

  test('the database, with the driver that SQLAlchemy has in its addresses', async () => {
    const { config } = await load({ DATABASE_URL: 'postgresql+asyncpg://u:p@db/broker', SECRET_KEY: 'a-secret-of-ours' })
    expect(config.database).toMatchObject({ type: 'postgresql', url: 'postgresql://u:p@db/broker' })
    expect((await load({ DATABASE_URL: 'sqlite+aiosqlite:///./broker.db' })).config.database.url).toBe('sqlite:///./broker.db')
    // Behind three slashes SQLAlchemy has a relative path, behind four an absolute one; without a driver the address is ours.
    expect((await load({ DATABASE_URL: 'sqlite+aiosqlite:///data/broker.db' })).config.database.url).toBe('sqlite:///./data/broker.db')
    expect((await load({ DATABASE_URL: 'sqlite+aiosqlite:////data/broker.db' })).config.database.url).toBe('sqlite:////data/broker.db')
    expect((await load({ DATABASE_URL: 'sqlite:///data/broker.db' })).config.database.url).toBe('sqlite:///data/broker.db')
    const supabase = await load({
      DATABASE_TYPE: 'supabase',
      SUPABASE_URL: 'https://x.supabase.co',
      SUPABASE_KEY: 'service',
      SECRET_KEY: 'abc-secret',
    })
    expect(supabase.errors).toEqual([])
    expect(supabase.config.database).toMatchObject({ type: 'supabase', supabase_url: 'https://x.supabase.co', supabase_key: 'service' })
  })

  test('PostgreSQL needs a secret key of its own, and an address', async () => {
    const { errors } = await load({ DATABASE_TYPE: 'postgres' })
    expect(errors.map(({ path }) => path)).toEqual(['database.url', 'secret_key'])
    const mixed = await load({ DATABASE_TYPE: 'sqlite', DATABASE_URL: 'postgresql://db/x' })
    expect(mixed.errors.map(({ message }) => message)).toEqual(['is no address of type sqlite'])
  })

  test('the model list, and the port of its proxy where nothing else is configured', async () => {
    const env = { MODEL_LIST_URL: 'https://list.example/models', MODEL_LIST_AUTH_TOKEN: 'list-token' }
    const { config, warnings } = await load(env)
    expect(config.model_list).toMatchObject([{ url: env.MODEL_LIST_URL, auth_token: 'list-token', refresh_interval: 300_000 }])
    expect(config.server_port).toBe(8000)
    expect(warnings).toMatchObject([{ path: 'server_port' }])
    expect((await load({ ...env, PORT: '7000' })).config.server_port).toBe(7000)
    expect((await new Workplace().loadFile({}, { env })).config.server_port).toBe(8080)
  })

  test('Qwen', async () => {
    const { config } = await load({ QWEN_HOME: '/qwen', QWEN_CLIENT_ID: 'id', QWEN_TOKEN_ENDPOINT: 'https://q.example/token' })
    expect(config.qwen).toMatchObject({ home: '/qwen', client_id: 'id', token_endpoint: 'https://q.example/token' })
  })
})
