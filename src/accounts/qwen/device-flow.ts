import type { Clock } from '../../core/clock.ts'
import { asGatewayError, GatewayError } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import type { JsonAnswer, JsonCall } from '../json-call.ts'
import { challengeOf, newVerifier } from '../pkce.ts'
import { type QwenCredential, signedInBy } from './credential.ts'
import { describeRefusal, errorCodeOf, isPassing, type QwenOAuth, tokensOf } from './oauth.ts'

/** What the tokens of a sign-in are asked for with. */
export interface PolledSignIn {
  /** Secret: whoever has it and the verifier gets the tokens. */
  deviceCode: string
  verifier: string
  /** Milliseconds since the epoch. */
  expiresAt: number
  intervalMs: number
}

/** A sign-in that somebody is to approve in a browser, on any device (RFC 8628, with PKCE; qwen.md §1.3). */
export interface DeviceSignIn extends PolledSignIn {
  /** What the page shows for comparison. */
  userCode: string
  verificationUri: string
  /** The page with the code filled in: the one to open. */
  verificationUriComplete: string
}

/** What a poll for the tokens has brought. */
export type PollOutcome =
  | { state: 'approved'; credential: QwenCredential }
  /** `slowDown`: we ask too often. `trouble`: what kept the answer away, for people. */
  | { state: 'pending'; slowDown?: boolean; trouble?: string }
  /** `code` is OAuth's, `reason` for people. */
  | { state: 'ended'; code: string; reason: string }

/** As long as 32 random bytes in base64url. */
const VERIFIER_LENGTH = 43
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Where the server tells none: RFC 8628 §3.2, and what third parties take. */
export const DEFAULT_INTERVAL_MS = 5000
export const DEFAULT_EXPIRY_MS = 900_000
const LONGEST_EXPIRY_MS = 86_400_000

/** Errors that end a sign-in, in plain words. */
const ENDS: Readonly<Record<string, string>> = {
  expired_token: 'the code has expired before anybody approved it; begin anew',
  access_denied: 'the sign-in was declined in the browser',
  invalid_grant: 'Qwen does not take this code (any more); begin anew',
  invalid_client: 'Qwen does not know this OAuth client; check qwen.client_id',
}

export const EXPIRED: PollOutcome = { state: 'ended', code: 'expired_token', reason: ENDS.expired_token as string }

/** The network's part in a sign-in. */
export class DeviceFlow {
  constructor(
    private readonly call: JsonCall,
    private readonly oauth: QwenOAuth,
    private readonly clock: Clock,
  ) {}

  /** @throws GatewayError with the server's words where it gives no code */
  async begin(): Promise<DeviceSignIn> {
    const { clientId, scope, deviceCodeUrl } = this.oauth
    const verifier = newVerifier(VERIFIER_LENGTH)
    const form = { client_id: clientId, scope, code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }
    const answer = await this.call({ url: deviceCodeUrl, form }).catch(thrown => {
      const error = asGatewayError(thrown)
      throw new GatewayError(error.kind, `no sign-in could be begun at Qwen: ${error.message}`, { cause: error })
    })
    const begun = this.#readBegun(answer.json, verifier)
    if (begun) return begun
    const words = isObject(answer.json) ? describeRefusal(answer.status, answer.json, [verifier]) : `${answer.status} and no JSON`
    throw new GatewayError('bad-gateway', `no sign-in could be begun at Qwen: it answered ${words}`)
  }

  /** Asks once. Never throws: what is no answer leaves the sign-in pending. */
  async pollOnce({ deviceCode, verifier }: PolledSignIn): Promise<PollOutcome> {
    const { clientId, tokenUrl } = this.oauth
    const form = { grant_type: DEVICE_GRANT, client_id: clientId, device_code: deviceCode, code_verifier: verifier }
    let answer: JsonAnswer
    try {
      answer = await this.call({ url: tokenUrl, form })
    } catch (error) {
      return { state: 'pending', trouble: asGatewayError(error).message }
    }
    const tokens = answer.status < 300 ? tokensOf(answer.json) : undefined
    if (!tokens) return outcomeOf(answer, [deviceCode, verifier])
    const credential = signedInBy(tokens, this.clock.now())
    if (credential) return { state: 'approved', credential }
    return { state: 'ended', code: 'invalid_response', reason: 'Qwen approved the sign-in, but gave no refresh token' }
  }

  #readBegun(json: unknown, verifier: string): DeviceSignIn | undefined {
    if (!isObject(json) || typeof json.device_code !== 'string' || json.device_code === '') return undefined
    const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = json
    const userCode = typeof user_code === 'string' ? user_code : ''
    const page = pageOf(verification_uri)
    // Without both parameters the page only says that they are missing.
    const complete = pageOf(verification_uri_complete) ?? (page && withQuery(page, { user_code: userCode, client: 'qwen-code' }))
    if (complete === undefined)
      throw new GatewayError('bad-gateway', 'no sign-in could be begun at Qwen: it named no page to approve it on')
    return {
      deviceCode: device_code,
      verifier,
      userCode,
      verificationUri: page ?? complete,
      verificationUriComplete: complete,
      expiresAt: this.clock.now() + Math.min(msOf(expires_in) ?? DEFAULT_EXPIRY_MS, LONGEST_EXPIRY_MS),
      intervalMs: msOf(interval) ?? DEFAULT_INTERVAL_MS,
    }
  }
}

/** What an answer without tokens means, whatever its status (§1.4): servers differ in the status, not in the code. */
function outcomeOf({ status, json }: JsonAnswer, sent: readonly string[]): PollOutcome {
  const code = errorCodeOf(json)
  if (code === 'slow_down') return { state: 'pending', slowDown: true }
  if (code === 'authorization_pending') return { state: 'pending' }
  // With slowDown beside it in the shape that only the CLI's source knows.
  if (isObject(json) && json.status === 'pending') return { state: 'pending', slowDown: json.slowDown === true }
  if (status === 429 && (code === undefined || !Object.hasOwn(ENDS, code)))
    return { state: 'pending', slowDown: true, trouble: 'Qwen answered 429' }
  const plain = code !== undefined && Object.hasOwn(ENDS, code) ? ENDS[code] : undefined
  if (code !== undefined && plain !== undefined) return { state: 'ended', code, reason: plain }
  const isRefusal = status < 500 && (code === undefined ? status === 401 : !isPassing(code))
  if (!isRefusal) return { state: 'pending', trouble: `Qwen answered ${status} without a token` }
  return { state: 'ended', code: code ?? 'unauthorized', reason: `Qwen refused the sign-in (${describeRefusal(status, json, sent)})` }
}

function pageOf(text: unknown): string | undefined {
  const url = typeof text === 'string' ? URL.parse(text) : undefined
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined
}

function withQuery(page: string, query: Record<string, string>): string {
  const url = new URL(page)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}

const msOf = (seconds: unknown): number | undefined => (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined)
