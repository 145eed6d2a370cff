import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import type { Answer, Route } from '../answer.ts'
import type { Payload } from '../delivery.ts'
import { newId } from '../ids.ts'
import { defaultReply, outputTokens, scriptedReply, withOverrides } from '../reply.ts'
import { sampleValue } from '../sample-value.ts'
import { DEFAULT_KEY, jsonPayload, type RecordedRequest, type Service, type SimulatorOptions } from '../simulator.ts'
import { framesOf, SSE_HEADERS } from '../stream-text.ts'
import { PromptCache, sumTokens } from '../tokens.ts'
import { checkRequest } from './check-request.ts'
import { checkEmbeddings, embeddingsBody, isEmbeddingModel } from './embeddings.ts'
import { isVendorModel, MODELS } from './model-rules.ts'
import { openAiError, refuse } from './refuse.ts'
import { type Envelope, type RenderOptions, renderBody, renderFrames, usageOf } from './render.ts'
import { wishOf } from './wish.ts'

const MODELS_PATH = '/v1/models'
const POSTED: Readonly<Record<string, Route>> = { '/v1/chat/completions': 'generate', '/v1/embeddings': 'embed' }
const CREATED = 1_715_367_049

/** OpenAI's API as far as chat, embeddings and the model list go. */
export class OpenAiService implements Service {
  readonly basePath = '/v1'
  #cache = new PromptCache()

  constructor(private readonly options: SimulatorOptions) {}

  keyOf(headers: Record<string, string>): string | undefined {
    return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  }

  routeOf({ method, path }: RecordedRequest): Route {
    const models = path === MODELS_PATH || path.startsWith(`${MODELS_PATH}/`)
    const route = models ? 'models' : POSTED[path]
    if (!route) return refuse(`Invalid URL (${method} ${path})`, null, null, 404)
    if (method !== (models ? 'GET' : 'POST')) refuse(`Not allowed to ${method} on ${path}.`, null, 'method_not_supported', 405)
    return route
  }

  check(route: Route, request: RecordedRequest): void {
    const { key, body, headers } = request
    if (key === undefined) refuse("You didn't provide an API key.", null, null, 401)
    if (!(this.options.keys ?? [DEFAULT_KEY]).includes(key))
      refuse(`Incorrect API key provided: ${key.slice(0, 3)}***.`, null, 'invalid_api_key', 401)
    if (route === 'models') return
    const json = headers['content-type']?.startsWith('application/json')
    if (json && !body) refuse('We could not parse the JSON body of your request.', null)
    if (!json || !body || body.model === undefined) return refuse('you must provide a model parameter', null)
    if (typeof body.model !== 'string') return refuse("Invalid type for 'model': expected a string.", 'model', 'invalid_type')
    if (!this.#knows(body.model)) this.#noModel(body.model)
    if (route === 'embed') return void checkEmbeddings(body, this.options.lenient)
    if (!this.options.lenient) checkRequest(body, this.options.contextWindow ?? 1_000_000)
  }

  payload(route: Route, request: RecordedRequest, answer: Answer): Payload {
    if (route === 'models') return this.#models(request.path)
    const body = request.body ?? {}
    if (route === 'embed') return jsonPayload(this, 200, embeddingsBody(checkEmbeddings(body, this.options.lenient)))
    const raw = answer.sse ?? (answer.lines && `${answer.lines.map(line => `data: ${line}\n\n`).join('')}`)
    if (raw !== undefined) return this.#stream(framesOf(raw), answer.lines ? ['data: [DONE]\n\n'] : [])
    const newToolId = (): string => newId('call_', 24)
    const reply = withOverrides(scriptedReply(answer, newToolId) ?? defaultReply(wishOf(body), newToolId, sampleValue), answer)
    const choices = Number(body.n ?? 1)
    const options: RenderOptions = {
      envelope: this.#envelope(body),
      customTools: objectsOf(body.tools).flatMap(tool => (isObject(tool.custom) ? [String(tool.custom.name)] : [])),
      choices,
      usage: this.#usage(body, outputTokens(reply) * choices, reply.reasoning.length * choices, answer),
    }
    if (body.stream !== true) return jsonPayload(this, 200, renderBody(reply, options))
    const wanted = isObject(body.stream_options) ? body.stream_options : {}
    const streamOptions = { ...options, includeUsage: wanted.include_usage === true, obfuscate: wanted.include_obfuscation !== false }
    const { frames, end } = renderFrames(reply, streamOptions, answer.streamError)
    return this.#stream(frames, end)
  }

  errorBody(status: number, message: string): Json {
    return openAiError(status, message)
  }

  headers(): Record<string, string> {
    return {
      'x-request-id': newId('req_', 32),
      'openai-organization': 'simulated',
      'openai-processing-ms': '12',
      'openai-version': '2020-10-01',
      'x-ratelimit-limit-requests': '10000',
      'x-ratelimit-limit-tokens': '2000000',
      'x-ratelimit-remaining-requests': '9999',
      'x-ratelimit-remaining-tokens': '1999000',
      'x-ratelimit-reset-requests': '6ms',
      'x-ratelimit-reset-tokens': '120ms',
    }
  }

  #stream(frames: readonly string[], end: readonly string[]): Payload {
    return { status: 200, headers: { ...SSE_HEADERS, ...this.headers() }, frames, end }
  }

  #knows(model: string): boolean {
    return this.options.models
      ? this.options.models.includes(model)
      : this.options.lenient === true || isVendorModel(model) || isEmbeddingModel(model)
  }

  #noModel(model: string): never {
    return refuse(`The model \`${model}\` does not exist or you do not have access to it.`, null, 'model_not_found', 404)
  }

  #models(path: string): Payload {
    const entry = (id: string): Json => ({ id, object: 'model', created: CREATED, owned_by: 'openai' })
    const names = this.options.models ?? MODELS
    if (path === MODELS_PATH) return jsonPayload(this, 200, { object: 'list', data: names.map(entry) })
    const name = decodeURIComponent(path.slice(MODELS_PATH.length + 1))
    if (!names.includes(name)) this.#noModel(name)
    return jsonPayload(this, 200, entry(name))
  }

  #usage(body: Json, completion: number, reasoning: number, answer: Answer): Json {
    const items = [body.tools ?? [], ...(Array.isArray(body.messages) ? body.messages : [])]
    const prefixes = items.map((_, index) => index + 1).slice(1)
    const prompt = sumTokens(items)
    const { read } = this.#cache.take(items, prefixes)
    return usageOf({ prompt, completion, reasoning, cached: read }, answer.usage)
  }

  #envelope(body: Json): Envelope {
    const created = Math.floor(Date.now() / 1000)
    const tier = typeof body.service_tier === 'string' && body.service_tier !== 'auto' ? body.service_tier : 'default'
    return { id: newId('chatcmpl-', 28), created, model: String(body.model), service_tier: tier, system_fingerprint: 'fp_simulated' }
  }
}
