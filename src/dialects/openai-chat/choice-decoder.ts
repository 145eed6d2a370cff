import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Annotation, Sealed } from '../../ir/message.ts'
import type { StreamEvent } from '../../ir/stream.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import { annotationsOf } from './annotations.ts'
import { readGoogleSeal, sealOfDetail, textOfDetail } from './carried-reasoning.ts'
import { splitContent } from './delta-content.ts'
import { decodeFinish, isCut, saysError } from './finish.ts'
import { noteMended } from './tool-arguments.ts'
import { type CallDelta, ToolTracker, type TrackedCall, toolDeltas } from './tool-tracker.ts'
import { DIALECT } from './wire.ts'

type SpokenType = 'text' | 'reasoning' | 'refusal'

/** One choice of a stream: its deltas as blocks that are numbered here, because the wire numbers tool calls only. */
export class ChoiceDecoder {
  /** The block of words that grows at present; a tool call ends it. */
  #open?: { type: SpokenType; index: number; seal?: Sealed }
  #next = 0
  readonly #tracker = new ToolTracker()
  /** Block index of the calls that have been announced. */
  readonly #started = new Map<TrackedCall, number>()
  readonly #ids = new Set<string>()
  /** Citations that came while no text was open. */
  #waiting: Annotation[] = []
  /** The last block of words was reasoning and ended without a seal. */
  #unsealed = false
  #audio?: JsonObject
  finished = false

  constructor(
    private readonly choice: number | undefined,
    private readonly context: CodecContext,
    private readonly traits: UpstreamTraits | undefined,
  ) {}

  /** Nothing has come that an answer consists of. */
  get isEmpty(): boolean {
    return !this.finished && this.#next === 0 && this.#tracker.calls.length === 0 && !this.#audio
  }

  /** `sources`: the citations beside the choices, known so far. */
  push(wire: JsonObject, sources: readonly Annotation[], out: StreamEvent[]): void {
    if (this.finished) return
    const delta = isObject(wire.delta) ? wire.delta : isObject(wire.message) ? wire.message : {}
    const logprobs = wire.logprobs ?? undefined
    if (!saysError(wire)) {
      this.#words(delta, logprobs, out)
      this.#calls(delta, out)
      if (isObject(delta.audio)) this.#audio = mergedAudio(this.#audio, delta.audio)
    }
    const finish = decodeFinish(wire, this.traits)
    if (finish === undefined) return
    this.close(sources, out, !(finish instanceof GatewayError) && !isCut(finish))
    this.finished = true
    out.push(finish instanceof GatewayError ? { type: 'error', error: finish } : { type: 'finish', choice: this.choice, finish })
  }

