import { GatewayError, type UpstreamFault } from '../core/errors.ts'
import { isObject, type JsonValue, tryParseJson } from '../core/json.ts'
import { spliceTopLevel } from '../core/json-splice.ts'
import type { CodecContext, PassThrough, UpstreamCodec, UpstreamTraits } from '../dialects/dialect.ts'
import { foldEvents } from '../ir/fold.ts'
import { createLifecycle } from '../ir/lifecycle.ts'
import type { Note } from '../ir/note.ts'
import type { GenerateRequest } from '../ir/request.ts'
import type { GenerateResponse } from '../ir/response.ts'
import type { StreamEvent } from '../ir/stream.ts'
import { unfoldResponse } from '../ir/unfold.ts'
import type { Usage } from '../ir/usage.ts'
import type { Lease } from '../routing/attempt.ts'
import { wireOf } from '../routing/provider.ts'
import { parseFrames } from '../sse/parser.ts'
import type { UpstreamBody } from '../upstream/body.ts'
import type { UpstreamResponse } from '../upstream/client.ts'
import { readAll } from '../upstream/read-all.ts'
import type { Call, MakeContext } from './call.ts'
import { clampOutput, fittedRequest, fittedTraits } from './context-limits.ts'
import { EstimatedUsage, withEstimatedAnswer, withEstimatedUsage } from './estimated-usage.ts'
import { headersFromUpstream, headersToUpstream } from './headers.ts'
import { translateRateLimits } from './rate-limit-headers.ts'
import { withoutSecrets } from './redact.ts'
import { PassThroughRelay, type Relay, TranslationRelay } from './relay.ts'
import { reversedCodec } from './reversed-codec.ts'
import type { TokenCounter } from './token-counting/token-counter.ts'
import { callUpstream } from './upstream-call.ts'

/** The longest answer that is read whole. */
const LONGEST_ANSWER = 256 * 1024 * 1024

/** A stream whose first content has come. */
export interface OpenedStream {
  relay: Relay
  upstream: UpstreamBody
  /** What the client gets first. */
  first: (string | Uint8Array)[]
  headers: Record<string, string>
  notes: Note[]
  /** Counts what the upstream does not; to be closed when the stream has been accounted for. */
  estimated?: EstimatedUsage
}

/** A whole answer, as the client gets it. */
export interface OpenedBody {
  body: string | Uint8Array
  headers: Record<string, string>
  notes: Note[]
  usage: Usage | undefined
  /** What the upstream said of the account rather than of the answer. */
  metadata?: JsonValue
  outputCharacters: number
}

/** An attempt that its upstream has answered. */
interface Sent {
  response: UpstreamResponse
  notes: Note[]
  context: CodecContext
  codec: UpstreamCodec
  traits: UpstreamTraits
  /** Where client and upstream speak the same dialect: the reader of a whole answer. */
  open?: () => PassThrough
  /** The same for a stream. */
  passThrough?: () => PassThroughRelay
  /** Where the upstream's wire has no token counts. */
  estimated?: EstimatedUsage
}

/** One request on its way to one target after the other: decoded at most once, encoded anew for each. */
export class Attempts {
  readonly #decodeNotes: Note[] = []
  #request: GenerateRequest | undefined

  constructor(
    private readonly call: Call,
    private readonly makeContext: MakeContext,
    private readonly counter: TokenCounter,
  ) {}

  /** Reads up to the first content. @throws GatewayError as long as nothing has to reach the client. */
  async openStream(lease: Lease): Promise<OpenedStream> {
    const sent = await this.#send(lease, true)
    const { response, notes } = sent
    const stream = isEventStream(response)
    const { estimated } = sent
    const relay = stream && sent.passThrough ? sent.passThrough() : this.#translation(lease, sent)
    const headers = sent.passThrough ? headersFromUpstream(response.headers) : this.#limits(lease, sent)
    const first: (string | Uint8Array)[] = []
    const keep = (output: string | Uint8Array | undefined) => {
      if (output !== undefined && output.length > 0) first.push(output)
    }
    if (!stream) {
      const answer = await this.#answer(sent)
      keep((relay as TranslationRelay).replay(unfoldResponse(answer)))
      return { relay, upstream: response.body, first, headers, notes }
    }
    try {
      while (!relay.content && !relay.done) {
        const chunk = await response.body.read()
        keep(chunk ? relay.push(chunk) : relay.end())
        if (chunk) continue
        if (relay.error && !relay.content) throw blamed(relay.error, { maybeExecuted: true })
        break
      }
      if (relay.error && !relay.content) throw blamed(relay.error)
    } catch (error) {
      response.body.release()
      estimated?.close()
      throw error
    }
    return { relay, upstream: response.body, first, headers, notes, estimated }
  }

