import { expect } from 'bun:test'
import { checkChatStream } from '../../checkers/chat.ts'
import { checkChatBody } from '../../checkers/chat-answer.ts'
import { isObject, type Json } from '../../checkers/json.ts'
import { checkMessagesStream } from '../../checkers/messages.ts'
import { checkMessagesBody } from '../../checkers/messages-answer.ts'
import { CLIENT_KEY } from './gateway.ts'

/** What both dialects' checkers find in an answer. */
export interface Said {
  text: string
  /** In the dialect's own words. */
  finish?: string
  /** The error that ended a stream. */
  error?: Json
}

/** A route for generated answers, and how its clients speak. */
export interface ClientRoute {
  name: 'openai' | 'anthropic'
  path: string
  /** A small request. */
  body(model: string, more?: Json): Json
  keyHeader(key: string): Record<string, string>
  readStream(text: string): Said
  readBody(body: unknown): Said
  /** The `error` object of an answer that must be an error in the dialect's envelope, and nothing else. */
  readError(body: unknown): Json
  /** Its name for an answer that came to its end. */
  finished: string
}

const user = [{ role: 'user', content: 'Say hello' }]

export const CHAT: ClientRoute = {
  name: 'openai',
  path: '/v1/chat/completions',
  body: (model, more) => ({ model, messages: user, ...more }),
  keyHeader: key => ({ authorization: `Bearer ${key}` }),
  readStream: text => checkChatStream(text, { includeUsage: false }),
  readBody: body => checkChatBody(body),
  readError(body) {
    if (!isObject(body) || !isObject(body.error)) throw new Error(`no error of OpenAI: ${JSON.stringify(body)}`)
    expect(Object.keys(body)).toEqual(['error'])
    const { candidates, ...error } = body.error
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
    expect(error).toEqual({
      message: expect.any(String),
      type: expect.any(String),
      param: error.param === null ? null : expect.any(String),
      code: error.code === null ? null : expect.any(String),
    })
    if (candidates !== undefined) expect(candidates).toBeArray()
    return body.error
  },
  finished: 'stop',
}

export const MESSAGES: ClientRoute = {
  name: 'anthropic',
  path: '/v1/messages',
  body: (model, more) => ({ model, max_tokens: 256, messages: user, ...more }),
  keyHeader: key => ({ 'x-api-key': key }),
  readStream: text => checkMessagesStream(text),
  readBody: body => checkMessagesBody(body),
  readError(body) {
    if (!isObject(body) || !isObject(body.error)) throw new Error(`no error of Anthropic: ${JSON.stringify(body)}`)
    expect(Object.keys(body).sort()).toEqual(['error', 'request_id', 'type'])
    expect(body).toMatchObject({ type: 'error', request_id: expect.stringMatching(/^req_/) })
    const { candidates, ...error } = body.error
    expect(error).toEqual({
      type: expect.any(String),
      message: expect.any(String),
      // The vendor's own place for a code.
      ...(error.details !== undefined && { details: { error_code: expect.any(String) } }),
    })
    if (candidates !== undefined) expect(candidates).toBeArray()
    return body.error
  },
  finished: 'end_turn',
}

export const CLIENT_ROUTES: readonly ClientRoute[] = [CHAT, MESSAGES]

export interface PostOptions {
  key?: string | null
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** Sends `body` (objects as JSON) with the tests' key, or another, or none (`null`). */
export function post(
  url: string,
  route: ClientRoute,
  body: Json | string | Uint8Array | ReadableStream,
  options: PostOptions = {},
): Promise<Response> {
  const { key = CLIENT_KEY, headers, signal } = options
  const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
  return fetch(url + route.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== null && route.keyHeader(key)), ...headers },
    body: (raw ? body : JSON.stringify(body)) as BodyInit,
    signal: signal ?? null,
    redirect: 'manual',
  })
}

/** Checks an error answer as a whole: status, envelope, type, request ids. Returns the `error` object. */
export async function expectError(response: Response, route: ClientRoute, status: number): Promise<Json & { message: string }> {
  const text = await response.text()
  expect(response.status, text).toBe(status)
  expect(response.headers.get('content-type')).toStartWith('application/json')
  const id = response.headers.get('x-request-id')
  expect(id).toStartWith('req_')
  const body: unknown = JSON.parse(text)
  const error = route.readError(body)
  if (route.name === 'anthropic') {
    expect(response.headers.get('request-id')).toBe(id)
    expect(body).toMatchObject({ request_id: id })
  }
  expect(text).not.toMatch(/<!doctype|\bat \/|node_modules|http:\/\//i)
  return error as Json & { message: string }
}

/** The whole answer of a request that must succeed. */
export async function expectAnswer(response: Response, route: ClientRoute): Promise<Said> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  const streamed = response.headers.get('content-type')?.startsWith('text/event-stream')
  const said = streamed ? route.readStream(text) : route.readBody(JSON.parse(text))
  expect(said.error).toBeUndefined()
  expect(said.finish).toBe(route.finished)
  return said
}
