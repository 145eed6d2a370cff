import type { JsonObject } from '../../../src/core/json.ts'
import type { UpstreamRequest, UpstreamResponse } from '../../../src/upstream/client.ts'
import type { FakeClock } from '../../support/fake-clock.ts'
import { answer } from '../jetbrains/fake-service.ts'

export const OAUTH_URL = 'https://qwen.example'
const DEVICE = `${OAUTH_URL}/api/v1/oauth2/device/code`
const TOKEN = `${OAUTH_URL}/api/v1/oauth2/token`

export const PAGE_504 = '<html><head><title>504 Gateway Time-out</title></head><body>nginx</body></html>'

/** Qwen's sign-in server for one account: a refresh token works once, and gives the next. */
export class FakeQwen {
  refreshToken = 'refresh-token-0'
  accessToken = ''
  lifeMs = 21_600_000
  rotates = true
  resourceUrl: string | undefined = 'portal.qwen.ai'
  /** What the person at the browser has said so far. */
  isApproved = false
  readonly requests: UpstreamRequest[] = []
  /** When each came, in milliseconds since the clock's start. */
  readonly times: number[] = []
  /** Answers in place of its own, in order; an error is thrown. */
  readonly scripted: (UpstreamResponse | Error)[] = []
  #serial = 1

  constructor(private readonly clock: FakeClock) {}

  get forms(): Record<string, string>[] {
    return this.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))
  }

  /** How often tokens were refreshed, or tried to. */
  get refreshes(): number {
    return this.forms.filter(({ grant_type }) => grant_type === 'refresh_token').length
  }

  readonly send = async (request: UpstreamRequest): Promise<UpstreamResponse> => {
    this.requests.push(request)
    this.times.push(this.clock.elapsed())
    const form = new URLSearchParams(request.body)
    // As over a network, others get their turn before the answer comes.
    await Promise.resolve()
    const scripted = this.scripted.shift()
    if (scripted instanceof Error) throw scripted
    if (scripted) return scripted
    if (request.url === DEVICE) return answer(200, this.begun())
    if (request.url !== TOKEN) return answer(404, { detail: 'Not Found' })
    if (form.get('grant_type') === 'refresh_token') return this.#refresh(form)
    return this.isApproved ? answer(200, this.#tokens()) : oauthError(400, 'authorization_pending')
  }

  begun(): JsonObject {
    return {
      device_code: 'device-code-1',
      user_code: 'QJ2_5BFO',
      verification_uri: `${OAUTH_URL}/authorize`,
      verification_uri_complete: `${OAUTH_URL}/authorize?user_code=QJ2_5BFO&client=qwen-code`,
      expires_in: 900,
    }
  }

  #refresh(form: URLSearchParams): UpstreamResponse {
    if (form.get('refresh_token') !== this.refreshToken) {
      return oauthError(400, 'invalid_request', `Invalid refresh token or client_id: ${form.get('refresh_token')}`)
    }
    return answer(200, this.#tokens())
  }

  #tokens(): JsonObject {
    if (this.rotates) this.refreshToken = `refresh-token-${this.#serial++}`
    this.accessToken = `access-token-${this.#serial++}`
    return {
      access_token: this.accessToken,
      token_type: 'Bearer',
      ...(this.rotates && { refresh_token: this.refreshToken }),
      ...(this.resourceUrl !== undefined && { resource_url: this.resourceUrl }),
      expires_in: this.lifeMs / 1000,
    }
  }
}

export const oauthError = (status: number, error: string, description = ''): UpstreamResponse =>
  answer(status, { error, error_description: description })
