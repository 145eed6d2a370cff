import { afterAll, expect, test } from 'bun:test'
import { parseEnv } from 'node:util'
import { Value } from '@sinclair/typebox/value'
import { parse } from 'jsonc-parser'
import { envNames } from '../../src/config/environment.ts'
import { exampleConfig, exampleEnv } from '../../src/config/example.ts'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { configSchema } from '../../src/config/schema.ts'
import { faultsOf, metaFaults } from './json-schema-check.ts'
import { jwtOf } from './jwt.ts'
import { removeWorkplaces, Workplace } from './workplace.ts'

afterAll(removeWorkplaces)

/** The example with its samples taken out of their comments. */
const uncommented = exampleConfig().replace(/^(\s*)\/\/(?=["{])/gm, '$1')

/** The block of the interface, as an operator could have it. */
const full = `{
  "$schema": "./dragoman.schema.json",
  "server_host": "127.0.0.1", "server_port": 8080,
  "bearer_token": "one client key (older form)",
  "client_api_keys": ["sk-first-key", { "name": "ci", "key": "sk-second-key" }],
  "admin_key": "admin-key-of-ours", // for /admin
  "secret_key": "secret-of-ours",
  "database": { "type": "sqlite", "url": "sqlite:///var/lib/dragoman/dragoman.db" },
  "load_balance_strategy": "round_robin", "routing_headers": true, "health_check_interval": "30s",
  "providers": [
    { "name": "OpenAI", "provider_type": "openai", "base_url": "https://api.openai.com/v1", "api_key": "sk-upstream-key",
      "big_model": "gpt-4o", "medium_model": "gpt-4o", "small_model": "gpt-4o-mini",
      "models": ["gpt-4o", "gpt-4o-mini"], "is_active": true, "priority": 1, "weight": 2, "strategy": "least_busy",
      "headers": { "x-team": "a" }, "timeouts": { "connect": "5s", "first_byte": 60, "idle": "500ms" }, "max_concurrent": 4,
      "prices": { "gpt-4o": { "input": 2.5, "output": 10, "cached_input": 1.25, "cache_write": 0 } }, "normalize": "never",
      "allow_http": true, "allow_private": false, "wire_api": "responses", "max_tokens_field": "max_tokens", "developer_role": true,
      "stream_options": false, "extra_sampling": true, "unknown_fields": true, "replays_reasoning": true },
    { "name": "Qwen", "provider_type": "qwen", "plan": "coding", "region": "singapore", "api_key": "sk-sp-upstream" },
  ],
  "jetbrains_tokens": [{ "token": "${jwtOf('first')}", "name": "Primary", "description": "", "priority": 1, "metadata": {} }],
  "jetbrains_accounts": [{ "name": "a", "licenseId": "L", "authorization": "eyJ.c", "jwt": "${jwtOf('second')}",
                           "refresh_token": "r", "id_token": "eyJ.e", "description": "", "priority": 1, "enabled": true }],
  "jetbrains": { "base_url": "https://api.jetbrains.ai", "oauth_url": "https://oauth.account.jetbrains.com",
                 "login_url": "https://account.jetbrains.com/oauth/login", "api_version": "v8", "native": true,
                 "models": ["openai-gpt-4o"], "headers": { "grazie-agent": "{}" }, "write_back": false },
  "qwen": { "credentials": ["~/.qwen/oauth_creds.json"], "oauth_url": "https://chat.qwen.ai", "headers": {} },
  "model_list": { "url": "https://api.example.com/models", "auth_token": "list-token", "refresh_interval": "5m",
                  "overrides": [{ "family": "gpt-4", "base_url": "https://other.example.com", "auth_token": "t", "dialect": "openai" }] },
  "responses_store": { "enabled": true, "max_age": "30d", "max_size": "1GB" },
  "images": { "allow_hosts": [] },
  "models": { "fast": "gpt-4o-mini", "gpt-4o": { "targets": [{ "provider": "OpenAI", "model": "gpt-4o" }] } },
  "anthropic_model_mappings": { "claude-3.5-sonnet": "anthropic-claude-3.5-sonnet" },
  "allowed_hosts": [], "cors_origins": [], "trusted_proxies": [],
  "metrics_key": "metrics-key-of-ours", "client_auth": "key", "strict": false, "log_level": "info", "log_format": "auto",
  "limits": { "body": "32MB", "depth": 100 }, "timeouts": { "connect": "10s", "first_byte": "300s", "idle": "120s", "heartbeat": "15s" },
  "shutdown_timeout": "30s", "data_dir": "~/data",
}`

test('the example is valid and says what the defaults are', async () => {
  const place = new Workplace()
  const example = await place.loadFile(exampleConfig())
  expect([example.errors, example.warnings]).toEqual([[], []])
  expect(example.config).toEqual((await place.load({ flags: { config: place.write('empty.json', {}) } })).config)
})

test('the example with its samples in use is valid, and names every key', async () => {
  const { errors, warnings } = await new Workplace().loadFile(uncommented)
  expect(errors).toEqual([])
  expect(warnings.filter(({ message }) => !message.includes('placeholder'))).toEqual([])
  const given = parse(uncommented)
  for (const key of Object.keys(configSchema.properties)) if (key !== '$schema') expect(given).toHaveProperty([key])
})

test('a full file is valid', async () => {
  const { errors, warnings, config } = await new Workplace().loadFile(full)
  expect([errors, warnings]).toEqual([[], []])
  expect(config.providers[0]).toMatchObject({ timeouts: { connect: 5000, first_byte: 60_000, idle: 500 }, weight: 2, priority: 1 })
  expect(config.responses_store).toEqual({ enabled: true, max_age: 30 * 86_400_000, max_size: 1024 ** 3 })
})

test('what is in effect has the type that the schema promises', async () => {
  for (const text of ['{}', full, uncommented]) {
    const { config } = await new Workplace().loadFile(text)
    expect([...Value.Errors(configSchema, config)].map(({ path, message }) => `${path} ${message}`)).toEqual([])
  }
})

test('the JSON Schema is one, and judges as we do', () => {
  const schema = configJsonSchema()
  expect(metaFaults(schema)).toEqual([])
  for (const text of ['{}', exampleConfig(), uncommented, full]) expect(faultsOf(schema, parse(text))).toEqual([])
  for (const [bad, fault] of [
    [{ sever_port: 1 }, '$.sever_port: unknown'],
    [{ server_port: '1' }, '$.server_port: must be integer'],
    [{ providers: [{ name: 'A' }] }, '$.providers.0.provider_type: required'],
    [{ log_level: 'loud' }, '$.log_level: anyOf'],
    [{ limits: { body: '32XB' } }, '$.limits.body: anyOf'],
    [{ shutdown_timeout: '1 minute' }, '$.shutdown_timeout: anyOf'],
  ] as const) {
    expect(faultsOf(schema, bad as never)).toEqual([fault])
  }
  expect(faultsOf(schema, { log_level: 'CRITICAL', model_list: [{ url: 'https://a.example' }], jetbrains_tokens: ['x'] })).toEqual([])
})

test('every key is described', () => {
  for (const { path, schema } of envNames) expect([path.join('.'), schema.description?.length ?? 0]).not.toEqual([path.join('.'), 0])
})

test('the example .env sets nothing, and each of its lines can be used', async () => {
  expect(parseEnv(exampleEnv())).toEqual({})
  for (const line of exampleEnv()
    .split('\n')
    .filter(each => /^#[A-Z_]+=/.test(each))) {
    const place = new Workplace()
    place.write('.env', line.slice(1))
    const { errors } = await place.load()
    const needsMore = errors.filter(({ path }) => !['model_list.url'].includes(path))
    expect([line, needsMore]).toEqual([line, []])
  }
})
