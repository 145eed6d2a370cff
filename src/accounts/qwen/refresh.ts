import type { JsonAnswer, JsonCall } from '../json-call.ts'
import { needsSignIn, refusedRenewal, renewalFailed, unreached } from '../refusals.ts'
import { describeRefusal, errorCodeOf, isPassing, type QwenOAuth, type QwenTokens, tokensOf } from './oauth.ts'

/**
 * New tokens for a refresh token, which may be dead afterwards (qwen.md §1.6).
 * @throws GatewayError with a verdict: `needs_sign_in` where Qwen refused the token, else `cooling_down`; none holds a secret
 */
export type QwenRefresh = (refreshToken: string) => Promise<QwenTokens>

const SERVER = "Qwen's sign-in server"

export function createQwenRefresh(call: JsonCall, { clientId, tokenUrl }: QwenOAuth): QwenRefresh {
  return async refreshToken => {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
    let answer: JsonAnswer
    try {
      answer = await call({ url: tokenUrl, form })
    } catch (error) {
      throw unreached(SERVER, error)
    }
    const tokens = answer.status < 300 ? tokensOf(answer.json) : undefined
    if (tokens) return tokens
    if (isRefusal(answer)) {
      throw needsSignIn(`sign in again: the refresh token was refused (${describeRefusal(answer.status, answer.json, [refreshToken])})`)
    }
    throw answer.status < 300 ? renewalFailed(`${SERVER} answered ${answer.status} without a token`) : refusedRenewal(SERVER, answer)
  }
}

/** An OAuth error says so whatever its status; a page of the gateway or firewall says nothing of the token. */
function isRefusal({ status, json }: JsonAnswer): boolean {
  const code = errorCodeOf(json)
  return code !== undefined && !isPassing(code) && status < 500 && status !== 429
}
