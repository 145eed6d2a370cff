import type { Clock } from '../core/clock.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { type JsonValue, tryParseJson } from '../core/json.ts'
import type { UpstreamBody } from '../upstream/body.ts'
import type { Send, UpstreamLimits } from '../upstream/client.ts'
import type { ResponseHeaders } from '../upstream/http1/headers.ts'

export interface JsonRequest {
  /** POST unless told. */
  method?: 'GET'
  url: string
  /** Names in lower case. */
  headers?: Record<string, string>
  /** What is posted; at most one of the two, nothing where neither is given. */
  json?: JsonValue
  form?: Record<string, string>
}

export interface JsonAnswer {
  status: number
  headers: ResponseHeaders
  text: string
  /** Undefined where the body is no JSON. */
  json?: JsonValue
}

/** Asks a server a small question. Every status is an answer. @throws GatewayError when there is none: no connection, none in time, too long a body */
export type JsonCall = (request: JsonRequest) => Promise<JsonAnswer>

export interface JsonCallOptions {
  send: Send
  clock: Clock
  limits: UpstreamLimits
  /** Headers of every call; they win. */
  standing?: Record<string, string>
  /** For the whole call, in milliseconds; default 15 s. */
  timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 15_000
const LONGEST_BODY = 1_000_000

/** What calls about accounts (tokens, quota) go out through. */
export function createJsonCall({ send, clock, limits, standing = {}, timeoutMs = DEFAULT_TIMEOUT_MS }: JsonCallOptions): JsonCall {
  return async request => {
    const leaving = new AbortController()
    const cancel = clock.after(timeoutMs, () => leaving.abort())
    const [type, body] = bodyOf(request)
    try {
      const response = await send({
        ...(request.method && { method: request.method }),
        url: request.url,
        headers: { accept: 'application/json', ...(type && { 'content-type': type }), ...request.headers },
        standing,
        body,
        limits,
        client: leaving,
      })
      const text = await textOf(response.body)
      return { status: response.status, headers: response.headers, text, json: tryParseJson(text) }
    } catch (error) {
      if (!leaving.signal.aborted) throw asGatewayError(error)
      throw new GatewayError('timeout', `no complete answer within ${timeoutMs / 1000} s`, { cause: error })
    } finally {
      cancel()
    }
  }
}

function bodyOf({ method, json, form }: JsonRequest): [type: string | undefined, body: string] {
  if (form) return ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()]
  if (json !== undefined) return ['application/json', JSON.stringify(json)]
  // Servers of Kotlin's frameworks turn down a POST without a type even where its body is empty.
  return [method === 'GET' ? undefined : 'application/json', '']
}

async function textOf(body: UpstreamBody): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for (let piece = await body.read(); piece; piece = await body.read()) {
    pieces.push(piece)
    length += piece.length
    if (length <= LONGEST_BODY) continue
    body.release()
    throw new GatewayError('bad-gateway', `the answer is longer than ${LONGEST_BODY} bytes`)
  }
  return Buffer.concat(pieces, length).toString()
}
