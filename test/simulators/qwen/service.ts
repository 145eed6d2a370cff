import { isObject, type Json } from '../../checkers/json.ts'
import type { Route } from '../answer.ts'
import type { SimulatedClock } from '../clock.ts'
import type { Payload } from '../delivery.ts'
import { newId } from '../ids.ts'
import { wishOf } from '../openai/wish.ts'
import { defaultReply, outputTokens, type Reply, scriptedReply, type Wish, withOverrides } from '../reply.ts'
import { sampleValue } from '../sample-value.ts'
import { jsonPayload, type RecordedRequest, type Service, scriptedBody } from '../simulator.ts'
import { framesOf, SSE_HEADERS } from '../stream-text.ts'
import { estimateTokens, sumTokens } from '../tokens.ts'
import type { QwenAnswer } from './answer.ts'
import { ExplicitCache, promptOf } from './cache.ts'
import { admit, bearerOf, type Caller, checkUser } from './caller.ts'
import { checkChat, modelOf, thinks } from './check-chat.ts'
import { type Control, controlPayload } from './control.ts'
import { checkEmbeddings, embeddingsBody } from './embeddings.ts'
import { bodyOf, ERRORS, type ErrorRow, errorBody, refuse } from './errors.ts'
import { markedFault } from './faults.ts'
import { Keys } from './keys.ts'
import { modelsOn } from './models.ts'
import { OauthServer } from './oauth.ts'
import { authorizePage } from './page.ts'
import { renderBody, renderFrames, usageOf } from './render.ts'
import { isCompatible, routeOf } from './routes.ts'
import type { QwenRules } from './rules.ts'
import { searchBody } from './search.ts'
import { Users } from './user.ts'

/** All of Qwen's hosts: sign-in, portal, the plans by key. */
export class QwenService implements Service {
  readonly basePath = ''
  readonly users: Users
  readonly keys = new Keys()
  readonly oauth: OauthServer
  /** Known once the port is. */
  origin = ''
  control: Control | undefined
  readonly #cache: ExplicitCache
  readonly #callers = new WeakMap<RecordedRequest, Caller>()

  constructor(
    private readonly clock: SimulatedClock,
    private readonly rules: QwenRules,
  ) {
    this.users = new Users(clock, rules)
    this.oauth = new OauthServer(this.users, clock, rules)
    this.#cache = new ExplicitCache(clock)
  }

  /** The user's name where it is a token. */
  keyOf(headers: Record<string, string>): string | undefined {
    const bearer = bearerOf(headers)
    return this.users.ownerOf(bearer)?.name ?? bearer
  }

  routeOf(request: RecordedRequest): Route {
    return routeOf(request)
  }

  /** Requests of the sign-in are judged when they are answered: a fault on the way there comes before any judgement. */
  check(route: Route, request: RecordedRequest): void {
    if (route === 'poll' || route === 'refresh') request.key = this.oauth.ownerOf(request)?.name
    if (!['generate', 'embed', 'models', 'search'].includes(route)) return
    if (route === 'models' && !isCompatible(request) && !this.rules.modelList) refuse('wrong-path')
    const caller = admit(request, this.users, this.keys, this.rules)
    this.#callers.set(request, caller)
    const json = request.headers['content-type']?.startsWith('application/json')
    const body = json ? request.body : undefined
    if (route === 'embed') {
      if (caller.shelf !== 'standard') refuse('wrong-path')
      checkEmbeddings(body)
    }
    if (route !== 'generate') return
    if (caller.shelf === 'portal') checkUser(caller.user, request, this.rules)
    checkChat(body, caller.shelf, this.rules)
    if (caller.shelf === 'portal') caller.user.calls.take()
  }

