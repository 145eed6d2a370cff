import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { isObject } from '../../checkers/json.ts'
import type { Answer } from '../../simulators/answer.ts'
import { CLIENT_KEY } from '../support/gateway.ts'
import { asking, MODES } from './question.ts'
import { ask, failureOf, MODEL, PAIRS, type Stage, startStage, type Vendor } from './stage.ts'

interface Told {
  /** The SDK's own class. */
  error: new (
    ...args: never[]
  ) => Error
  status: number
  type: string
}

/** What the upstream answers, and what either client makes of it. `times`: the gateway tries once more what may pass by itself. */
interface Case {
  status: number
  times: 1 | 2
  answer?: Answer
  openai: Told
  anthropic: Told
  /** The upstream's own words get through. */
  says: RegExp
}

const bad = { error: OpenAI.BadRequestError, status: 400, type: 'invalid_request_error' }
const badMessage = { error: Anthropic.BadRequestError, status: 400, type: 'invalid_request_error' }
const broken = { error: OpenAI.InternalServerError, status: 502, type: 'api_error' }
const brokenMessage = { error: Anthropic.InternalServerError, status: 502, type: 'api_error' }

const CASES: Case[] = [
  { status: 400, times: 1, openai: bad, anthropic: badMessage, says: /simulated status 400/ },
  // Our own credentials are none of the caller's business.
  { status: 401, times: 1, openai: broken, anthropic: brokenMessage, says: /refused our credentials/ },
  { status: 403, times: 1, openai: broken, anthropic: brokenMessage, says: /refused our credentials/ },
  {
    status: 404,
    times: 1,
    answer: { message: 'The model `x` does not exist' },
    openai: { error: OpenAI.NotFoundError, status: 404, type: 'invalid_request_error' },
    anthropic: { error: Anthropic.NotFoundError, status: 404, type: 'not_found_error' },
    says: /does not exist/,
  },
  {
    status: 413,
    times: 1,
    openai: { error: OpenAI.APIError, status: 413, type: 'invalid_request_error' },
    anthropic: { error: Anthropic.APIError, status: 413, type: 'request_too_large' },
    says: /simulated status 413/,
  },
  {
    status: 429,
    times: 1,
    answer: { headers: { 'retry-after': '17' } },
    openai: { error: OpenAI.RateLimitError, status: 429, type: 'rate_limit_error' },
    anthropic: { error: Anthropic.RateLimitError, status: 429, type: 'rate_limit_error' },
    says: /simulated status 429/,
  },
  { status: 500, times: 2, openai: broken, anthropic: brokenMessage, says: /simulated status 500/ },
  { status: 503, times: 2, openai: broken, anthropic: brokenMessage, says: /simulated status 503/ },
  {
    status: 529,
    times: 2,
    openai: { error: OpenAI.InternalServerError, status: 503, type: 'service_unavailable' },
    anthropic: { error: Anthropic.InternalServerError, status: 529, type: 'overloaded_error' },
    says: /simulated status 529/,
  },
  {
    status: 502,
    times: 2,
    answer: {
      body: '<html><head><title>502</title></head><body><h1>Bad gateway</h1><a href="https://inner.example/">cdn</a></body></html>',
    },
    openai: broken,
    anthropic: brokenMessage,
    says: /502/,
  },
]

let stage: Stage

/** A provider of its own for every case and client, so that a cool-down of one is not the next one's. */
const providerName = (client: Vendor, upstream: Vendor, status: number, mode: string): string => `${client}-${upstream}-${status}-${mode}`

beforeAll(async () => {
  stage = await startStage(upstream => {
    const names = PAIRS.flatMap(pair =>
      CASES.flatMap(({ status }) =>
        MODES.map(mode => ({ name: providerName(pair.client, pair.upstream, status, mode), vendor: pair.upstream })),
      ),
    )
    const providers = names.map(({ name, vendor }) => ({
      name,
      provider_type: vendor,
      base_url: upstream[vendor].url,
      api_key: upstream[vendor].key,
      models: [`only-${name}`],
    }))
    const models = Object.fromEntries(names.map(({ name, vendor }) => [name, { targets: [{ provider: name, model: MODEL[vendor] }] }]))
    return { providers, models }
  })
})
afterAll(() => stage.stop())

for (const { client, upstream } of PAIRS) {
  describe(`${client} SDK, ${upstream} upstream`, () => {
    for (const { status, times, answer, says, ...expected } of CASES) {
      test(`${status}${answer?.body ? ' with a page' : ''} is the SDK's own error`, async () => {
        stage.upstream[upstream].script(...Array<Answer>(times * MODES.length).fill({ ...answer, status }))
        const told = expected[client]
        // All at once, because the gateway waits a little before it tries again.
        const asked = MODES.map(mode => ask(stage, client, asking(providerName(client, upstream, status, mode), 'Hi'), mode))
        for (const failure of await Promise.all(asked.map(failureOf))) {
          expect(failure).toBeInstanceOf(told.error)
          const { requestID, message, headers } = failure as ApiFailure
          expect({ status: (failure as ApiFailure).status, type: typeOf(failure) }).toEqual({ status: told.status, type: told.type })
          expect(requestID).toMatch(/^req_/)
          expect(requestID).toBe(headers?.get('x-request-id'))
          expect(message).toMatch(says)
          expect(message).not.toMatch(/<h1>|inner\.example|127\.0\.0\.1|sk-simulator/)
          if (status === 429) expect(headers?.get('retry-after')).toBe('17')
        }
      })
    }
  })
}

