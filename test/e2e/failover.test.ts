import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Json } from '../checkers/json.ts'
import type { Answer } from '../simulators/answer.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { recordOf } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, type ClientRoute, expectAnswer, expectError, MESSAGES, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { ANTHROPIC, OPENAI, UPSTREAM_KINDS, type UpstreamKind } from './support/upstreams.ts'

interface Fault {
  answer: Answer
  /** What the record says of the attempt. */
  outcome: string
  status?: number
  /** Only streams can have it, or only whole answers. */
  only?: 'stream' | 'whole'
  kind?: UpstreamKind['name']
}

/** What ends an attempt and sends the request elsewhere. */
const FAULTS: Record<string, Fault> = {
  '408': { answer: { status: 408 }, outcome: 'timeout', status: 408 },
  '409': { answer: { status: 409 }, outcome: 'conflict', status: 409 },
  '425': { answer: { status: 425 }, outcome: 'unavailable', status: 425 },
  '429': { answer: { status: 429 }, outcome: 'rate limit', status: 429 },
  '429 with retry-after': { answer: { status: 429, headers: { 'retry-after': '30' } }, outcome: 'rate limit', status: 429 },
  '500': { answer: { status: 500 }, outcome: 'internal', status: 500 },
  '502': { answer: { status: 502 }, outcome: 'bad gateway', status: 502 },
  '502 in HTML': {
    answer: { status: 502, body: '<!doctype html><h1>Bad gateway</h1>', contentType: 'text/html' },
    outcome: 'bad gateway',
    status: 502,
  },
  '503': { answer: { status: 503 }, outcome: 'unavailable', status: 503 },
  '504': { answer: { status: 504 }, outcome: 'timeout', status: 504 },
  '520': { answer: { status: 520 }, outcome: 'bad gateway', status: 520 },
  '529': { answer: { status: 529 }, outcome: 'overloaded', status: 529 },
  '302': { answer: { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }, outcome: 'bad gateway', status: 302 },
  'a closed connection before the headers': { answer: { closeBeforeHeaders: true }, outcome: 'maybe executed' },
  'HTML with 200': {
    answer: { body: '<!doctype html><title>Sign in</title>', contentType: 'text/html' },
    outcome: 'bad gateway',
    status: 200,
  },
  'an empty body with 200': { answer: { body: '' }, outcome: 'bad gateway', status: 200 },
  'JSON that is no answer': { answer: { body: { detail: 'Please sign in' } }, outcome: 'bad gateway' },
  'an error with 200': {
    answer: { body: { type: 'error', error: { type: 'overloaded_error', message: 'busy' } } },
    outcome: 'overloaded',
  },
  'half a body': { answer: { cutAfter: 1, cutBody: true }, outcome: 'maybe executed', only: 'whole' },
  'half a body that ends well': { answer: { cutAfter: 1 }, outcome: 'bad gateway', only: 'whole' },
  'a reset within the body': { answer: { resetAfter: 1 }, outcome: 'maybe executed', only: 'whole' },
  'a stream that is cut before its content': { answer: { cutAfter: 1 }, outcome: 'maybe executed', only: 'stream' },
  'a stream that is reset before its content': { answer: { resetAfter: 1 }, outcome: 'maybe executed', only: 'stream' },
  'an empty stream': { answer: { cutAfter: 0 }, outcome: 'maybe executed', only: 'stream' },
  'an error event before the content': {
    answer: { text: [], streamError: { type: 'overloaded_error', message: 'busy' } },
    outcome: 'overloaded',
    only: 'stream',
  },
}

/** The caller's own fault: no other upstream would say otherwise. */
const FINAL = [400, 413, 415, 422]

const CREDENTIALS = [401, 403]

const upstreams = new Map<UpstreamKind, Simulator>()
let backup: Simulator
let gateway: RunningGateway

/** Every case has two providers of its own, so that none meets what another did to an account. */
const cases = UPSTREAM_KINDS.flatMap(kind =>
  [...Object.keys(FAULTS), ...FINAL.map(String), ...CREDENTIALS.map(String), 'refused', 'missing model', 'all'].flatMap(fault =>
    ['stream', 'whole'].flatMap(mode => CLIENT_ROUTES.map(route => ({ kind, fault, mode, route }))),
  ),
)
const modelOf = (kind: UpstreamKind, fault: string, mode: string, route: ClientRoute): string =>
  `${kind.name === 'openai' ? 'gpt' : 'claude'}-${cases.findIndex(each => each.kind === kind && each.fault === fault && each.mode === mode && each.route === route)}`

beforeAll(async () => {
  for (const kind of UPSTREAM_KINDS) upstreams.set(kind, kind.start())
  backup = OPENAI.start()
  const nowhere = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const closed = `http://127.0.0.1:${nowhere.port}/v1`
  await nowhere.stop(true)
  const providers = cases.flatMap(({ kind, fault, mode, route }) => {
    const model = modelOf(kind, fault, mode, route)
    const simulator = upstreams.get(kind) as Simulator
    const first = fault === 'refused' ? { url: closed, key: 'none' } : simulator
    return [
      kind.provider(first, { name: `${model} one`, priority: 1, models: [model] }),
      OPENAI.provider(backup, { name: `${model} two`, priority: 2, models: [model], headers: { 'x-for': 'backup' } }),
    ]
  })
  const models: Json = {}
  for (const { kind, fault, mode, route } of cases) {
    const model = modelOf(kind, fault, mode, route)
    models[model] = {
      targets: [
        { provider: `${model} one`, model },
        { provider: `${model} two`, model: 'gpt-4o' },
      ],
    }
  }
  gateway = await startGateway({ config: { providers, models } })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([...upstreams.values(), backup].map(simulator => simulator.close()))
})