  payload(route: Route, request: RecordedRequest, answer: QwenAnswer): Payload {
    switch (route) {
      case 'device':
        return jsonPayload(this, 200, this.oauth.begin(request, this.origin))
      case 'poll':
        if (this.rules.mode === 'broken-idp') return this.#errorPayload(ERRORS['html-504'])
        return jsonPayload(this, 200, this.oauth.token(request, this.origin))
      case 'refresh':
        return jsonPayload(this, 200, this.oauth.token(request, this.origin))
      case 'login':
        return authorizePage(request)
      case 'models':
        return jsonPayload(this, 200, this.#models(request))
      case 'embed':
        return jsonPayload(this, 200, embeddingsBody(checkEmbeddings(request.body)))
      case 'search':
        return jsonPayload(this, 200, this.#search(request))
      case 'control':
        if (!this.control) throw new Error('nobody is in control')
        return controlPayload(this.control, request)
      default:
        return this.#generate(request, answer)
    }
  }

  errorBody(status: number, message: string): Json {
    const type = { 401: 'invalid_api_key', 429: 'insufficient_quota' }[status]
    return errorBody(type ?? (status < 500 ? 'invalid_parameter_error' : 'internal_error'), message)
  }

  headers(): Record<string, string> {
    return { 'x-request-id': crypto.randomUUID() }
  }

  #errorPayload(row: ErrorRow): Payload {
    const plain = jsonPayload(this, row.status, bodyOf(row))
    return row.contentType === undefined ? plain : { ...plain, headers: { ...plain.headers, 'content-type': row.contentType } }
  }

  #callerOf(request: RecordedRequest): Caller {
    return this.#callers.get(request) ?? refuse('token-expired')
  }

  #models(request: RecordedRequest): Json {
    const { shelf } = this.#callerOf(request)
    return { object: 'list', data: modelsOn(shelf).map(({ id }) => ({ id, object: 'model', created: 1_754_686_206, owned_by: 'qwen' })) }
  }

  #search(request: RecordedRequest): Json {
    const caller = this.#callerOf(request)
    if (caller.shelf !== 'portal') return refuse('wrong-path')
    const found = searchBody(request.body, caller.user.searches.exhausted)
    if (found.success === true) caller.user.searches.take()
    return found
  }

  #generate(request: RecordedRequest, given: QwenAnswer): Payload {
    const body = request.body ?? {}
    const wish = wishOf(body)
    // The wire reads the same object afterwards: a marker stands for what a script would have said.
    const answer = Object.keys(given).length > 0 ? given : Object.assign(given, markedFault(wish.lastText))
    const scripted = scriptedBody(this, answer)
    if (scripted) return scripted
    const { timeoutAboveTokens: bound = Number.POSITIVE_INFINITY } = this.rules
    if (estimateTokens([body.messages, body.tools]) > bound) return this.#errorPayload(ERRORS['timeout-504'])
    const raw = answer.sse ?? answer.lines?.map(line => `data: ${line}\n\n`).join('')
    if (raw !== undefined) return this.#stream(framesOf(raw), answer.lines ? ['data: [DONE]\n\n'] : [])
    const caller = this.#callerOf(request)
    const reply = replyTo({ ...wish, reasoning: thinks(body, modelOf(body, caller.shelf)) }, body, answer)
    const choices = Number(body.n ?? 1)
    const envelope = {
      id: `chatcmpl-${crypto.randomUUID()}`,
      created: Math.floor(this.clock.now() / 1000),
      model: String(body.model),
    }
    const options = { envelope, choices, usage: this.#usage(request, reply, choices, answer) }
    if (body.stream !== true) return jsonPayload(this, 200, renderBody(reply, options, answer))
    const includeUsage = isObject(body.stream_options) && body.stream_options.include_usage === true
    const { frames, end } = renderFrames(reply, { ...options, includeUsage }, answer)
    return this.#stream(frames, end)
  }

  #stream(frames: readonly string[], end: readonly string[]): Payload {
    return { status: 200, headers: { ...SSE_HEADERS, ...this.headers() }, frames, end }
  }

  #usage(request: RecordedRequest, reply: Reply, choices: number, answer: QwenAnswer): Json {
    const prompt = promptOf(request.body ?? {})
    const cache = prompt.marks.length > 0 ? this.#cache.take(request.key ?? '', prompt) : undefined
    const completion = outputTokens(reply) * choices
    return usageOf({ prompt: sumTokens(prompt.items), completion, reasoning: reply.reasoning.length * choices, cache }, answer.usage)
  }
}

function replyTo(wish: Wish, body: Json, answer: QwenAnswer): Reply {
  const newToolId = (): string => newId('call_', 24)
  const reply = withOverrides(scriptedReply(answer, newToolId) ?? defaultReply(wish, newToolId, sampleValue), answer)
  const { thinking_budget: budget } = body
  return typeof budget === 'number' && answer.reasoning === undefined ? { ...reply, reasoning: reply.reasoning.slice(0, budget) } : reply
}
