import { describe, expect, test } from 'bun:test'
import type { Account } from '../../src/accounts/account.ts'
import { type ErrorKind, GatewayError } from '../../src/core/errors.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import type { Note } from '../../src/ir/note.ts'
import type { Call, ClientDialect } from '../../src/operations/call.ts'
import { createMakeContext } from '../../src/operations/context.ts'
import { errorAnswer, retryHeaders } from '../../src/operations/error-answer.ts'
import { headersFromUpstream, headersToUpstream, noteHeaders, routingHeaders } from '../../src/operations/headers.ts'
import { route } from '../../src/operations/route.ts'
import { callUpstream } from '../../src/operations/upstream-call.ts'
import { wireOf } from '../../src/routing/provider.ts'
import { pulledBody } from '../../src/upstream/body.ts'
import { paperProvider } from '../routing/providers.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { catalogOf, thrown } from './answer-support.ts'
import { tinyClient } from './tiny-dialect.ts'

const dialect = { id: 'openai-chat', client: tinyClient } as ClientDialect

describe('the route of a request', () => {
  const catalog = catalogOf(
    [paperProvider('p', { models: ['gpt-4o', 'gpt-4o-mini', 'secret-model'], tiers: { big: 'gpt-4o', small: 'secret-model' } })],
    {
      fast: { alias: 'gpt-4o-mini' },
      off: { targets: [{ provider: 'gone', model: 'x' }] },
    },
  )
  const routeFor = (model: string, allows: (name: string) => boolean = () => true) =>
    route(model, { caller: { id: 'k', name: 'k', allows }, dialect }, catalog)
  const noSecrets = (name: string) => name !== 'secret-model'

  test('is its targets', () => {
    expect(routeFor('fast')).toMatchObject({ name: 'gpt-4o-mini', targets: [{ model: 'gpt-4o-mini' }] })
  })

  test('to no such model: 404 with the nearest that the key may know of', () => {
    expect(thrown(() => routeFor('gpt-4'))).toMatchObject({ kind: 'model-not-found', param: 'model', code: 'model_not_found' })
    expect(thrown(() => routeFor('gpt-4')).message).toBe("the model 'gpt-4' does not exist here; did you mean 'gpt-4o' or 'gpt-4o-mini'?")
    expect(thrown(() => routeFor('secret-modl', noSecrets)).message).toBe(
      "the model 'secret-modl' does not exist here; models here: 'fast', 'gpt-4o', 'gpt-4o-mini'",
    )
  })

  test('that the key may not take: refused, also by an alias or a tier', () => {
    expect(thrown(() => routeFor('fast', name => name !== 'gpt-4o-mini'))).toMatchObject({ kind: 'permission', code: 'model_not_allowed' })
    expect(thrown(() => routeFor('claude-haiku', noSecrets))).toMatchObject({ kind: 'permission' })
    expect(routeFor('claude-opus', noSecrets).targets).toHaveLength(1)
  })

  test('to nobody who is active is no refusal of the key', () => {
    expect(routeFor('off').targets).toEqual([])
    expect(thrown(() => routeFor('off', () => false)).kind).toBe('permission')
  })

  test('repeats a made-up name only so far', () => {
    expect(thrown(() => routeFor('x'.repeat(1_000_000))).message.length).toBeLessThan(300)
  })
})

describe('an error’s answer', () => {
  const call = { dialect, requestId: 'req_1' }

  /** What a client gets where an upstream of its dialect (or another) answered so. */
  async function answered(kind: ErrorKind, status: number, body: string, type = 'application/json', id: Dialect['id'] = 'openai-chat') {
    const upstream = { path: '/x', decodeError: () => new GatewayError(kind, 'decoded') }
    const target = {
      model: 'm',
      provider: paperProvider('p', {
        dialect: { id, upstream } as unknown as Dialect,
        send: async () => ({
          status,
          headers: new Headers({
            'content-type': type,
            'x-ratelimit-remaining-tokens': '5',
            'set-cookie': 'a=b',
            'openai-organization': 'org-1',
          }),
          body: pulledBody(
            (
              pieces => async () =>
                pieces.pop()
            )([new TextEncoder().encode(body)]),
            () => {},
          ),
        }),
      }),
    }
    const lease = { target, account: target.provider.pool.accounts[0] as Account, wire: wireOf(target) }
    const error = await callUpstream(lease, upstream as never, {
      body: '{}',
      headers: {},
      path: '/x',
      client: new AbortController(),
    }).catch(caught => caught)
    const answer = errorAnswer(call, error, 0)
    const text = answer.body instanceof Uint8Array ? new TextDecoder().decode(answer.body) : String(answer.body)
    return { ...answer, text }
  }

  const own = '{ "error": {"message":"no", "n": 12345678901234567890} }'

  test('is the upstream’s own where it judged the request in the client’s dialect', async () => {
    const answer = await answered('invalid-request', 400, own)
    expect([answer.status, answer.text]).toEqual([400, own])
    expect(answer.headers).toEqual({ 'content-type': 'application/json', 'x-ratelimit-remaining-tokens': '5' })
  })

  test.each<[string, ErrorKind, number, string, string, Dialect['id']]>([
    ['another dialect', 'invalid-request', 400, own, 'application/json', 'anthropic'],
    ['our credentials', 'authentication', 401, own, 'application/json', 'openai-chat'],
    ['a forbidden request', 'invalid-request', 403, own, 'application/json', 'openai-chat'],
    ['a failing server', 'invalid-request', 500, own, 'application/json', 'openai-chat'],
    ['a page of HTML', 'not-found', 404, '<html>nginx</html>', 'text/html', 'openai-chat'],
    ['JSON of no dialect', 'not-found', 404, '{"detail":"Not Found"}', 'application/json', 'openai-chat'],
  ])('is ours for %s', async (_, kind, status, body, type, id) => {
    const answer = await answered(kind, status, body, type, id)
    expect(JSON.parse(answer.text)).toEqual({ error: { message: 'decoded', requestId: 'req_1' } })
    expect(answer.headers['content-type']).toBe('application/json')
  })

  test.each([401, 403])('keeps the limits of an account to itself whose credential was refused (%p)', async status => {
    const { headers } = await answered('authentication', status, own)
    expect(Object.keys(headers).filter(name => name.startsWith('x-ratelimit'))).toEqual([])
    const passed = await answered('invalid-request', 400, own)
    expect(passed.headers['x-ratelimit-remaining-tokens']).toBe('5')
  })

  test('says when to come back, in whole seconds', () => {
    expect(retryHeaders(new GatewayError('rate-limit', 'x', { retryAfterMs: 1001, shouldRetry: false }))).toEqual({
      'retry-after': '2',
      'retry-after-ms': '1001',
      'x-should-retry': 'false',
    })
    expect(retryHeaders(new GatewayError('rate-limit', 'x', { retryAfterMs: 0 }))).toEqual({ 'retry-after': '1', 'retry-after-ms': '1' })
    expect(retryHeaders(new GatewayError('internal', 'x'))).toEqual({})
  })
})