const upstream = (kind: UpstreamKind): Simulator => upstreams.get(kind) as Simulator

const MODES = ['stream', 'whole'] as const

describe.each(UPSTREAM_KINDS.map(kind => [kind.name, kind] as const))('an %s upstream that fails', (_, kind) => {
  describe.each(CLIENT_ROUTES.map(route => [route.name, route] as const))('behind %s', (_name, route) => {
    describe.each(MODES)('asked for a %s answer', mode => {
      const ask = (fault: string) => post(gateway.url, route, route.body(modelOf(kind, fault, mode, route), { stream: mode === 'stream' }))

      test.each(Object.entries(FAULTS).filter(([, { only }]) => only === undefined || only === mode))(
        '%s: the next target answers',
        async (fault, { answer, outcome, status }) => {
          upstream(kind).script(answer)
          const response = await ask(fault)
          const said = await expectAnswer(response.clone() as Response, route)
          expect(said.text).toContain('Say hello')
          expect(response.headers.get('x-dragoman-attempts')).toBe('2')
          const record = await recordOf(gateway.url, response)
          expect(record.attempts).toEqual([
            expect.objectContaining({ outcome, ms: expect.any(Number), ...(status === undefined ? {} : { status }) }),
            expect.objectContaining({ outcome: 'ok', status: 200 }),
          ])
          expect(record).toMatchObject({ status: 200, error: null, provider: expect.stringMatching(/ two$/) })
        },
      )

      test('a refused connection: the next target answers', async () => {
        const response = await ask('refused')
        await expectAnswer(response.clone() as Response, route)
        const { attempts } = await recordOf(gateway.url, response)
        expect(attempts).toMatchObject([{ outcome: 'bad gateway' }, { outcome: 'ok' }])
      })

      test('a model that this account does not have: the next target answers', async () => {
        const { model } = kind
        upstream(kind).script({
          status: 404,
          body:
            kind === ANTHROPIC
              ? { type: 'error', error: { type: 'not_found_error', message: `model: ${model}` } }
              : {
                  error: {
                    message: `The model \`${model}\` does not exist`,
                    type: 'invalid_request_error',
                    param: null,
                    code: 'model_not_found',
                  },
                },
        })
        await expectAnswer(await ask('missing model'), route)
      })

      test.each(FINAL)('%i is the answer: nobody else is asked', async status => {
        upstream(kind).script({ status, message: 'This is what is wrong with you.' })
        const before = backup.requests.length
        const response = await ask(String(status))
        const text = await response.clone().text()
        // Anthropic's own word for what OpenAI says with 415 and 422 is 400.
        const translated = kind.name !== route.name && status > 413 ? [status, 400] : [status]
        expect(translated, text).toContain(response.status)
        expect(route.readError(JSON.parse(text)).message).toContain('This is what is wrong with you.')
        expect(backup.requests).toHaveLength(before)
        const record = await recordOf(gateway.url, response)
        expect(record.attempts).toHaveLength(1)
        // The next request is sent there again: the account is as good as before.
        await expectAnswer(await ask(String(status)), route)
        expect(backup.requests).toHaveLength(before)
      })

      test.each(CREDENTIALS)('%i for our key: the next target answers, and the account is not asked again', async status => {
        upstream(kind).script({ status, message: `Incorrect API key provided: ${upstream(kind).key}` })
        const response = await ask(String(status))
        await expectAnswer(response.clone() as Response, route)
        const asked = upstream(kind).requests.length
        const again = await ask(String(status))
        await expectAnswer(again.clone() as Response, route)
        expect(upstream(kind).requests).toHaveLength(asked)
        const record = await recordOf(gateway.url, again)
        expect(record.skipped).toMatchObject([
          { provider: expect.stringMatching(/ one$/), reason: expect.stringContaining(String(status)), until: expect.any(String) },
        ])
      })

      test('when the last fails too, the error names both and why', async () => {
        upstream(kind).script({ status: 500, message: 'first fault' }, { status: 500, message: 'first fault' })
        backup.script({ status: 503, message: 'second fault' })
        const response = await ask('all')
        const error = await expectError(response, route, 502)
        const model = modelOf(kind, 'all', mode, route)
        expect(error.message).toContain(`${model} one`)
        expect(error.message).toContain(`${model} two`)
        expect(error.message).toContain('500')
        expect(error.message).toContain('503')
        expect(error.type).toBe('api_error')
        expect(response.headers.get('x-should-retry')).toBe('false')
        const record = await recordOf(gateway.url, response)
        // The first gets a second chance once nothing else is left.
        expect(record.attempts).toMatchObject([{ status: 500 }, { status: 503 }, { status: 500 }])
        expect(record).toMatchObject({ status: 502, error: expect.stringMatching(/ one .*: 500 internal; .* two .*: 503 unavailable/) })
      })
    })
  })
})

test('nothing that was scripted is left, and the process is well', async () => {
  for (const simulator of [...upstreams.values(), backup]) {
    simulator.script({ text: 'the marker' })
  }
  for (const kind of UPSTREAM_KINDS) {
    const said = await expectAnswer(await post(gateway.url, CHAT, CHAT.body(modelOf(kind, '400', 'whole', CHAT))), CHAT)
    expect(said.text).toBe('the marker')
  }
  const record = await post(gateway.url, MESSAGES, MESSAGES.body(modelOf(OPENAI, '400', 'whole', MESSAGES)))
  await expectAnswer(record, MESSAGES)
  expect(gateway.output()).not.toMatch(/internal error|unhandled|uncaught/)
})
