import type { JsonObject, JsonValue } from '../../core/json.ts'
import { CustomInputReader, customToolNames } from '../../ir/custom-input.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { BlockStart, StreamEvent } from '../../ir/stream.ts'
import type { Usage } from '../../ir/usage.ts'
import type { SseFrame } from '../../sse/frame.ts'
import { writeFrames } from '../../sse/writer.ts'
import type { CodecContext, StreamEncoder } from '../dialect.ts'
import { encodeAnnotation } from './annotations.ts'
import { detailOf, googleSeal } from './carried-reasoning.ts'
import { wantsFunctionCall } from './encode-response.ts'
import { encodeStreamError } from './errors.ts'
import { encodeFinish, refusalText } from './finish.ts'
import { noteForeignAnswer } from './foreign-part.ts'
import { encodeUsage } from './usage.ts'
import { CHUNK_OBJECT, DIALECT, DONE } from './wire.ts'

export const streamEncoder = (request: GenerateRequest, context: CodecContext): StreamEncoder => new ChatStreamEncoder(request, context)

/** The block that is open in a choice. */
interface OpenBlock {
  block: BlockStart
  /** What has been said in it. */
  text: string
  /** Position among the choice's tool calls, or among its reasoning blocks. */
  ordinal: number
  /** Where its text starts within the whole content. */
  start: number
  /** Takes the free text of a custom tool out of the arguments of the function that stood in for it. */
  input?: CustomInputReader
}

interface ChoiceState {
  open?: OpenBlock
  toolCalls: number
  reasonings: number
  contentLength: number
  refused: boolean
}

/** Events as chunks (dialects.md §4.1): a text, because JSON of a whole chunk per token is the cost of a stream. */
class ChatStreamEncoder implements StreamEncoder {
  readonly #id: string
  readonly #created: number
  readonly #legacy: boolean
  readonly #customTools: ReadonlySet<string>
  #head: string
  readonly #tail: string
  readonly #choices = new Map<number, ChoiceState>()
  #usage?: Usage

  constructor(
    private readonly request: GenerateRequest,
    private readonly context: CodecContext,
  ) {
    this.#id = context.newId('chatcmpl-')
    this.#created = Math.floor(context.now() / 1000)
    this.#legacy = wantsFunctionCall(request)
    this.#customTools = customToolNames(request.tools)
    this.#head = this.#headWith(undefined)
    this.#tail = request.includeUsage ? '],"usage":null}' : ']}'
  }

  push(event: StreamEvent): SseFrame[] {
    const out: SseFrame[] = []
    this.#take(event, out)
    return out
  }

  more(inside: string): string {
    const state = this.#choices.get(0)
    // The length of the content is counted, and what else is said is kept: where the piece is not its own text it has to be read.
    if (state?.open?.block.type !== 'text' || inside.includes('\\')) {
      return writeFrames(this.push({ type: 'block-delta', index: 0, text: JSON.parse(`"${inside}"`) as string }))
    }
    state.contentLength += inside.length
    return `data: ${this.#head}{"index":0,"delta":{"content":"${inside}"},"logprobs":null,"finish_reason":null}${this.#tail}\n\n`
  }