  async openBody(lease: Lease): Promise<OpenedBody> {
    const sent = await this.#send(lease, false)
    const { response, notes, context } = sent
    const passThrough = sent.open?.()
    if (passThrough && !isEventStream(response)) {
      const bytes = await readAll(response.body, LONGEST_ANSWER)
      const text = decoder.decode(bytes)
      const mended = passThrough.body(text)
      const { usage, error } = passThrough.seen
      if (error) throw isObject(tryParseJson(text)) ? withoutSecrets(secretsOf(lease), blamed(error)) : notJson(response)
      const body = mended === text ? bytes : mended
      return { body, headers: headersFromUpstream(response.headers), notes, usage, outputCharacters: text.length >> 1 }
    }
    const answer = await this.#answer(sent)
    const body = this.call.dialect.client.encodeResponse(answer, this.request(), context)
    const outputCharacters = JSON.stringify(answer.choices).length
    const { usage, metadata } = answer
    return { body: JSON.stringify(body), headers: this.#limits(lease, sent), notes, usage, metadata: metadata?.value, outputCharacters }
  }

  /** The request in no vendor's words. @throws GatewayError `invalid-request` naming the field. */
  request(): GenerateRequest {
    this.#request ??= this.call.dialect.client.decodeRequest(this.call.body, this.makeContext(this.#decodeNotes, this.call.strict))
    return this.#request
  }

  async #answer({ response, codec, context, traits, estimated }: Sent): Promise<GenerateResponse> {
    try {
      const answer = await readAnswer(response, codec, context, traits)
      return estimated ? await withEstimatedAnswer(answer, estimated) : answer
    } finally {
      estimated?.close()
    }
  }

  async #send(lease: Lease, stream: boolean): Promise<Sent> {
    for (;;) {
      try {
        return await this.#sendOnce(lease, stream)
      } catch (error) {
        if (!(error instanceof GatewayError) || !lease.wire.refused?.(error)) throw error
        lease.wire = wireOf(lease.target)
      }
    }
  }

  async #sendOnce(lease: Lease, stream: boolean): Promise<Sent> {
    const { call } = this
    const { provider, limits } = lease.target
    const { model, dialect } = lease.wire
    const traits = fittedTraits(lease.wire.traits, limits)
    const codec = codecOf(lease)
    const notes: Note[] = []
    // Strict is about what is asked. What an answer loses is noted only: it has been paid for, and the caller could not have asked otherwise.
    const context = this.makeContext(notes, false)
    const options = { model, traits }
    const same = call.dialect.id === dialect.id ? dialect.passThrough : undefined
    if (!same) {
      const request = fittedRequest(this.request(), call.body, limits, notes)
      const encoded = codec.encodeRequest(request, options, this.makeContext(notes, call.strict))
      notes.unshift(...this.#decodeNotes)
      const body = JSON.stringify(encoded.body)
      const path = encoded.path ?? lease.wire.path ?? codec.path
      // Begun before the call, so that the request is counted while the upstream thinks.
      const estimated = codec.reportsUsage === false ? new EstimatedUsage(call.body, model, this.counter) : undefined
      if (estimated) notes.push({ action: 'estimated', field: 'usage' })
      try {
        const response = await callUpstream(lease, codec, { body, headers: encoded.headers ?? {}, path, client: call, trace: call.trace })
        return { response, notes, context, codec: reversedCodec(codec, encoded.reversal), traits, estimated }
      } catch (error) {
        estimated?.close()
        throw error
      }
    }
    const { changes, stripUsage } = same.changes(call.body, options, this.makeContext(notes, call.strict))
    notes.push(...clampOutput(call.body, limits, changes))
    if (call.body.model !== model || !namesModelOnce(call.text)) changes.set('model', JSON.stringify(model))
    const response = await callUpstream(lease, codec, {
      body: spliceTopLevel(call.text, changes),
      headers: headersToUpstream(call, traits),
      path: (lease.wire.path ?? codec.path) + (call.dialect.id === 'anthropic' ? call.query : ''),
      client: call,
      trace: call.trace,
    })
    const open = () => same.open({ stripUsage, repair: provider.repair, traits }, context)
    const passThrough = stream ? () => new PassThroughRelay(open(), call.dialect.client, call.requestId, secretsOf(lease)) : undefined
    return { response, notes, context, codec, traits, open, passThrough }
  }

  /** The upstream's rate limits in the client's words. */
  #limits({ wire }: Lease, { response, context }: Sent): Record<string, string> {
    return translateRateLimits(response.headers, wire.dialect.id, this.call.dialect.id, context.now())
  }

  #translation(lease: Lease, { codec, context, traits, estimated }: Sent): TranslationRelay {
    const { client } = this.call.dialect
    const encoder = client.streamEncoder(this.request(), context)
    const decoder = codec.streamDecoder(context, traits)
    return new TranslationRelay(
      estimated ? withEstimatedUsage(decoder, estimated) : decoder,
      encoder,
      client,
      this.call.requestId,
      secretsOf(lease),
    )
  }
}

