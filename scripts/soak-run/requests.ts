import { gzipSync } from 'node:zlib'
import messagesFull from '../../test/golden/requests/anthropic/full.json' with { type: 'json' }
import chatFull from '../../test/golden/requests/openai-chat/full.json' with { type: 'json' }
import { type Chance, chanceOf } from './chance.ts'
import { COOLING, FAULTS, markOf } from './faults.ts'
import { mutate, spoil, write } from './mutations.ts'
import { CLIENT_KEY, SAID } from './secrets.ts'

export type Dialect = 'openai' | 'anthropic'

/** When and how a client leaves before its answer is whole. */
export interface Leave {
  /** After so many bytes of the request, after the whole request (and so many milliseconds), or after so many bytes of the answer. */
  after: 'sending' | 'sent' | 'receiving'
  amount: number
  how: 'fin' | 'reset'
}

export interface SoakRequest {
  index: number
  dialect: Dialect
  /** What kind of answer is due: the route's own, a count, or just any legal HTTP, since this is none or not ours. */
  expect: 'answer' | 'count' | 'any'
  bytes: Buffer
  /** Of the JSON body, as JSON.parse reads it. */
  includeUsage: boolean
  /** The upstream was asked to do this wrong. */
  fault: string | undefined
  leave: Leave | undefined
}

type Json = Record<string, unknown>

/** Names by which the upstreams are reached: strict and lenient ones of both kinds, and one whose accounts are made to wait. */
export const MODELS = {
  openai: ['gpt-4o', 'gpt-5.5', 'gpt-4.1'],
  anthropic: ['claude-sonnet-4-5-20250929', 'claude-opus-4-8'],
  'openai-lenient': ['qwen3', 'lenient-chat'],
  'anthropic-lenient': ['claude-lenient', 'lenient-messages'],
  cooling: ['gpt-4o-mini'],
} as const

const ORDINARY: readonly string[] = [...MODELS.openai, ...MODELS.anthropic, ...MODELS['openai-lenient'], ...MODELS['anthropic-lenient']]

/** Made anew each time, since it may be mutated. */
const newSchema = () => ({ type: 'object', properties: { station: { type: 'string' } } })

function smallBody(dialect: Dialect, text: string): Json {
  const messages = [{ role: 'user', content: text }]
  return dialect === 'openai' ? { messages } : { max_tokens: 300, messages }
}

function talkBody(dialect: Dialect, text: string): Json {
  const [first, last] = [
    { role: 'user', content: 'Hello' },
    { role: 'user', content: [{ type: 'text', text }] },
  ]
  const messages = [first, { role: 'assistant', content: 'Hello. What can I do?' }, last]
  return dialect === 'openai'
    ? {
        messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
        tools: [{ type: 'function', function: { name: 'read_wind', parameters: newSchema() } }],
      }
    : { max_tokens: 300, system: 'Be brief.', messages, tools: [{ name: 'read_wind', input_schema: newSchema() }] }
}

function fullBody(dialect: Dialect, text: string): Json {
  const full = structuredClone(dialect === 'openai' ? chatFull : messagesFull) as Json
  const messages = full.messages as Json[]
  const last = messages.at(-1) as Json
  if (Array.isArray(last.content)) last.content.push({ type: 'text', text })
  else last.content = text
  return full
}

function jsonOf(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : {}
  } catch {
    return {}
  }
}

