import { afterAll, describe, expect, test } from 'bun:test'
import { effectiveBaseUrl, isLoopback } from '../../src/config/base-url.ts'
import { isPlaceholder } from '../../src/config/placeholder-keys.ts'
import { completeProvider } from '../../src/config/providers.ts'
import { Reader } from '../../src/config/read.ts'
import { PROVIDER_TYPES, type ProviderConfig, providerSchema } from '../../src/config/schema/provider.ts'
import { removeWorkplaces, Workplace } from './workplace.ts'

afterAll(removeWorkplaces)

describe('base URLs', () => {
  test.each([
    ['openai', undefined, 'https://api.openai.com/v1'],
    ['openai', 'https://host.example', 'https://host.example/v1'],
    ['openai', 'https://host.example/', 'https://host.example/v1'],
    ['openai', 'https://host.example/v1/', 'https://host.example/v1'],
    ['openai', 'https://host.example/api/v3', 'https://host.example/api/v3'],
    ['custom', 'https://host.example/v1/chat/completions', 'https://host.example/v1'],
    ['anthropic', undefined, 'https://api.anthropic.com'],
    ['anthropic', 'https://host.example/v1', 'https://host.example'],
    ['anthropic', 'https://host.example/anthropic/v1/messages', 'https://host.example/anthropic'],
    ['gemini', 'https://host.example/v1beta', 'https://host.example'],
    ['cohere', 'https://host.example/v2', 'https://host.example'],
    ['groq', 'https://api.groq.com', 'https://api.groq.com/openai/v1'],
    ['together', undefined, 'https://api.together.ai/v1'],
    ['sglang', undefined, 'http://127.0.0.1:30000/v1'],
    ['fireworks', 'https://api.fireworks.ai', 'https://api.fireworks.ai/inference/v1'],
    ['zai', 'https://api.z.ai', 'https://api.z.ai/api/paas/v4'],
    ['alibaba', 'https://dashscope.aliyuncs.com', 'https://dashscope.aliyuncs.com/compatible-mode/v1'],
    ['recraft', 'https://external.api.recraft.ai', 'https://external.api.recraft.ai/v1'],
    ['ollama', 'http://127.0.0.1:11434', 'http://127.0.0.1:11434/v1'],
    ['demo', undefined, undefined],
  ] as const)('%s %s', (type, given, url) => {
    expect(effectiveBaseUrl(type, given)).toBe(url)
  })

  test('what is in effect stays as it is when read again', () => {
    for (const type of PROVIDER_TYPES) {
      for (const given of [undefined, 'https://host.example', 'https://host.example/v1', 'https://host.example/deep/path']) {
        const once = effectiveBaseUrl(type, given)
        expect(effectiveBaseUrl(type, once)).toBe(once)
      }
    }
  })

  const faultOf = (provider: object) => {
    const read = new Reader(({ path, message }) => {
      throw new Error(`${path.join('.')}: ${message}`)
    }).read(providerSchema, { name: 'A', provider_type: 'openai', ...provider })
    return completeProvider(read as ProviderConfig).map(({ path, message }) => `${path.join('.')}: ${message}`)
  }

  test.each([
    ['ftp://host.example', 'must be an http:// or https:// address'],
    ['file:///etc/passwd', 'must be an http:// or https:// address'],
    ['host.example/v1', 'must be an http:// or https:// address'],
    ['https://user:password@host.example', 'must not hold a user name or password'],
    ['https://host.example/?key=x', 'must not have a query or fragment'],
    ['http://host.example', 'plain http:// is only accepted on loopback'],
    ['http://10.0.0.1/v1', 'plain http:// is only accepted on loopback'],
    ['http://localhost.evil.example', 'plain http:// is only accepted on loopback'],
    ['http://127.0.0.1.evil.example', 'plain http:// is only accepted on loopback'],
  ])('%s is refused', (url, message) => {
    expect(faultOf({ base_url: url })).toEqual([`base_url: ${message}`])
  })

  test.each(['http://localhost:1', 'http://127.0.0.1:1', 'http://127.9.9.9', 'http://[::1]:1', 'https://host.example'])(
    '%s is accepted',
    url => {
      expect(faultOf({ base_url: url })).toEqual([])
    },
  )

  test('allow_http lets plain HTTP through; a provider needs no address where its type has one', () => {
    expect(faultOf({ base_url: 'http://host.example', allow_http: true })).toEqual([])
    expect(faultOf({ provider_type: 'demo' })).toEqual([])
    expect(faultOf({ provider_type: 'azure' })).toEqual(['base_url: is required for a provider of type azure'])
  })

  test('headers that HTTP cannot carry are refused', () => {
    expect(faultOf({ headers: { 'x ok': 'a' } })).toEqual(['headers.x ok: is no name for a header'])
    expect(faultOf({ headers: { 'x-ok': 'a\r\nevil: 1' } })).toEqual(['headers.x-ok: holds characters that a header cannot'])
    expect(faultOf({ headers: { Connection: 'close' } })).toEqual(['headers.Connection: belongs to the connection and cannot be set'])
  })

  test('private addresses are accepted from the file', async () => {
    const value = { name: 'A', provider_type: 'openai' }
    expect((await new Workplace().loadFile({ providers: [value] })).config.providers[0]?.allow_private).toBe(true)
  })
})