  /** Announces what is still held back and ends every block. @param isComplete the upstream says that nothing was cut off */
  close(sources: readonly Annotation[], out: StreamEvent[], isComplete = false): void {
    if (this.finished) return
    this.#annotate(sources, out)
    this.#end(out)
    if (this.#waiting.length > 0) this.context.note({ action: 'dropped', field: 'annotations', detail: 'no text to stand in' })
    for (const call of this.#tracker.calls) {
      this.#announce(call, out)
      if (call.name === '') this.context.note({ action: 'dropped', field: 'tool_calls', detail: 'no name' })
    }
    for (const [call, index] of this.#started) {
      const closing = isComplete ? (call.json?.closing ?? '') : ''
      if (closing !== '') {
        noteMended(this.context)
        out.push({ type: 'block-delta', index, choice: this.choice, text: closing })
      }
      out.push({ type: 'block-end', index, choice: this.choice, seal: call.seal })
    }
    this.#started.clear()
    this.#tracker.calls.length = 0
    if (!this.#audio) return
    const index = this.#next++
    out.push({ type: 'block-start', index, choice: this.choice, block: { type: 'opaque', origin: DIALECT, value: { audio: this.#audio } } })
    out.push({ type: 'block-end', index, choice: this.choice })
    this.#audio = undefined
  }

  #words(delta: JsonObject, logprobs: JsonValue | undefined, out: StreamEvent[]): void {
    const { text, reasoning } = splitContent(delta.content)
    this.#reasoning(delta, reasoning, out)
    if (text !== '' || (logprobs !== undefined && typeof delta.content === 'string')) this.#say('text', text, out, logprobs)
    if (typeof delta.refusal === 'string' && delta.refusal !== '')
      this.#say('refusal', delta.refusal, out, text === '' ? logprobs : undefined)
    const seal = readGoogleSeal(delta)
    if (seal && this.#open?.type === 'text') this.#open.seal = seal
    const annotations = annotationsOf(delta.annotations)
    if (annotations.length > 0) this.#annotate(annotations, out)
  }

  /** Text comes by one of several members, sometimes by two at once; seals come in `reasoning_details` only. */
  #reasoning(delta: JsonObject, inContent: string, out: StreamEvent[]): void {
    const plain = [delta.reasoning_content, delta.reasoning].find(value => typeof value === 'string' && value !== '')
    const details = Array.isArray(delta.reasoning_details) ? delta.reasoning_details.filter(isObject) : []
    const text = typeof plain === 'string' ? plain : details.map(textOfDetail).join('') || inContent
    if (text !== '') this.#say('reasoning', text, out)
    for (const detail of details) {
      const seal = sealOfDetail(detail)
      if (seal) this.#seal(seal, detail.type === 'reasoning.encrypted', out)
    }
  }

  #seal(seal: Sealed, redacted: boolean, out: StreamEvent[]): void {
    const { choice } = this
    if (this.#open?.type === 'reasoning' && !redacted) {
      this.#open.seal = seal
      this.#end(out)
      return
    }
    if (!redacted && this.#unsealed) {
      // Its text has ended already, and on any other block its issuer would refuse it.
      this.context.note({ action: 'dropped', field: 'reasoning_details', detail: 'signature after its text' })
      return
    }
    this.#end(out)
    const index = this.#next++
    out.push({ type: 'block-start', index, choice, block: redacted ? { type: 'reasoning', redacted } : { type: 'reasoning' } })
    out.push({ type: 'block-end', index, choice, seal })
  }

  #say(type: SpokenType, text: string, out: StreamEvent[], logprobs?: JsonValue): void {
    const { choice } = this
    if (this.#open?.type !== type) {
      if (text === '') return
      this.#end(out)
      this.#open = { type, index: this.#next++ }
      out.push({ type: 'block-start', index: this.#open.index, choice, block: { type } })
    }
    const { index } = this.#open
    out.push(logprobs === undefined ? { type: 'block-delta', index, choice, text } : { type: 'block-delta', index, choice, text, logprobs })
  }

  #end(out: StreamEvent[]): void {
    if (!this.#open) return
    if (this.#open.type === 'text') this.#annotate([], out)
    this.#unsealed = this.#open.type === 'reasoning' && this.#open.seal === undefined
    out.push({ type: 'block-end', index: this.#open.index, choice: this.choice, seal: this.#open.seal })
    this.#open = undefined
  }

  #annotate(annotations: readonly Annotation[], out: StreamEvent[]): void {
    if (this.#open?.type !== 'text') {
      this.#waiting.push(...annotations)
      return
    }
    const { index } = this.#open
    for (const annotation of [...this.#waiting, ...annotations]) out.push({ type: 'annotation', index, choice: this.choice, annotation })
    this.#waiting = []
  }

  #calls(delta: JsonObject, out: StreamEvent[]): void {
    const wire = toolDeltas(delta)
    if (wire.length === 0) return
    for (const taken of this.#tracker.take(wire)) this.#call(taken, out)
  }

  /** A call is announced once its arguments begin: until then its name may still grow and its id may still come. */
  #call({ call, arguments: piece, mended, opened }: CallDelta, out: StreamEvent[]): void {
    if (mended) noteMended(this.context)
    if (opened) for (const earlier of this.#tracker.calls) if (earlier !== call) this.#announce(earlier, out)
    const index = this.#started.get(call)
    if (index !== undefined) {
      if (piece !== '') out.push({ type: 'block-delta', index, choice: this.choice, text: piece })
    } else if (call.arguments !== '') this.#announce(call, out)
  }

  #announce(call: TrackedCall, out: StreamEvent[]): void {
    if (this.#started.has(call) || call.name === '') return
    this.#end(out)
    const index = this.#next++
    const id = call.id === '' || this.#ids.has(call.id) ? this.context.newId('call_') : call.id
    this.#ids.add(id)
    this.#started.set(call, index)
    const { name, kind } = call
    const block = kind === 'custom' ? ({ type: 'tool-call', id, name, kind } as const) : ({ type: 'tool-call', id, name } as const)
    out.push({ type: 'block-start', index, choice: this.choice, block })
    if (call.arguments !== '') out.push({ type: 'block-delta', index, choice: this.choice, text: call.arguments })
  }
}

/** Audio comes in pieces of base64 and transcript. */
function mergedAudio(so: JsonObject | undefined, piece: JsonObject): JsonObject {
  const joined: JsonObject = { ...so, ...piece }
  for (const key of ['data', 'transcript'] as const) {
    if (typeof so?.[key] === 'string') joined[key] = so[key] + (typeof piece[key] === 'string' ? piece[key] : '')
  }
  return joined
}