const HEADERS: readonly ((chance: Chance) => string[])[] = [
  () => ['content-type: text/plain'],
  () => ['content-type: application/json; charset=utf-16'],
  () => ['content-type: multipart/form-data; boundary=x'],
  () => ['content-type:'],
  () => ['content-encoding: gzip'],
  () => ['content-encoding: br, gzip'],
  () => ['content-encoding: nonsense'],
  () => ['x-dragoman-strict: true'],
  () => ['x-dragoman-strict: perhaps'],
  () => ['accept: image/png', 'accept-encoding: identity;q=0'],
  () => ['anthropic-version: 1999-01-01', 'anthropic-beta: ,,x,'],
  () => ['anthropic-beta: context-1m-2025-08-07,nonsense-9999'],
  () => ['origin: https://example.com'],
  () => ['host: example.com'],
  () => ['expect: 100-continue'],
  () => ['authorization: Bearer', 'x-api-key: wrong-key'],
  () => ['authorization: Basic Zm9vOmJhcg=='],
  () => ['x-forwarded-for: 1.2.3.4', 'forwarded: for=unknown'],
  () => ['cookie: \u00e4\u00f6\u00fc=\u00df'],
  () => ['traceparent: nonsense', 'x-request-id: ../../x'],
  chance => [`x-long: ${'z'.repeat(chance.pick([100, 4000]))}`],
  () => ['x-stainless-retry-count: 5', 'idempotency-key: 1'],
]

const PATHS: Readonly<Record<Dialect, string>> = { openai: '/v1/chat/completions', anthropic: '/v1/messages' }
const OTHER_PATHS: readonly string[] = [
  '/v1/models',
  '/v1/models/gpt-4o',
  '/v1/models/%00',
  '/health',
  '/v1/%2e%2e/admin/stats',
  '/v1/chat/completions/',
  '//v1/messages',
  '/v1/messages?beta=true&x[]=1',
  '/v1/embeddings',
  '/admin/requests',
  '/stats',
]

/** HTTP that is none, or not what a client would send. */
const WIRE: readonly ((path: string, key: string, body: string, chance: Chance) => string)[] = [
  (path, key) => `POST ${path} HTTP/1.1\r\nhost: x\r\n${key}\r\ncontent-length: nonsense\r\n\r\n{}`,
  (path, key) => `POST ${path} HTTP/1.1\r\nhost: x\r\n${key}\r\ncontent-length: -5\r\n\r\n{}`,
  (path, key, body) => `POST ${path} HTTP/1.1\r\nhost: x\r\n${key}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`,
  (path, key, body) => `POST ${path} HTTP/1.1\nhost: x\n${key}\ncontent-length: ${Buffer.byteLength(body)}\n\n${body}`,
  (path, key) => `POST ${path} HTTP/9.9\r\nhost: x\r\n${key}\r\n\r\n`,
  (path, key) => `P\u0000ST ${path} HTTP/1.1\r\nhost: x\r\n${key}\r\n\r\n`,
  (path, key) => `DELETE ${path} HTTP/1.1\r\nhost: x\r\n${key}\r\n\r\n`,
  (path, key) => `GET ${path} HTTP/1.1\r\nhost: x\r\n${key}\r\n\r\n`,
  (path, key) => `POST ${path} HTTP/1.0\r\n${key}\r\ncontent-length: 2\r\n\r\n{}`,
  (path, _, __, chance) => `POST ${path} HTTP/1.1\r\nhost: x\r\nx-huge: ${'h'.repeat(chance.pick([20_000, 200_000]))}\r\n\r\n`,
  (path, key) => `POST ${path} HTTP/1.1\r\nhost: x\r\nx-nul: a\u0000b\r\n${key}\r\ncontent-length: 2\r\n\r\n{}`,
  () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  () => '\r\n\r\n\r\n',
  (_, key) => `GET ${'/a'.repeat(5000)} HTTP/1.1\r\nhost: x\r\n${key}\r\n\r\n`,
]

const TARGETS: readonly Dialect[] = ['openai', 'anthropic']

