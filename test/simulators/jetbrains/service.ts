import type { Json } from '../../checkers/json.ts'
import type { Route } from '../answer.ts'
import type { SimulatedClock } from '../clock.ts'
import type { Payload } from '../delivery.ts'
import { newId } from '../ids.ts'
import { defaultReply, type Reply, scriptedReply, withOverrides } from '../reply.ts'
import { sampleValue } from '../sample-value.ts'
import { jsonPayload, type RecordedRequest, type Service } from '../simulator.ts'
import { framesOf } from '../stream-text.ts'
import type { SimulatedAccount } from './account.ts'
import { Accounts } from './accounts.ts'
import type { JetbrainsAnswer } from './answer.ts'
import { type ChatEndpoint, checkRequest } from './check-request.ts'
import { renderEvents } from './events.ts'
import { NativePaths } from './native.ts'
import { OauthServer, redirectTo, userInfo } from './oauth.ts'
import { type ProfileListOptions, profileList } from './profiles.ts'
import { refuse } from './refuse.ts'
import { ENDPOINTS, type Endpoint } from './routes.ts'
import { wishOf } from './wish.ts'

const UNITS_PER_CHARACTER = 0.1
const EXHAUSTED = 'The quota for this license has been exceeded'
const SUSPENDED = 'License suspension: the license of this user has been suspended'

/** JetBrains AI: the gateway, the account server and its sign-in page. */
export class JetbrainsService implements Service {
  readonly basePath = ''
  readonly accounts: Accounts
  readonly oauth: OauthServer
  readonly #native = new NativePaths()

  constructor(
    clock: SimulatedClock,
    public profiles: ProfileListOptions,
  ) {
    this.accounts = new Accounts(clock)
    this.oauth = new OauthServer(this.accounts, clock)
  }

  keyOf(headers: Record<string, string>): string | undefined {
    return this.accounts.ownerOf(headers['grazie-authenticate-jwt'] ?? bearerOf(headers))?.licenseId
  }

  routeOf(request: RecordedRequest): Route {
    const { method, route } = endpointOf(request)
    if (request.method !== method) refuse(`Method ${request.method} is not allowed`, 405)
    return route
  }

  check(route: Route, request: RecordedRequest): void {
    switch (route) {
      case 'login':
        return
      case 'token':
        return this.#checkTokenRequest(request)
      case 'access':
      case 'register':
      case 'user':
        return this.#checkAccess(route, request)
      case 'generate':
        return this.#checkGenerate(request)
      default:
        this.#signedIn(request)
    }
  }

  payload(route: Route, request: RecordedRequest, answer: JetbrainsAnswer): Payload {
    switch (route) {
      case 'login':
        return redirectTo(this.oauth.login(request))
      case 'models':
        return jsonPayload(this, 200, profileList(this.profiles))
      case 'generate':
        return this.#generate(request, answer)
      default:
        return jsonPayload(this, 200, this.#answer(route, request))
    }
  }

  errorBody(_status: number, message: string): Json {
    return { message }
  }

  headers(): Record<string, string> {
    return { 'x-request-id': newId('jb-', 16) }
  }

  #checkTokenRequest(request: RecordedRequest): void {
    request.key = this.oauth.ownerOf(request)?.licenseId
    request.key = this.oauth.check(request).account.licenseId
  }