describe('placeholders', () => {
  test.each([
    ...[
      '',
      ' ',
      'changeme',
      'CHANGE-ME',
      'sk-123456',
      '123456',
      'your-api-key',
      'your-api-key-1',
      'your_api_key_here',
      'sk-your-custom-key-here',
    ],
    ...[
      'root/123456',
      'password',
      'admin',
      'secret',
      'test',
      'sk-xxxx',
      'xxxxxxxx',
      '<your key>',
      '${API_KEY}',
      'sk-…',
      'sk-...',
      'my-secret-key',
    ],
    ...[
      'sk-client-key-1',
      'not-needed',
      'replace-me',
      'insert-your-key',
      'change_this',
      'token',
      'dummy',
      'example',
      'placeholder',
      '00000000',
    ],
    ...['sk-test', 'sk-dummy', 'default', 'none', 'null', 'undefined', 'qwerty', 'letmein'],
  ])('%j', key => {
    expect(isPlaceholder(key)).toBe(true)
  })

  test.each(['sk-4bXq9vTz', 'drg_7Jk2mNpQ4rSt', 'a-client-key', 'correct horse battery staple', 'yourtopia9'])('%j is none', key => {
    expect(isPlaceholder(key)).toBe(false)
  })
})

describe('listening beyond loopback', () => {
  test('which hosts are loopback', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1', '[::1]', '127.1.2.3']) expect(isLoopback(host)).toBe(true)
    for (const host of ['0.0.0.0', '::', '192.168.0.1', 'example.com', '127.evil.example', '']) expect(isLoopback(host)).toBe(false)
  })

  test('needs a client key: configured, or stored', async () => {
    const { errors } = await new Workplace().loadFile({ server_host: '0.0.0.0' })
    expect(errors).toMatchObject([{ path: 'server_host', message: 'listening on 0.0.0.0 needs a client key', line: 1 }])
    expect((await new Workplace().loadFile({ server_host: '0.0.0.0' }, { hasStoredKeys: true })).errors).toEqual([])
    expect((await new Workplace().loadFile({ server_host: '::', bearer_token: 'a-client-key-of-ours' })).errors).toEqual([])
    expect((await new Workplace().loadFile({ server_host: '::', client_api_keys: ['a-client-key-of-ours'] })).errors).toEqual([])
    expect((await new Workplace().loadFile({ server_host: '[::1]' })).config.server_host).toBe('::1')
  })

  test.each(['bearer_token', 'admin_key', 'metrics_key', 'secret_key'])(
    'a placeholder as %s is refused there, and warned about on loopback',
    async key => {
      const keys = { client_api_keys: ['a-client-key-of-ours'], [key]: 'changeme' }
      const beyond = await new Workplace().loadFile({ server_host: '0.0.0.0', ...keys })
      expect(beyond.errors).toMatchObject([{ path: key, message: expect.stringContaining('placeholder') }])
      const local = await new Workplace().loadFile(keys)
      expect(local.errors).toEqual([])
      expect(local.warnings).toMatchObject([{ path: key, message: expect.stringContaining('placeholder') }])
    },
  )

  test('a placeholder in the list of client keys, too', async () => {
    const { errors } = await new Workplace().loadFile({
      server_host: '0.0.0.0',
      client_api_keys: ['a-client-key-of-ours', { key: 'sk-123456' }],
    })
    expect(errors).toMatchObject([{ path: 'client_api_keys.1' }])
  })

  test('client_auth "none" is for loopback only', async () => {
    const { errors } = await new Workplace().loadFile({ server_host: '0.0.0.0', bearer_token: 'a-client-key-of-ours', client_auth: 'none' })
    expect(errors).toMatchObject([{ path: 'client_auth' }])
    expect((await new Workplace().loadFile({ client_auth: 'none' })).errors).toEqual([])
  })
})
