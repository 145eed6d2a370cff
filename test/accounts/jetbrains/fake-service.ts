import { isObject, type JsonObject, tryParseJson } from '../../../src/core/json.ts'
import { pulledBody } from '../../../src/upstream/body.ts'
import type { UpstreamRequest, UpstreamResponse } from '../../../src/upstream/client.ts'
import type { FakeClock } from '../../support/fake-clock.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT with a made-up signature. */
export const jwtOf = (claims: JsonObject): string => `${encode({ alg: 'HS256' })}.${encode(claims)}.c2lnbmVk`

export const BASE_URL = 'https://gateway.example'
export const OAUTH_URL = 'https://oauth.example'

export const LIMITS = { connect: 1000, firstByte: 1000, idle: 1000 }

/** An answer as `Send` gives it. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): UpstreamResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const pieces = [Buffer.from(text)]
  const pull = async (): Promise<Uint8Array | undefined> => pieces.shift()
  return { status, headers: new Headers(headers), body: pulledBody(pull, () => {}) }
}

export type Step = 'oauth' | 'access' | 'register'

const STEPS: Readonly<Record<string, Step>> = {
  [`${OAUTH_URL}/oauth2/token`]: 'oauth',
  [`${BASE_URL}/auth/jetbrains-jwt/provide-access/license/v2`]: 'access',
  [`${BASE_URL}/auth/jetbrains-jwt/register`]: 'register',
}

/** JetBrains' account server and licence check for one account: a refresh token works once, and gives the next. */
export class FakeService {
  refreshToken = 'refresh-token-0'
  idToken = ''
  jwt = ''
  rotates = true
  registered = true
  idTokenMs = 3_600_000
  jwtMs = 86_400_000
  /** By how much its clock is ahead. */
  skewMs = 0
  readonly calls: { step: Step; request: UpstreamRequest }[] = []
  /** Answers in place of its own, in order; an error is thrown. */
  readonly scripted: Record<Step, (UpstreamResponse | Error)[]> = { oauth: [], access: [], register: [] }
  #serial = 1

  constructor(private readonly clock: FakeClock) {}

  get steps(): Step[] {
    return this.calls.map(({ step }) => step)
  }

  count(step: Step): number {
    return this.steps.filter(made => made === step).length
  }

  readonly send = async (request: UpstreamRequest): Promise<UpstreamResponse> => {
    const step = STEPS[request.url]
    if (!step) return answer(404, 'no such path')
    this.calls.push({ step, request })
    // As over a network, others get their turn before the answer comes.
    await Promise.resolve()
    const scripted = this.scripted[step].shift()
    if (scripted instanceof Error) throw scripted
    return scripted ?? this.#answer(step, request)
  }

  token(lifetimeMs: number): string {
    const iat = Math.floor((this.clock.now() + this.skewMs) / 1000)
    return jwtOf({ iat, exp: iat + lifetimeMs / 1000, jti: String(this.#serial++) })
  }

  #answer(step: Step, { body, headers }: UpstreamRequest): UpstreamResponse {
    if (step === 'oauth') return this.#grant(new URLSearchParams(body))
    if (headers.authorization !== `Bearer ${this.idToken}`) return answer(401, 'the token is not valid')
    if (step === 'register') {
      this.registered = true
      return answer(200, '')
    }
    if (!this.registered) return answer(412, 'no such user')
    const asked = tryParseJson(body)
    if (!isObject(asked) || asked.licenseId !== 'LIC1') return answer(400, 'no such licence')
    this.jwt = this.token(this.jwtMs)
    return answer(200, { state: 'TRIAL', token: this.jwt })
  }

  #grant(form: URLSearchParams): UpstreamResponse {
    if (form.get('refresh_token') !== this.refreshToken) {
      return answer(400, { error: 'invalid_grant', error_description: `${form.get('refresh_token')} was used before` })
    }
    if (this.rotates) this.refreshToken = `refresh-token-${this.#serial++}`
    this.idToken = this.token(this.idTokenMs)
    return answer(200, {
      access_token: 'opaque',
      id_token: this.idToken,
      ...(this.rotates && { refresh_token: this.refreshToken }),
      expires_in: this.idTokenMs / 1000,
    })
  }
}