const secretsOf = ({ target: { provider }, account }: Lease): readonly string[] => provider.secrets(account)

export function codecOf({ wire: { dialect } }: Lease): UpstreamCodec {
  const { upstream } = dialect
  if (!upstream) throw new GatewayError('internal', `${dialect.id} is not spoken by upstreams`)
  return upstream
}

/**
 * Whether `model` surely stands only once among the keys. Of a doubled key we read the last; an upstream that reads the first would serve a model that
 * nobody checked. Escapes can hide a key, so their presence counts as doubt.
 */
export function namesModelOnce(text: string): boolean {
  const first = text.indexOf('"model"')
  return first !== -1 && text.indexOf('"model"', first + 1) === -1 && !text.includes('\\u00')
}

const contentType = (response: UpstreamResponse): string => response.headers.get('content-type')?.toLowerCase() ?? ''

/** A stream may come without its content type; JSON and HTML never are one. */
const isEventStream = (response: UpstreamResponse): boolean => {
  const type = contentType(response)
  return type.includes('event-stream') || !(type.includes('json') || type.includes('html') || type.includes('xml'))
}

const decoder = new TextDecoder()

function notJson(response: UpstreamResponse): GatewayError {
  const type = contentType(response).replace(/[^\w/+.-].*$/, '') || 'no content type'
  return new GatewayError('bad-gateway', `the upstream's answer is not JSON (${type})`, { upstream: { status: response.status } })
}

/** An error of the upstream's, so that its account answers for it. */
const blamed = (error: GatewayError, fault: UpstreamFault = {}): GatewayError =>
  error.upstream ? error : new GatewayError(error.kind, error.message, { ...error, upstream: fault, cause: error.cause })

/** A whole answer from an upstream that sent one body, or a stream although it was not asked to. */
async function readAnswer(
  response: UpstreamResponse,
  codec: UpstreamCodec,
  context: CodecContext,
  traits: UpstreamTraits,
): Promise<GenerateResponse> {
  const text = new TextDecoder().decode(await readAll(response.body, LONGEST_ANSWER))
  try {
    const json = tryParseJson(text)
    if (isObject(json)) return codec.decodeResponse(json, context, traits)
    if (!/^(data|event|id|retry)?:/m.test(text.slice(0, 1000))) throw notJson(response)
    const lifecycle = createLifecycle()
    const decoder = codec.streamDecoder(context, traits)
    const events: StreamEvent[] = []
    const take = (decoded: StreamEvent[]) => {
      for (const event of decoded) events.push(...lifecycle.push(event))
    }
    for (const frame of parseFrames(text)) take(decoder.push(frame))
    take(decoder.end())
    events.push(...lifecycle.end())
    return foldEvents(events)
  } catch (error) {
    if (error instanceof GatewayError) throw blamed(error)
    throw error
  }
}
