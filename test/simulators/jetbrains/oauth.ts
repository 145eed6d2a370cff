import { createHash } from 'node:crypto'
import type { Json } from '../../checkers/json.ts'
import type { SimulatedClock } from '../clock.ts'
import type { RecordedRequest } from '../simulator.ts'
import type { SimulatedAccount } from './account.ts'
import type { Accounts } from './accounts.ts'
import { refuse, refuseOauth } from './refuse.ts'

const CLIENT_ID = 'ide'
const SCOPES = ['openid', 'offline_access', 'r_ide_auth']
const CODE_LIFETIME_MS = 60_000
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

interface Code {
  account: SimulatedAccount
  challenge: string
  redirectUri: string
  expires: number
}

/** What the person at the browser does on the sign-in page. */
export interface SignIn {
  /** Who is signed in. Default: the first account. */
  account?: SimulatedAccount
  /** `access_denied` goes back in place of a code. */
  deny?: boolean
}

/** JetBrains' account server: sign-in page and token endpoint (jetbrains-ai.md §4.3; RFC 6749, RFC 7636). */
export class OauthServer {
  signIn: SignIn = {}
  readonly #codes = new Map<string, Code>()

  constructor(
    private readonly accounts: Accounts,
    private readonly clock: SimulatedClock,
  ) {}

  /** Where the browser is sent. @throws Refusal where the page itself has to say what is wrong. */
  login({ query }: RecordedRequest): string {
    const { state, code_challenge: challenge = '' } = query
    const redirect = checkedRedirect(query)
    const back = (answer: Record<string, string>): string => {
      for (const [name, value] of Object.entries({ ...answer, ...(state !== undefined && { state }) }))
        redirect.searchParams.set(name, value)
      return redirect.href
    }
    const problem = problemOf(query)
    if (problem) return back(problem)
    if (this.signIn.deny) return back({ error: 'access_denied', error_description: 'The resource owner denied the request' })
    const account = this.signIn.account ?? this.accounts.all[0]
    if (!account) return refuse('Nobody is signed in', 403)
    const code = crypto.randomUUID()
    this.#codes.set(code, { account, challenge, redirectUri: query.redirect_uri ?? '', expires: this.clock.now() + CODE_LIFETIME_MS })
    return back({ code })
  }

  /** Whose refresh token it carries, worn out or not. */
  ownerOf({ bodyText }: RecordedRequest): SimulatedAccount | undefined {
    return this.accounts.byRefreshToken(new URLSearchParams(bodyText).get('refresh_token') ?? '')
  }

  /** The tokens that a token request gets. @throws Refusal as `check` does. */
  grant(request: RecordedRequest): Json {
    const { account, code } = this.check(request)
    if (code !== undefined) this.#codes.delete(code)
    return account.grant(code !== undefined)
  }

  /** Whose token request it is, and with which code where it ends a sign-in. Uses nothing up. @throws Refusal in OAuth's form. */
  check({ headers, bodyText }: RecordedRequest): { account: SimulatedAccount; code?: string } {
    if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      refuseOauth('invalid_request', 'The content type must be application/x-www-form-urlencoded')
    }
    const form = new URLSearchParams(bodyText)
    const field = (name: string): string => form.get(name) ?? refuseOauth('invalid_request', `Missing parameter: ${name}`)
    const grant = field('grant_type')
    if (field('client_id') !== CLIENT_ID) refuseOauth('invalid_client', 'Unknown client', 401)
    if (grant === 'authorization_code') return { account: this.#checkCode(field), code: field('code') }
    if (grant !== 'refresh_token') refuseOauth('unsupported_grant_type', `Unsupported grant type: ${grant}`)
    const token = field('refresh_token')
    const account = this.accounts.byRefreshToken(token)
    if (!account?.ownsRefreshToken(token)) return refuseOauth('invalid_grant', 'The refresh token is invalid, expired or used already')
    return { account }
  }

  #checkCode(field: (name: string) => string): SimulatedAccount {
    const code = this.#codes.get(field('code'))
    const verifier = field('code_verifier')
    const redirectUri = field('redirect_uri')
    if (!code || code.expires <= this.clock.now()) return refuseOauth('invalid_grant', 'The code is invalid, expired or used already')
    if (code.redirectUri !== redirectUri) refuseOauth('invalid_grant', 'redirect_uri is not the one of the sign-in')
    if (!VERIFIER.test(verifier)) refuseOauth('invalid_request', 'code_verifier must have 43 to 128 unreserved characters')
    if (createHash('sha256').update(verifier).digest('base64url') !== code.challenge) {
      refuseOauth('invalid_grant', 'PKCE verification failed')
    }
    return code.account
  }
}

/** Errors about client and redirect are shown on the page: nobody is sent to an address that was not checked. */
function checkedRedirect({ client_id: client, redirect_uri: uri }: Record<string, string>): URL {
  if (client !== CLIENT_ID) refuse(`Unknown client_id: ${client}`)
  if (uri === undefined || !URL.canParse(uri)) return refuse('redirect_uri is required')
  const redirect = new URL(uri)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(redirect.hostname)
  if (redirect.protocol !== 'http:' || !loopback) refuse('redirect_uri must be http on loopback')
  return redirect
}

function problemOf(query: Record<string, string>): Record<'error' | 'error_description', string> | undefined {
  const invalid = (error_description: string) => ({ error: 'invalid_request', error_description })
  if (query.response_type !== 'code') return { error: 'unsupported_response_type', error_description: 'response_type must be code' }
  const scopes = (query.scope ?? '').split(' ').filter(Boolean)
  const unknown = scopes.filter(scope => !SCOPES.includes(scope))
  const missing = SCOPES.filter(scope => !scopes.includes(scope))
  if (unknown.length + missing.length > 0) {
    return { error: 'invalid_scope', error_description: `scope must be ${SCOPES.join(' ')}` }
  }
  if (query.code_challenge_method !== 'S256') return invalid('code_challenge_method must be S256')
  if (!CHALLENGE.test(query.code_challenge ?? '')) return invalid('code_challenge must be a SHA-256 digest in base64url')
  return (query.state ?? '') === '' ? invalid('state is required') : undefined
}

/** An answer of the sign-in page: a redirect. */
export const redirectTo = (location: string): { status: number; headers: Record<string, string>; body: string } => ({
  status: 302,
  headers: { location, 'cache-control': 'no-store' },
  body: '',
})

/** Claims of the account that `user-info` shows. */
export const userInfo = ({ accountId, email, licenseId }: SimulatedAccount): Json => ({ userId: accountId, email, name: licenseId })
