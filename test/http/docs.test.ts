import { describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { createApp } from '../../src/app.ts'
import { readAccountChanges, readNewAccount } from '../../src/composition/new-account.ts'
import type { Config } from '../../src/config/schema.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { decodeRequest as decodeMessages } from '../../src/dialects/anthropic/decode-request.ts'
import { encodeError as encodeAnthropicError } from '../../src/dialects/anthropic/errors.ts'
import { inspectCountTokens, inspectRequest as inspectMessages } from '../../src/dialects/anthropic/inspect.ts'
import { REQUEST_FIELDS } from '../../src/dialects/anthropic/wire.ts'
import { decodeRequest as decodeChat } from '../../src/dialects/openai-chat/decode-request.ts'
import { encodeError as encodeOpenAiError } from '../../src/dialects/openai-chat/errors.ts'
import { EXTENSION_FIELDS, MAPPED_FIELDS, MAPPED_VENDOR_FIELDS } from '../../src/dialects/openai-chat/wire.ts'
import { docsRoutes } from '../../src/http/docs/routes.ts'
import type { HttpServices } from '../../src/http/services.ts'
import { readEmbeddings } from '../../src/operations/embeddings/request.ts'
import { toFloats } from '../../src/operations/embeddings/vector.ts'
import { checkChatBody, checkChatStream } from '../checkers/chat.ts'
import { checkMessagesBody, checkMessagesStream } from '../checkers/messages.ts'
import { jwtOf } from '../config/jwt.ts'
import { type Operation, operationsOf, problemsOf, readDocument, type Spec } from './openapi.ts'

// Nothing but the documentation is asked, so the services behind the other routes are never called.
const services = { version: '9.8.7', dialects: {}, admin: {} } as unknown as HttpServices
const app = createApp(services).elysia
const spec: Spec = await readDocument(app)
const operations = operationsOf(spec)

const get = (path: string, headers: Record<string, string> = {}) => app.handle(new Request(`http://localhost${path}`, { headers }))

describe('the document', () => {
  test('is well formed, open to fields it does not know, and every reference leads somewhere', () => {
    expect(problemsOf(spec)).toEqual([])
  })

  test('introduces itself', () => {
    expect(spec.openapi).toStartWith('3.0')
    expect(spec.info).toMatchObject({ title: 'Dragoman', version: '9.8.7' })
    expect(spec.servers).toEqual([expect.objectContaining({ url: '/' })])
    expect(Object.keys(spec.components.securitySchemes ?? {})).toEqual(['clientKey', 'clientApiKey', 'adminKey'])
  })

  test('describes every route of the app once, and no other', () => {
    const routes = app.routes.filter(({ hooks }) => (hooks as { detail?: { hide?: boolean } }).detail?.hide !== true)
    const expected = routes.map(({ method, path }) => `${method} ${path.replace('*', '{model}').replace(/:(\w+)/g, '{$1}')}`)
    expect(expected.length).toBeGreaterThan(20)
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(expected.sort())
  })

  test('gives each operation all that it needs', () => {
    const tags = spec.tags.map(({ name }) => name)
    for (const { operation, path } of operations) {
      expect(operation.summary, path).toBeString()
      expect(operation.description, path).toBeString()
      expect(operation.operationId, path).toMatch(/^[a-zA-Z]+$/)
      expect(tags, path).toContain(operation.tags?.[0] ?? '')
      expect(Object.keys(operation.responses)[0], path).toMatch(/^20[014]$/)
      const schemes = (operation.security ?? []).flatMap(choice => Object.keys(choice))
      expect(schemes, path).toEqual(path.startsWith('/health') ? [] : isManagement(path) ? ['adminKey'] : ['clientKey', 'clientApiKey'])
    }
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('has a tag for every operation and an operation for every tag', () => {
    expect(new Set(operations.map(({ operation }) => operation.tags?.[0]))).toEqual(new Set(spec.tags.map(({ name }) => name)))
  })

  test('says what a client route may refuse', () => {
    const refused = (path: string) =>
      Object.keys(operationAt(path).responses)
        .filter(status => status !== '200')
        .map(Number)
    const asking = [400, 401, 402, 403, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503, 504]
    for (const path of ['/v1/chat/completions', '/v1/embeddings']) expect(refused(path)).toEqual(asking)
    for (const path of ['/v1/messages', '/anthropic/v1/messages']) expect(refused(path)).toEqual([...asking, 529])
    // Where an upstream cannot count there is the estimate.
    expect(refused('/api/anthropic/v1/messages/count_tokens')).toEqual([400, 401, 403, 404, 405, 413, 415, 422, 500, 503])
  })

  test('says which headers come with a rate limit', () => {
    const { headers } = spec.components.responses.Anthropic429 ?? {}
    expect(Object.keys(headers ?? {})).toEqual(
      expect.arrayContaining(['request-id', 'retry-after', 'retry-after-ms', 'x-should-retry', 'anthropic-ratelimit-requests-remaining']),
    )
    expect(Object.keys(spec.components.responses.OpenAI429?.headers ?? {})).toContain('x-ratelimit-remaining-requests')
  })

  test('takes the rest of the path as the name of a model', () => {
    const { parameters } = operationAt('/v1/models/{model}', 'GET')
    expect(parameters?.filter(parameter => parameter.in === 'path')).toEqual([expect.objectContaining({ name: 'model', required: true })])
  })

  test('takes an id or label of an account, and says what management may refuse', () => {
    const statuses = (path: string, method: string) => Object.keys(operationAt(path, method).responses).map(Number)
    expect(statuses('/admin/accounts', 'GET')).toEqual([200, 400, 401, 403, 405, 500])
    expect(statuses('/admin/accounts', 'POST')).toEqual([201, 400, 401, 403, 405, 409, 413, 415, 500])
    for (const method of ['PATCH', 'PUT'])
      expect(statuses('/admin/accounts/{id}', method)).toEqual([200, 400, 401, 403, 404, 405, 409, 413, 415, 500])
    expect(statuses('/admin/accounts/{id}', 'DELETE')).toEqual([204, 400, 401, 403, 404, 405, 409, 500])
    expect(statuses('/admin/accounts/{id}/check', 'POST')).toEqual([200, 401, 403, 404, 405, 409, 500])
    const places = operationAt('/admin/accounts/{id}', 'PATCH').parameters?.map(parameter => `${parameter.in} ${parameter.name}`)
    expect(places).toEqual(['path id', 'header if-match'])
  })

  test('documents every request field that the dialects know', () => {
    const chat = Object.keys(spec.components.schemas.ChatRequest?.properties ?? {})
    expect(chat).toEqual(expect.arrayContaining([...MAPPED_FIELDS, ...MAPPED_VENDOR_FIELDS, ...EXTENSION_FIELDS]))
    const messages = Object.keys(spec.components.schemas.MessagesRequest?.properties ?? {})
    expect(messages).toEqual(expect.arrayContaining([...REQUEST_FIELDS]))
  })
})

const isManagement = (path: string): boolean => /^\/(admin|auth|stats|config|reload)/.test(path)

const operationAt = (path: string, method = 'POST'): Operation => {
  const found = operations.find(entry => entry.path === path && entry.method === method)
  if (!found) throw new Error(`${method} ${path} is not documented`)
  return found.operation
}

const example = (name: string): JsonValue => spec.components.examples[name]?.value ?? null

const examplesOf = (prefix: string, kinds: string[]): [string, JsonObject][] =>
  kinds.map(kind => [kind, example(prefix + kind) as JsonObject])

const context = { now: () => 0, newId: (prefix: string) => `${prefix}1`, note: () => {} }

describe('examples of embeddings', () => {
  test.each(examplesOf('Embeddings', ['Plain', 'Many', 'Tokens']))('the request "%s" is taken', (_, body) => {
    expect(readEmbeddings(body).rows.length).toBeGreaterThan(0)
  })

  test('the answers say the same in both encodings', () => {
    const first = (kind: string) => (example(`EmbeddingsAnswer${kind}`) as { data: { embedding: JsonValue }[] }).data[0]?.embedding
    expect(toFloats(first('Base64') as string)).toEqual(first('Float') as number[])
  })
})

describe('examples of Chat Completions', () => {
  const requests = examplesOf('Chat', ['Plain', 'Streamed', 'Tools', 'ToolResult', 'Image', 'Reasoning', 'Json'])

  test.each(requests)('the request "%s" is taken', (_, body) => {
    expect(decodeChat(body).messages.length).toBeGreaterThan(0)
  })

  test.each(examplesOf('ChatAnswer', ['Plain', 'Tools', 'Reasoning']))('the answer "%s" is legal', (_, body) => {
    checkChatBody(body, { tools: ['read_temperature'] })
  })

  test.each(['Plain', 'Tools', 'Reasoning'])('the stream "%s" is legal and says the same', kind => {
    const options = { includeUsage: kind === 'Plain', exactUsage: true, body: example(`ChatAnswer${kind}`) }
    expect(checkChatStream(String(example(`ChatStream${kind}`)), options).error).toBeUndefined()
  })

  test('a failed stream ends in its error', () => {
    expect(checkChatStream(String(example('ChatStreamError')), { includeUsage: false }).error).toMatchObject({ type: 'api_error' })
  })
})

describe('examples of Messages', () => {
  const requests = examplesOf('Messages', ['Plain', 'Streamed', 'Tools', 'ToolResult', 'Image', 'Thinking'])

  test.each(requests)('the request "%s" is taken', (_, body) => {
    inspectMessages(body)
    expect(decodeMessages(body, context).messages.length).toBeGreaterThan(0)
  })

  test('the request to count tokens is taken', () => {
    expect(inspectCountTokens(example('MessagesCount') as JsonObject).messages).toBe(1)
  })

  test.each(examplesOf('MessagesAnswer', ['Plain', 'Tools', 'Thinking']))('the answer "%s" is legal', (_, body) => {
    checkMessagesBody(body, { tools: ['read_temperature'] })
  })

  test.each(['Plain', 'Tools', 'Thinking'])('the stream "%s" is legal and says the same', kind => {
    const stream = String(example(`MessagesStream${kind}`))
    expect(checkMessagesStream(stream, { body: example(`MessagesAnswer${kind}`) }).error).toBeUndefined()
  })

  test('a failed stream ends in its error', () => {
    expect(checkMessagesStream(String(example('MessagesStreamError')), {}).error).toMatchObject({ type: 'api_error' })
  })
})

/** Which kind of error each documented status stands for. */
const KINDS = {
  400: 'invalid-request',
  401: 'authentication',
  403: 'permission',
  404: 'model-not-found',
  405: 'method-not-allowed',
  413: 'too-large',
  415: 'unsupported-media-type',
  429: 'rate-limit',
  500: 'internal',
  502: 'bad-gateway',
  503: 'unavailable',
  504: 'timeout',
} as const

describe.each(Object.entries(KINDS))('the documented %s', (status, kind) => {
  const body = (name: string) => (spec.components.responses[name]?.content?.['application/json']?.example ?? {}) as { error: JsonObject }
  const { message, param, code, candidates } = body(`OpenAI${status}`).error as Record<string, string> & { candidates?: JsonObject[] }
  const skipped = candidates?.map(({ until, ...candidate }) => ({ ...candidate, until: until ? Date.parse(String(until)) : undefined }))
  const error = new GatewayError(kind, String(message), {
    param: param ?? undefined,
    code: code ?? undefined,
    ...(skipped && { candidates: skipped as never }),
  })

  test("is what OpenAI's dialect answers", () => {
    expect(encodeOpenAiError(error)).toEqual({ status: Number(status), body: body(`OpenAI${status}`) as JsonObject })
  })

  test("is what Anthropic's dialect answers", () => {
    const documented = body(`Anthropic${status}`) as JsonObject
    expect(encodeAnthropicError(error, String(documented.request_id))).toEqual({ status: Number(status), body: documented })
  })
})

describe.each([
  ['400', 'invalid-request'],
  ['404', 'not-found'],
  ['409', 'conflict'],
] as const)("management's documented %s", (status, kind) => {
  test('is what it answers', () => {
    const documented = (spec.components.responses[`Admin${status}`]?.content?.['application/json']?.example ?? {}) as { error: JsonObject }
    const { message, param, code } = documented.error as Record<string, string>
    const error = new GatewayError(kind, String(message), { param: param ?? undefined, code: code ?? undefined })
    expect(encodeOpenAiError(error)).toEqual({ status: Number(status), body: documented })
  })
})

describe('examples of the Qwen sign-in', () => {
  test('the polls are taken, the answers are those of the routes', async () => {
    const { content } = operationAt('/auth/poll').requestBody as unknown as { content: Record<string, { examples: JsonObject }> }
    for (const { value } of Object.values(content['application/json']?.examples ?? {}) as { value: JsonObject }[]) {
      expect(value).toEqual({ device_code: expect.any(String), ...(value.wait === false && { wait: false }) })
    }
    expect(Object.keys(operationAt('/auth/poll').responses).map(Number)).toEqual([200, 202, 400, 401, 403, 405, 409, 413, 415, 500])
    expect(Object.keys(operationAt('/auth/initiate').responses).map(Number)).toEqual([200, 401, 403, 405, 500, 502, 504])
  })
})

describe('examples of accounts', () => {
  const config = { providers: [{ name: 'OpenAI', provider_type: 'openai', is_active: true }] } as unknown as Config
  const bodies = (path: string, method: string): [string, JsonObject][] => {
    const { content } = operationAt(path, method).requestBody as unknown as { content: Record<string, { examples: JsonObject }> }
    return Object.entries(content['application/json']?.examples ?? {}).map(([name, given]) => [
      name,
      (given as { value: JsonObject }).value,
    ])
  }
  // What stands for a secret in the page is none.
  const filled = (body: JsonObject): JsonObject =>
    JSON.parse(JSON.stringify(body).replaceAll('eyJhbGciOi…', jwtOf('c2ln')).replaceAll('…', 'x')) as JsonObject

  test.each(bodies('/admin/accounts', 'POST'))('the new account "%s" is taken', (_, body) => {
    const { credential } = body as { credential: { kind: string } }
    expect(readNewAccount(filled(body), config).kind).toBe(credential.kind as never)
  })

  test.each(bodies('/admin/accounts/{id}', 'PATCH'))('the change "%s" is taken', (_, body) => {
    const before = { id: 'acct_1', provider: 'jetbrains', kind: 'static_jwt', origin: 'admin' } as const
    expect(Object.values(readAccountChanges(filled(body), before).changes).filter(value => value !== undefined)).not.toBeEmpty()
  })
})

describe('the page', () => {
  test('loads nothing from elsewhere, and no script that stands in it', async () => {
    const page = await get('/swagger')
    const html = await page.text()
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(html).not.toMatch(/(src|href)="(?!\/swagger)/)
    expect(html).not.toMatch(/https?:|<script>|\son\w+=/)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'self'")
    expect(policy).not.toMatch(/script-src|https?:|\*/)
  })

  test('finds every file that it names, with its type', async () => {
    const html = await (await get('/swagger')).text()
    const paths = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1] ?? '')
    const types = await Promise.all(paths.map(async path => [path, (await get(path)).headers.get('content-type')]))
    expect(Object.fromEntries(types)).toEqual({
      '/swagger/favicon.svg': 'image/svg+xml',
      '/swagger/swagger-ui.css': 'text/css; charset=utf-8',
      '/swagger/json': 'application/json',
      '/swagger/swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
      '/swagger/start.js': 'text/javascript; charset=utf-8',
    })
  })

  test('starts with keys that are kept and routes that can be tried', async () => {
    const script = await (await get('/swagger/start.js')).text()
    let options: Record<string, unknown> = {}
    const SwaggerUIBundle = Object.assign((given: Record<string, unknown>) => (options = given), { presets: { apis: 'apis' } })
    new Function('SwaggerUIBundle', script)(SwaggerUIBundle)
    expect(options).toMatchObject({ url: '/swagger/json', persistAuthorization: true, tryItOutEnabled: true, validatorUrl: null })
  })

  test('is sent again only when it has changed', async () => {
    const first = await get('/swagger/swagger-ui.css')
    const etag = first.headers.get('etag') ?? ''
    expect((await first.text()).length).toBeGreaterThan(100_000)
    const again = await get('/swagger/swagger-ui.css', { 'if-none-match': `"other", W/${etag}` })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
    expect((await get('/swagger/swagger-ui.css', { 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('answers under its other names', async () => {
    for (const path of ['/docs', '/docs/']) {
      const answer = await get(path)
      expect([answer.status, answer.headers.get('location')]).toEqual([302, '/swagger'])
    }
    expect((await get('/swagger/')).headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  test('does not offer the plug-in that made the document', () => {
    expect(app.routes.map(({ path }) => path).filter(path => path === '/page' || path === '/document')).toEqual([])
  })
})

test('an app of its own is documented as it is', async () => {
  const detail = { operationId: 'hello', summary: 'Says hello' }
  const small = new Elysia()
    .use(docsRoutes('1.0.0'))
    .get('/hello.txt', () => 'hello', { detail })
    .get('/hidden', () => '', { detail: { hide: true } })
  const document = await readDocument(small)
  expect(operationsOf(document)).toEqual([{ method: 'GET', path: '/hello.txt', operation: expect.objectContaining(detail) }])
})