  #take(event: StreamEvent, out: SseFrame[]): void {
    switch (event.type) {
      case 'response-start':
        this.#head = this.#headWith({
          ...(event.serviceTier !== undefined && { service_tier: event.serviceTier }),
          ...event.extensions?.[DIALECT],
        })
        if (event.usage) this.#usage = event.usage
        // With several choices, each is opened by its own first event.
        if ((this.request.choices ?? 1) === 1) this.#state(0, out)
        return
      case 'block-start':
        this.#start(event.choice ?? 0, event.block, out)
        return
      case 'block-delta':
        this.#delta(event.choice ?? 0, event.text, event.logprobs, out)
        return
      case 'annotation':
        this.#annotation(event, out)
        return
      case 'block-end':
        this.#end(event, out)
        return
      case 'usage':
        this.#usage = event.usage
        return
      case 'finish':
        this.#finish(event, out)
        return
      case 'response-end':
        if (this.request.includeUsage) out.push({ data: this.#usageChunk() })
        out.push({ data: DONE })
        return
      case 'error':
        out.push(...encodeStreamError(event.error))
        return
      case 'metadata':
    }
  }

  #headWith(own: JsonObject | undefined): string {
    const head = { id: this.#id, object: CHUNK_OBJECT, created: this.#created, model: this.request.model, ...own }
    return `${JSON.stringify(head).slice(0, -1)},"choices":[`
  }

  /** A choice's state; its first chunk, the only one with a role, is written on the way. */
  #state(choice: number, out: SseFrame[]): ChoiceState {
    let state = this.#choices.get(choice)
    if (!state) {
      state = { toolCalls: 0, reasonings: 0, contentLength: 0, refused: false }
      this.#choices.set(choice, state)
      this.#chunk(choice, '{"role":"assistant","content":""}', out)
    }
    return state
  }

  #chunk(choice: number, delta: string, out: SseFrame[], finish = 'null', logprobs?: JsonValue): void {
    const probabilities = logprobs === undefined ? 'null' : JSON.stringify(logprobs)
    out.push({
      data: `${this.#head}{"index":${choice},"delta":${delta},"logprobs":${probabilities},"finish_reason":${finish}}${this.#tail}`,
    })
  }

  #start(choice: number, block: BlockStart, out: SseFrame[]): void {
    const state = this.#state(choice, out)
    const ordinal = block.type === 'tool-call' ? state.toolCalls++ : block.type === 'reasoning' ? state.reasonings++ : 0
    if (block.type === 'tool-call' && block.kind !== 'custom' && this.#customTools.has(block.name)) {
      const custom = { ...block, kind: 'custom' } as const
      state.open = { block: custom, text: '', ordinal, start: state.contentLength, input: new CustomInputReader() }
      this.#openCall(choice, custom, ordinal, out)
      return
    }
    state.open = { block, text: '', ordinal, start: state.contentLength }
    if (block.type === 'tool-call') this.#openCall(choice, block, ordinal, out)
    else if (block.type === 'opaque' && block.origin === DIALECT) this.#chunk(choice, JSON.stringify(block.value), out)
    else if (block.type === 'opaque') noteForeignAnswer(block.value, this.context)
  }

  #openCall(choice: number, block: Extract<BlockStart, { type: 'tool-call' }>, ordinal: number, out: SseFrame[]): void {
    const { id, name } = block
    if (this.#legacy) {
      if (ordinal === 0) this.#chunk(choice, JSON.stringify({ function_call: { name, arguments: '' } }), out)
      else this.context.note({ action: 'dropped', field: 'tool_calls', detail: 'function_call holds one call' })
      return
    }
    const call =
      block.kind === 'custom'
        ? { index: ordinal, id, type: 'custom', custom: { name, input: '' } }
        : { index: ordinal, id, type: 'function', function: { name, arguments: '' } }
    this.#chunk(choice, JSON.stringify({ tool_calls: [call] }), out)
  }

  #delta(choice: number, text: string, logprobs: JsonValue | undefined, out: SseFrame[]): void {
    const state = this.#state(choice, out)
    const { open } = state
    if (!open) return
    switch (open.block.type) {
      case 'text':
        state.contentLength += text.length
        this.#chunk(choice, `{"content":${JSON.stringify(text)}}`, out, 'null', logprobs)
        return
      case 'reasoning':
        open.text += text
        this.#chunk(choice, `{"reasoning_content":${JSON.stringify(text)}}`, out, 'null', logprobs)
        return
      case 'refusal':
        state.refused = true
        this.#chunk(choice, `{"refusal":${JSON.stringify(text)}}`, out, 'null', logprobs)
        return
      case 'tool-call':
        open.text += text
        this.#arguments(choice, open, open.input ? open.input.push(text) : text, out)
        return
      case 'opaque':
    }
  }

  #arguments(choice: number, { block, ordinal }: OpenBlock, text: string, out: SseFrame[]): void {
    if (text === '') return
    const json = JSON.stringify(text)
    if (this.#legacy) {
      if (ordinal === 0) this.#chunk(choice, `{"function_call":{"arguments":${json}}}`, out)
      return
    }
    const custom = block.type === 'tool-call' && block.kind === 'custom'
    const piece = custom ? `"custom":{"input":${json}}` : `"function":{"arguments":${json}}`
    this.#chunk(choice, `{"tool_calls":[{"index":${ordinal},${piece}}]}`, out)
  }

  #annotation(event: Extract<StreamEvent, { type: 'annotation' }>, out: SseFrame[]): void {
    const choice = event.choice ?? 0
    const state = this.#state(choice, out)
    const wire = encodeAnnotation(event.annotation, state.open?.start ?? 0, state.contentLength)
    if (wire) this.#chunk(choice, JSON.stringify({ annotations: [wire] }), out)
    else this.context.note({ action: 'dropped', field: 'annotations', detail: 'citation without an address' })
  }

  #end(event: Extract<StreamEvent, { type: 'block-end' }>, out: SseFrame[]): void {
    const choice = event.choice ?? 0
    const state = this.#state(choice, out)
    const { open } = state
    state.open = undefined
    if (!open) return
    const { block, ordinal, text } = open
    if (block.type === 'tool-call') {
      if (open.input) this.#arguments(choice, open, open.input.end(), out)
      if (text === '' && block.kind !== 'custom') this.#arguments(choice, open, '{}', out)
      if (event.seal && !this.#legacy) {
        const nothing = block.kind === 'custom' ? { custom: { input: '' } } : { function: { arguments: '' } }
        this.#chunk(choice, JSON.stringify({ tool_calls: [{ index: ordinal, ...nothing, extra_content: googleSeal(event.seal) }] }), out)
      }
    } else if (event.seal && block.type === 'reasoning') {
      const part = { type: 'reasoning', text, redacted: block.redacted } as const
      this.#chunk(choice, JSON.stringify({ reasoning_details: [detailOf(part, event.seal, ordinal)] }), out)
    } else if (event.seal && block.type === 'text') {
      this.#chunk(choice, JSON.stringify({ extra_content: googleSeal(event.seal) }), out)
    }
  }

  #finish(event: Extract<StreamEvent, { type: 'finish' }>, out: SseFrame[]): void {
    const choice = event.choice ?? 0
    const state = this.#state(choice, out)
    const { finish } = event
    const refusal = finish.reason === 'content-filter' && !state.refused ? refusalText(finish) : undefined
    if (refusal !== undefined) this.#chunk(choice, JSON.stringify({ refusal }), out)
    if (finish.reason === 'pause') this.context.note({ action: 'approximated', field: 'finish_reason', detail: 'the turn was paused' })
    const wire = encodeFinish(finish, state.toolCalls)
    this.#chunk(choice, '{}', out, this.#legacy && wire === 'tool_calls' ? '"function_call"' : `"${wire}"`)
  }

  /** A client that asked for usage waits for this chunk, so it comes even where the upstream told none. */
  #usageChunk(): string {
    if (!this.#usage) this.context.note({ action: 'approximated', field: 'usage', detail: 'not reported by the upstream' })
    return `${this.#head}],"usage":${JSON.stringify(encodeUsage(this.#usage ?? { inputTokens: 0, outputTokens: 0 }))}}`
  }
}