describe('headers', () => {
  test('to the upstream: only what its dialect knows', () => {
    const headers = new Headers({
      'anthropic-beta': 'a,b',
      'x-anthropic-version': '2023-06-01',
      authorization: 'Bearer sk',
      cookie: 'a',
      'x-api-key': 'k',
      'x-stainless-os': 'x',
      'openai-beta': 'z',
    })
    expect(headersToUpstream({ dialect: { id: 'anthropic' }, headers } as unknown as Call)).toEqual({
      'anthropic-beta': 'a,b',
      'anthropic-version': '2023-06-01',
    })
    expect(headersToUpstream({ dialect, headers } as unknown as Call)).toEqual({ 'openai-beta': 'z' })
    expect(headersToUpstream({ dialect: { id: 'cohere' }, headers } as unknown as Call)).toEqual({})
  })

  test('from the upstream: limits and hints', () => {
    const kept = { 'retry-after': '1', 'x-ratelimit-limit-requests': '9', 'anthropic-ratelimit-tokens-reset': 't' }
    const dropped = {
      'set-cookie': 'a',
      'content-length': '3',
      'content-encoding': 'gzip',
      'transfer-encoding': 'chunked',
      'openai-organization': 'o',
      'cf-ray': 'x',
      'x-request-id': 'r',
    }
    expect(headersFromUpstream(new Headers({ ...kept, ...dropped }))).toEqual(kept)
  })

  test('of ours can always be sent', () => {
    const lease = { target: { provider: paperProvider('Zürich\r\nx: y'), model: 'm' }, account: { label: '中-1' } } as never
    const headers = { ...routingHeaders(lease, 2), ...noteHeaders([{ action: 'dropped', field: 'é\r\n' }]) }
    expect(headers).toEqual({
      'x-dragoman-provider': 'Z?rich??x: y',
      'x-dragoman-account': '?-1',
      'x-dragoman-attempts': '2',
      'x-dragoman-notes': 'dropped:???',
    })
    new Headers(headers)
    expect(noteHeaders([])).toEqual({})
  })
})

describe('a codec’s context', () => {
  const make = createMakeContext(new FakeClock(5000), { next: prefix => `${prefix}1` })

  test('has the time, ids, and a place for notes', () => {
    const notes: Note[] = []
    const context = make(notes, false)
    context.note({ action: 'dropped', field: 'seed' })
    expect([context.now(), context.newId('call_'), notes]).toEqual([5000, 'call_1', [{ action: 'dropped', field: 'seed' }]])
    for (let count = 0; count < 1000; count++) context.note({ action: 'dropped', field: 'seed' })
    expect(notes).toHaveLength(200)
  })

  test('under strict refuses a drop and keeps an approximation', () => {
    const notes: Note[] = []
    const context = make(notes, true)
    context.note({ action: 'approximated', field: 'top_k' })
    expect(thrown(() => context.note({ action: 'dropped', field: 'seed', detail: 'no such thing' }))).toMatchObject({
      kind: 'invalid-request',
      param: 'seed',
      code: 'unsupported_parameter',
    })
    expect(notes).toHaveLength(1)
    const invention = { action: 'approximated', field: 'messages.1', detail: 'a tool call without a result', invented: true } as const
    expect(thrown(() => context.note(invention))).toMatchObject({ kind: 'invalid-request', param: 'messages.1' })
  })
})
