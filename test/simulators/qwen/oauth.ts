import { createHash } from 'node:crypto'
import type { Json } from '../../checkers/json.ts'
import type { SimulatedClock } from '../clock.ts'
import type { RecordedRequest } from '../simulator.ts'
import { refuseOauth } from './errors.ts'
import type { QwenRules } from './rules.ts'
import type { Grant, SimulatedUser, Users } from './user.ts'

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

const FORM = 'application/x-www-form-urlencoded'
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/
const USER_CODE_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-'

/** A sign-in that was begun. Times in milliseconds since the epoch. */
export interface DeviceCode {
  deviceCode: string
  userCode: string
  challenge: string
  scope: string
  expires: number
  state: 'pending' | 'approved' | 'denied' | 'used'
  user?: SimulatedUser
  lastPoll?: number
}

/** chat.qwen.ai as far as signing in goes (qwen.md §1): device codes, polls, refreshing. */
export class OauthServer {
  readonly codes: DeviceCode[] = []

  constructor(
    private readonly users: Users,
    private readonly clock: SimulatedClock,
    private readonly rules: QwenRules,
  ) {}

  /** `device/code`. @throws Refusal in OAuth's form. */
  begin(request: RecordedRequest, origin: string): Json {
    const form = formOf(request)
    if (field(form, 'client_id') !== this.rules.clientId) refuseOauth('invalid_client', 'Unknown client', 401)
    if (!CHALLENGE.test(field(form, 'code_challenge')))
      refuseOauth('invalid_request', 'code_challenge must be a SHA-256 digest in base64url')
    if (field(form, 'code_challenge_method') !== 'S256') refuseOauth('invalid_request', 'code_challenge_method must be S256')
    const code: DeviceCode = {
      deviceCode: `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll('-', ''),
      userCode: newUserCode(),
      challenge: field(form, 'code_challenge'),
      scope: field(form, 'scope'),
      expires: this.clock.now() + this.rules.deviceLifetimeS * 1000,
      state: 'pending',
    }
    this.codes.push(code)
    return {
      device_code: code.deviceCode,
      user_code: code.userCode,
      verification_uri: `${origin}/authorize`,
      verification_uri_complete: `${origin}/authorize?user_code=${code.userCode}&client=qwen-code`,
      expires_in: this.rules.deviceLifetimeS,
      ...(this.rules.interval !== undefined && { interval: this.rules.interval }),
    }
  }

  /** The token endpoint, for a device code or a refresh token. @throws Refusal in OAuth's form. */
  token(request: RecordedRequest, origin: string): Json {
    const form = formOf(request)
    const grant = field(form, 'grant_type')
    if (grant === 'refresh_token') return this.#refresh(form, origin)
    if (grant !== DEVICE_GRANT) refuseOauth('unsupported_grant_type', `Unsupported grant type: ${grant}`)
    if (field(form, 'client_id') !== this.rules.clientId) refuseOauth('invalid_client', 'Unknown client', 401)
    const code = this.#poll(field(form, 'device_code'))
    const digest = createHash('sha256').update(field(form, 'code_verifier')).digest('base64url')
    if (!code.user || digest !== code.challenge) return refuseOauth('invalid_grant', 'PKCE verification failed')
    code.state = 'used'
    return this.#body(code.user.signIn(undefined, code.scope), origin)
  }

  /** Whose token request it is, as far as the request tells. */
  ownerOf({ bodyText }: RecordedRequest): SimulatedUser | undefined {
    const form = new URLSearchParams(bodyText)
    const code = this.codes.find(({ deviceCode }) => deviceCode === form.get('device_code'))
    return code?.user ?? this.users.ownerOf(form.get('refresh_token') ?? undefined)
  }

  /** A sign-in that still waits for somebody: by its code, or the latest. @throws where there is none. */
  pending(userCode?: string): DeviceCode {
    const code = this.codes.findLast(item => item.state === 'pending' && (userCode === undefined || item.userCode === userCode))
    if (!code) throw new Error(userCode === undefined ? 'nobody is waiting to sign in' : `no sign-in waits with the code ${userCode}`)
    return code
  }

  /** The code of a poll that may have its tokens. */
  #poll(deviceCode: string): DeviceCode {
    const code = this.codes.find(item => item.deviceCode === deviceCode)
    if (!code || code.state === 'used') return refuseOauth('invalid_grant', 'The device code is unknown or used already')
    const now = this.clock.now()
    if (code.expires <= now) refuseOauth('expired_token', 'The device code has expired', this.rules.expiredCodeStatus)
    if (code.state === 'denied') refuseOauth('access_denied', 'The user denied the request')
    const since = now - (code.lastPoll ?? Number.NEGATIVE_INFINITY)
    code.lastPoll = now
    if (since < (this.rules.minPollGapMs ?? 0)) refuseOauth('slow_down', 'Polling too often', this.rules.slowDownStatus)
    if (code.state === 'pending') refuseOauth('authorization_pending', 'The user has not decided yet')
    return code
  }

  #refresh(form: URLSearchParams, origin: string): Json {
    const token = form.get('refresh_token') ?? ''
    const user = this.users.ownerOf(token)
    if (!user?.ownsRefreshToken(token) || form.get('client_id') !== this.rules.clientId) {
      return refuseOauth('invalid_request', 'Invalid refresh token or client_id')
    }
    const { refresh_token, [this.rules.resourceField]: resource, ...rest } = this.#body(user.refresh(token), origin)
    return {
      ...rest,
      ...(!this.rules.omitRefreshToken && { refresh_token }),
      ...(!this.rules.omitResourceUrl && { [this.rules.resourceField]: resource }),
    }
  }

  #body({ accessToken, refreshToken, expires, scope }: Grant, origin: string): Json {
    return {
      access_token: accessToken,
      refresh_token: refreshToken,
      token_type: 'Bearer',
      expires_in: Math.round((expires - this.clock.now()) / 1000),
      scope,
      [this.rules.resourceField]: this.rules.resourceUrl ?? origin,
    }
  }
}

function formOf({ headers, bodyText }: RecordedRequest): URLSearchParams {
  if (!headers['content-type']?.startsWith(FORM)) refuseOauth('invalid_request', `The content type must be ${FORM}`)
  return new URLSearchParams(bodyText)
}

const field = (form: URLSearchParams, name: string): string =>
  form.get(name) || refuseOauth('invalid_request', `Missing parameter: ${name}`)

const newUserCode = (): string =>
  [...crypto.getRandomValues(new Uint8Array(8))].map(byte => USER_CODE_LETTERS[byte % USER_CODE_LETTERS.length]).join('')