/** `type` of the error object itself. */
function typeOf(failure: unknown): unknown {
  const body: unknown = (failure as { error?: unknown }).error
  const inner = isObject(body) && isObject(body.error) ? body.error : body
  return isObject(inner) ? inner.type : undefined
}

/** What the errors of both SDKs have. */
interface ApiFailure extends Error {
  status?: number
  headers?: Headers
  requestID?: string | null
}

describe("the gateway's own verdicts", () => {
  test('a wrong key', async () => {
    const openai = new OpenAI({ apiKey: 'sk-wrong', baseURL: `${stage.gateway.url}/v1`, maxRetries: 0 })
    const anthropic = new Anthropic({ apiKey: 'sk-wrong', baseURL: stage.gateway.url, maxRetries: 0 })
    const failures = [
      await failureOf(openai.chat.completions.create({ model: MODEL.openai, messages: [{ role: 'user', content: 'Hi' }] })),
      await failureOf(anthropic.messages.create({ model: MODEL.anthropic, max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] })),
    ]
    expect(failures[0]).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(failures[1]).toBeInstanceOf(Anthropic.AuthenticationError)
    for (const failure of failures) expect((failure as ApiFailure).requestID).toMatch(/^req_/)
    expect(failures[0]).toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect(failures[1]).toMatchObject({ status: 401, type: 'authentication_error' })
  })

  for (const client of ['openai', 'anthropic'] as const) {
    test(`a model that is not there, with the nearest name, for the ${client} SDK`, async () => {
      const failure = await failureOf(ask(stage, client, asking('openai-openai-400-creat', 'Hi'), 'create'))
      expect(failure).toMatchObject({ status: 404, message: expect.stringContaining("'openai-openai-400-create'") })
    })

    test(`a body over the limit, for the ${client} SDK`, async () => {
      const failure = await failureOf(ask(stage, client, asking(MODEL[client], 'x'.repeat(33 * 1024 * 1024)), 'create'))
      expect(failure).toMatchObject({ status: 413, message: expect.stringContaining('larger than') })
    })

    test(`a field of the wrong type, by its name, for the ${client} SDK`, async () => {
      const question = asking(MODEL[client === 'openai' ? 'anthropic' : 'openai'], 'Hi', { maxTokens: 'many' as never })
      const failure = await failureOf(ask(stage, client, question, 'iterate'))
      expect(failure).toMatchObject({
        status: 400,
        message: expect.stringContaining(client === 'openai' ? 'max_completion_tokens' : 'max_tokens'),
      })
    })
  }
})

describe('an error in mid-stream', () => {
  for (const { client, upstream } of PAIRS) {
    for (const mode of ['iterate', 'helper'] as const) {
      test(`${mode}: the ${client} SDK throws its APIError for one of ${upstream}`, async () => {
        stage.upstream[upstream].script({ text: ['The ', 'light'], streamError: { type: 'overloaded_error', message: 'Too many ships' } })
        const failure = await failureOf(ask(stage, client, asking(MODEL[upstream], 'Hi'), mode))
        expect(failure).toBeInstanceOf(client === 'openai' ? OpenAI.APIError : Anthropic.APIError)
        expect(String((failure as Error).message)).toContain('Too many ships')
        expect(await stage.wire.check()).toBe(1)
      })

      for (const [fault, answer] of [
        ['ends early', { cutAfter: 5 }],
        ['is reset', { resetAfter: 5 }],
        ['breaks off in its body', { cutAfter: 5, cutBody: true }],
      ] as const) {
        test(`${mode}: the ${client} SDK throws where the stream of ${upstream} ${fault}`, async () => {
          // Slowly enough that the content has gone out: before it, trying again is free.
          stage.upstream[upstream].script({ text: ['The ', 'light ', 'turns ', 'once ', 'more'], delayBetweenMs: 10, ...answer })
          const failure = await failureOf(ask(stage, client, asking(MODEL[upstream], 'Hi'), mode))
          expect(failure).toBeInstanceOf(client === 'openai' ? OpenAI.APIError : Anthropic.APIError)
          expect(await stage.wire.check()).toBe(1)
        })
      }
    }
  }

  test('before any content it is a status, after a second try', async () => {
    stage.upstream.anthropic.script({ text: [], streamError: { type: 'overloaded_error', message: 'Not now' } }, { text: 'Now.' })
    const reply = await ask(stage, 'openai', asking(MODEL.anthropic, 'Hi'), 'iterate')
    expect(reply.text).toBe('Now.')
  })
})

describe('context that is too long', () => {
  for (const { client, upstream } of PAIRS) {
    test(`is told to the ${client} SDK in words it acts upon, from ${upstream}`, async () => {
      const message =
        upstream === 'openai'
          ? "This model's maximum context length is 10 tokens. However, your messages resulted in 20 tokens."
          : 'prompt is too long: 20 tokens > 10 maximum'
      const error =
        upstream === 'openai'
          ? { error: { message, type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' } }
          : { type: 'error', error: { type: 'invalid_request_error', message } }
      stage.upstream[upstream].script({ status: 400, body: error })
      const failure = await failureOf(ask(stage, client, asking(MODEL[upstream], 'Hi'), 'create'))
      if (client === 'openai') expect(failure).toMatchObject({ status: 400, code: 'context_length_exceeded' })
      else expect(failure).toMatchObject({ status: 400, message: expect.stringContaining('prompt is too long') })
    })
  }
})

test('no client key, upstream key or address stands in what the gateway logged', () => {
  const log = stage.gateway.output()
  expect(log).not.toContain(CLIENT_KEY)
  expect(log).not.toContain('sk-simulator')
})
