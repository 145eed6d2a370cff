import { createHash } from 'node:crypto'
import { isObject, type Json } from '../../checkers/json.ts'
import { DEVICE_GRANT } from './oauth.ts'
import { DEFAULT_RULES } from './rules.ts'

const CLIENT_ID = DEFAULT_RULES.clientId

/** A verifier, as long as they may be at least. */
export const VERIFIER = 'v'.repeat(43)
export const CHALLENGE: string = createHash('sha256').update(VERIFIER).digest('base64url')

/** The leading message that the portal wants. */
export const SYSTEM: Json = { role: 'system', content: [{ type: 'text', text: '', cache_control: { type: 'ephemeral' } }] }

/** Posts JSON with a token or key, as the simplest of clients. */
export const ask = (url: string, bearer: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}`, ...headers },
    body: JSON.stringify(body),
  })

/** A chat of one message, on the portal. */
export const chatWith = (text: string, change: Json = {}): Json => ({
  model: 'coder-model',
  messages: [SYSTEM, { role: 'user', content: text }],
  ...change,
})

/** Status and body of an answer: an object, or text where it is no JSON object. */
export async function answerOf(response: Response): Promise<[number, Json | string]> {
  const text = await response.text()
  if (!response.headers.get('content-type')?.startsWith('application/json') || text === '') return [response.status, text]
  const parsed: unknown = JSON.parse(text)
  return [response.status, isObject(parsed) ? parsed : text]
}

async function post(url: string, fields: Record<string, string>): Promise<[number, Json | string]> {
  return answerOf(await fetch(url, { method: 'POST', body: new URLSearchParams(fields) }))
}

const without = (fields: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

/** Begins a sign-in; members that are undefined are left out. */
export const begin = (origin: string, change: Record<string, string | undefined> = {}): Promise<[number, Json | string]> =>
  post(
    `${origin}/api/v1/oauth2/device/code`,
    without({
      client_id: CLIENT_ID,
      scope: 'openid profile email model.completion',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...change,
    }),
  )

export const poll = (
  origin: string,
  deviceCode: string,
  change: Record<string, string | undefined> = {},
): Promise<[number, Json | string]> =>
  post(
    `${origin}/api/v1/oauth2/token`,
    without({ grant_type: DEVICE_GRANT, client_id: CLIENT_ID, device_code: deviceCode, code_verifier: VERIFIER, ...change }),
  )

export const refresh = (
  origin: string,
  refreshToken: string,
  change: Record<string, string | undefined> = {},
): Promise<[number, Json | string]> =>
  post(
    `${origin}/api/v1/oauth2/token`,
    without({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: CLIENT_ID, ...change }),
  )