/** The request of this number, always the same for the same seed. */
export function requestOf(seed: number, index: number, leaves: boolean): SoakRequest {
  const chance = chanceOf(seed, index)
  const dialect = chance.pick(TARGETS)
  const keyHeader = dialect === 'openai' || chance.happens(0.3) ? `authorization: Bearer ${CLIENT_KEY}` : `x-api-key: ${CLIENT_KEY}`
  const cooled = chance.happens(0.01)
  const fault = cooled ? chance.pick(Object.keys(COOLING)) : leaves ? (chance.happens(0.7) ? 'slow' : undefined) : faultOf(chance)
  const text = `${SAID} ${chance.pick(['Hello', 'use tool', 'use tools', 'Grüße, 世界 👩‍👩‍👧‍👦'])} ${fault === undefined ? '' : markOf(fault)}`
  const body = chance.pick([smallBody, smallBody, talkBody, fullBody])(dialect, text)
  body.model = cooled ? MODELS.cooling[0] : chance.pick(ORDINARY)
  body.stream = leaves ? chance.happens(0.8) : chance.happens(0.5)
  if (dialect === 'openai') {
    delete body.stream_options
    if (body.stream && chance.happens(0.5)) body.stream_options = { include_usage: true }
  }
  const fuzzed = chance.happens(leaves ? 0.1 : 0.6)
  if (fuzzed) mutate(body, chance)
  const json = write(body).replaceAll(SAID, fuzzed ? '' : SAID)
  const counts = dialect === 'anthropic' && chance.happens(0.08)
  const made = { index, dialect, fault, leave: leaves ? leaveOf(chance) : undefined, includeUsage: false }

  if (!leaves && chance.happens(0.03))
    return { ...made, expect: 'any', bytes: Buffer.from(chance.pick(WIRE)(PATHS[dialect], keyHeader, json, chance), 'latin1') }
  if (!leaves && chance.happens(0.02)) {
    const method = chance.pick(['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT'])
    return {
      ...made,
      expect: 'any',
      bytes: Buffer.from(`${method} ${chance.pick(OTHER_PATHS)} HTTP/1.1\r\nhost: localhost\r\n${keyHeader}\r\ncontent-length: 0\r\n\r\n`),
    }
  }
  let payload = Buffer.from(json)
  if (fuzzed && chance.happens(0.15)) payload = Buffer.from(spoil(json, chance))
  // As a decoder of UTF-8 reads it: without a mark at its beginning.
  const options = jsonOf(new TextDecoder().decode(payload)).stream_options as Json | null | undefined
  const odd = !leaves && chance.happens(0.12) ? chance.pick(HEADERS)(chance) : []
  if (odd.includes('content-encoding: gzip') && chance.happens(0.5)) payload = Buffer.from(gzipSync(payload))
  const headers = [
    ...(odd.some(line => line.startsWith('host:')) ? [] : ['host: localhost']),
    keyHeader,
    ...(odd.some(line => line.startsWith('content-type')) ? [] : ['content-type: application/json']),
    ...odd,
  ]
  const path = counts ? `${PATHS.anthropic}/count_tokens` : PATHS[dialect]
  return {
    ...made,
    expect: counts ? 'count' : 'answer',
    bytes: onTheWire(path, headers, payload, chance.happens(0.15)),
    includeUsage: typeof options === 'object' && options?.include_usage === true,
  }
}

const faultOf = (chance: Chance): string | undefined => (chance.happens(0.25) ? chance.pick(Object.keys(FAULTS)) : undefined)

function leaveOf(chance: Chance): Leave {
  const how = chance.pick(['fin', 'reset'] as const)
  const after = chance.pick(['sending', 'sent', 'receiving', 'receiving'] as const)
  return { after, how, amount: after === 'sent' ? chance.below(20) : 1 + chance.below(after === 'sending' ? 600 : 3000) }
}

function onTheWire(path: string, headers: readonly string[], body: Buffer, chunked: boolean): Buffer {
  const half = Math.ceil(body.length / 2)
  const chunk = (part: Buffer): Buffer[] =>
    part.length === 0 ? [] : [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]
  const parts = chunked ? [...chunk(body.subarray(0, half)), ...chunk(body.subarray(half)), Buffer.from('0\r\n\r\n')] : [body]
  const length = chunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${[...headers, length].join('\r\n')}\r\n\r\n`, 'latin1'), ...parts])
}
