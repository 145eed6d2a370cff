import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Answer } from '../simulators/answer.ts'
import type { Simulator } from '../simulators/simulator.ts'
import { CLIENT_ROUTES, type ClientRoute, post } from './support/client-routes.ts'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { UPSTREAM_KINDS, type UpstreamKind } from './support/upstreams.ts'

interface StreamError {
  /** In the upstream's frame. */
  type: string
  message: string
  code?: string | null
  /** `type` (and OpenAI's `code`) that a client of either dialect reads where the frame had to be translated. */
  openai: [type: string, code: string | null]
  anthropic: string
  /** What a client must never read. */
  hides?: RegExp
}

/** Errors within a stream have no status: the type decides (dialects.md §5.3). */
const ERRORS: readonly StreamError[] = [
  { type: 'overloaded_error', message: 'Too many ships', openai: ['service_unavailable', 'overloaded'], anthropic: 'overloaded_error' },
  { type: 'rate_limit_error', message: 'Slower', openai: ['rate_limit_error', 'rate_limit_exceeded'], anthropic: 'rate_limit_error' },
  { type: 'timeout_error', message: 'Too late', openai: ['api_error', 'timeout'], anthropic: 'timeout_error' },
  { type: 'invalid_request_error', message: 'Not like that', openai: ['invalid_request_error', null], anthropic: 'invalid_request_error' },
  {
    type: 'authentication_error',
    message: 'Incorrect key sk-other-0123456789',
    openai: ['api_error', 'bad_gateway'],
    anthropic: 'api_error',
    hides: /authentication|Incorrect|0123456789/,
  },
  {
    type: 'permission_error',
    message: 'Your organization may not do this',
    openai: ['api_error', 'bad_gateway'],
    anthropic: 'api_error',
    hides: /permission|organization/,
  },
  {
    type: 'rate_limit_error',
    message: 'Limit of organization org-AbCdEfGhIjKlMnOpQrSt reached',
    openai: ['rate_limit_error', 'rate_limit_exceeded'],
    anthropic: 'rate_limit_error',
    hides: /org-AbCd/,
  },
]

const cases = UPSTREAM_KINDS.flatMap(kind =>
  CLIENT_ROUTES.flatMap(route => ERRORS.map((error, number) => ({ kind, route, error, id: `${kind.name}-${route.name}-${number}` }))),
)

const upstreams = new Map<UpstreamKind, Simulator>()
let gateway: RunningGateway

beforeAll(async () => {
  for (const kind of UPSTREAM_KINDS)
    upstreams.set(kind, kind.start({ keys: cases.flatMap(({ id }) => [`sk-${id}-late`, `sk-${id}-early`]), lenient: true }))
  const names = cases.flatMap(({ id, kind }) => ['late', 'early'].map(when => ({ name: `${id}-${when}`, kind })))
  gateway = await startGateway({
    config: {
      providers: names.map(({ name, kind }) =>
        kind.provider({ url: (upstreams.get(kind) as Simulator).url, key: `sk-${name}` }, { name, models: ['elsewhere'] }),
      ),
      models: Object.fromEntries(names.map(({ name, kind }) => [name, { targets: [{ provider: name, model: kind.model }] }])),
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([...upstreams.values()].map(simulator => simulator.close()))
})

const streamed = (route: ClientRoute, model: string) => post(gateway.url, route, route.body(model, { stream: true }))

describe.each(cases.map(each => [each.kind.name, each.route.name, each.error.message, each] as const))(
  'of %s for %s: %s',
  (_u, _c, _m, each) => {
    const { kind, route, error, id } = each
    const { type, message, code } = error

    test('after the first content it is the client’s own error event, and the last thing there is', async () => {
      const answer: Answer = { text: ['The ', 'light'], streamError: { type, message, code }, forKey: `sk-${id}-late` }
      upstreams.get(kind)?.script(answer)
      const response = await streamed(route, `${id}-late`)
      expect(response.status).toBe(200)
      const text = await response.text()
      const said = route.readStream(text)
      expect(said.text).toBe('The light')
      const translated = kind.name !== route.name || error.hides
      if (translated) {
        expect(said.error).toMatchObject(
          route.name === 'openai' ? { type: error.openai[0], code: error.openai[1] } : { type: error.anthropic },
        )
      } else expect(said.error).toMatchObject({ type, message })
      if (error.hides) expect(text).not.toMatch(error.hides)
      else expect(said.error?.message).toBe(message)
      expect(text).not.toMatch(/\[DONE\]|message_stop|"finish_reason":"/)
      if (route.name === 'anthropic' && translated) expect(text).toContain(`"request_id":"${response.headers.get('x-request-id')}"`)
    })

    test('before it, it is a status', async () => {
      const answer: Answer = { text: [], streamError: { type, message, code }, forKey: `sk-${id}-early` }
      upstreams.get(kind)?.script(answer, answer)
      const response = await streamed(route, `${id}-early`)
      const text = await response.text()
      expect(response.status, text).toBeGreaterThanOrEqual(400)
      expect(response.status).not.toBe(401)
      expect(response.status).not.toBe(403)
      expect(response.headers.get('content-type')).toStartWith('application/json')
      const told = route.readError(JSON.parse(text))
      if (type === 'overloaded_error') expect(response.status).toBe(route.name === 'openai' ? 503 : 529)
      if (type === 'rate_limit_error') expect([response.status, told.type]).toEqual([429, 'rate_limit_error'])
      if (type === 'invalid_request_error') expect(response.status).toBe(400)
      if (error.hides) expect(text).not.toMatch(/0123456789|org-AbCd/)
    })
  },
)