  #checkAccess(route: 'access' | 'register' | 'user', { headers, body }: RecordedRequest): void {
    const account = this.accounts.bearer('id', bearerOf(headers)) ?? refuse('The access token is missing, invalid or expired', 401)
    if (route === 'user' && !account.registered) refuse('The user is not registered', 404)
    if (route !== 'access') return
    if (typeof body?.licenseId !== 'string') refuse("Field 'licenseId' is required as text at path: $")
    if (body.licenseId !== account.licenseId) refuse('The license does not belong to the user', 403)
    if (!account.registered) refuse('The user is not registered', 403)
  }

  #signedIn({ headers }: RecordedRequest): SimulatedAccount {
    const jwt = headers['grazie-authenticate-jwt'] ?? refuse('The header Grazie-Authenticate-JWT is missing', 401)
    return this.accounts.bearer('jwt', jwt) ?? refuse('The JWT is invalid or expired', 401)
  }

  #checkGenerate(request: RecordedRequest): void {
    const account = this.#signedIn(request)
    if (account.suspended) refuse(SUSPENDED, 477)
    if (account.quota.exhausted) refuse(EXHAUSTED, 477)
    if (!request.headers['content-type']?.startsWith('application/json')) refuse('Content-Type must be application/json', 415)
    const { native, chat } = endpointOf(request)
    if (native && this.profiles.proxy === false) refuse('profile.features - Should support Proxy')
    if (native) this.#native.check(native, request)
    if (chat) checkRequest(request.body, chat, this.profiles)
  }

  #accountOf({ key }: RecordedRequest): SimulatedAccount {
    return this.accounts.all.find(({ licenseId }) => licenseId === key) ?? refuse('No such account', 401)
  }

  #answer(route: Route, request: RecordedRequest): unknown {
    const account = this.#accountOf(request)
    switch (route) {
      case 'token':
        return this.oauth.grant(request)
      case 'access':
        return { state: account.licenseState, token: account.jwt() }
      case 'register':
        account.registered = true
        return userInfo(account)
      case 'user':
        return userInfo(account)
      case 'quota':
        return account.quota.get()
      default:
        return account.quota.refillBody()
    }
  }

  #generate(request: RecordedRequest, answer: JetbrainsAnswer): Payload {
    const { native, chat } = endpointOf(request)
    if (chat) return this.#events(request, chat, answer)
    if (!native) throw new Error(`${request.path} generates nothing`)
    const payload = this.#native.payload(native, request, answer)
    this.#spend(request, 'body' in payload ? payload.body : payload.frames.join(''), answer)
    return payload
  }

  #events(request: RecordedRequest, endpoint: ChatEndpoint, answer: JetbrainsAnswer): Payload {
    const { version } = endpoint
    const headers = {
      'content-type': 'text/event-stream',
      ...this.headers(),
      ...(version === 'v7' && { 'grazie-deprecated-info': 'chat/stream/v7 is deprecated' }),
    }
    const raw = answer.sse ?? answer.lines?.map(line => `data: ${line}\n\n`).join('')
    if (raw !== undefined) {
      this.#spend(request, raw, answer)
      return { status: 200, headers, frames: framesOf(raw), end: answer.lines ? ['data: end\n\n'] : [] }
    }
    const newToolId = (): string => newId('toolu_', 24)
    const chat = checkRequest(request.body, endpoint, this.profiles)
    const reply = withOverrides(scriptedReply(answer, newToolId) ?? defaultReply(wishOf(chat), newToolId, sampleValue), answer)
    const { quota } = this.#accountOf(request)
    const spent = quota.amount(this.#spend(request, textOf(reply), answer))
    const choices = Number(chat.parameters.get('llm.parameters.number-of-choices') ?? 1)
    return { status: 200, headers, ...renderEvents(reply, { version, answer, choices, quota: { updated: quota.body(), spent } }) }
  }

  /** Takes off what the answer costs. An answer that fails costs nothing, unless the script says so. */
  #spend(request: RecordedRequest, said: string, { spent, streamError }: JetbrainsAnswer): number {
    const amount = spent ?? (streamError ? 0 : (request.bodyText.length + said.length) * UNITS_PER_CHARACTER)
    this.#accountOf(request).quota.spend(amount)
    return amount
  }
}

const bearerOf = (headers: Record<string, string>): string | undefined => /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]

const endpointOf = ({ path }: RecordedRequest): Endpoint => ENDPOINTS[path] ?? refuse('Not Found', 404)

const textOf = ({ text, toolCalls }: Reply): string => [...text, ...toolCalls.flatMap(call => call.pieces)].join('')
