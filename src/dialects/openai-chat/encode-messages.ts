import type { JsonObject } from '../../core/json.ts'
import { sha256 } from '../../core/secret.ts'
import { callerPaths, partPath } from '../../ir/caller-paths.ts'
import type { ContentPart, Message, ReasoningPart, ToolCallPart, ToolResultPart } from '../../ir/message.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext, EncodeOptions } from '../dialect.ts'
import { detailOf, googleSeal } from './carried-reasoning.ts'
import { type ContentOptions, encodeInstructions, encodeParts, encodeToolResult, joinedContent, simplestContent } from './encode-content.ts'
import { kindOfForeignPart } from './foreign-part.ts'
import type { ModelFamily } from './model-family.ts'
import { DIALECT, NO_RESULT } from './wire.ts'

/** The conversation as wire messages (dialects.md §2.3.2). */
export function encodeMessages(request: GenerateRequest, options: EncodeOptions, family: ModelFamily, context: CodecContext): JsonObject[] {
  return new MessageEncoder(request, options, family, context).encode()
}

class MessageEncoder {
  readonly #out: JsonObject[] = []
  /** Results that already stand behind their calls. */
  readonly #placed = new Set<ToolResultPart>()
  readonly #content: ContentOptions
  /** Where each message's content stood in the caller's request. */
  readonly #paths: string[]

  constructor(
    private readonly request: GenerateRequest,
    private readonly options: EncodeOptions,
    private readonly family: ModelFamily,
    private readonly context: CodecContext,
  ) {
    this.#paths = callerPaths(request)
    // A client of this dialect has its own marks, which come back as extensions.
    this.#content = { context, cacheBreakpoints: family.cacheBreakpoints && request.origin !== DIALECT }
  }

  encode(): JsonObject[] {
    for (const [index, message] of this.request.messages.entries()) {
      const path = this.#paths[index] as string
      switch (message.role) {
        case 'system':
        case 'developer':
          this.#instructions(message, path)
          break
        case 'user':
          this.#user(message, path)
          break
        case 'assistant':
          this.#assistant(message, path)
          this.#results(message, index)
          break
        case 'tool':
          this.#orphans(message, path)
      }
    }
    return this.#out
  }

  #push(message: Message, wire: JsonObject): void {
    this.#out.push({ ...wire, ...(message.name !== undefined && { name: message.name }), ...message.extensions?.[DIALECT] })
  }

  #instructions(message: Message, path: string): void {
    const parts = encodeInstructions(message.content, path, this.#content)
    if (parts.length === 0) return
    const role = message.role === 'developer' && this.options.traits.developerRole ? 'developer' : 'system'
    this.#push(message, { role, content: this.family.openAi ? simplestContent(parts) : joinedContent(parts) })
  }

  #user(message: Message, path: string): void {
    const parts = encodeParts(message.content, path, this.#content)
    if (parts.length > 0) this.#push(message, { role: 'user', content: simplestContent(parts) })
    else if (message.content.length === 0) this.#push(message, { role: 'user', content: '' })
  }

  #assistant(message: Message, path: string): void {
    this.#noteLosses(message, path)
    const text = joined(message.content, 'text')
    const refusal = joined(message.content, 'refusal')
    const calls = callsOf(message).map(encodeToolCall)
    const wire: JsonObject = { role: 'assistant', content: text === '' ? null : text }
    if (refusal !== '') {
      // Only OpenAI knows the field; elsewhere a refusal is what the model said.
      if (this.family.openAi) wire.refusal = refusal
      else wire.content = text + refusal
    }
    this.#reasoning(message, wire)
    if (calls.length > 0) wire.tool_calls = calls
    const audio = message.content.find(part => part.type === 'opaque' && part.origin === DIALECT)
    if (audio?.type === 'opaque') Object.assign(wire, audio.value)
    const sealed = message.content.find(part => part.type === 'text' && part.seal?.issuer === 'gemini')
    if (sealed?.seal) wire.extra_content = googleSeal(sealed.seal)
    if (wire.content === null && calls.length === 0 && wire.refusal === undefined && !audio) {
      if (wire.reasoning_content === undefined) return
      wire.content = ''
    }
    this.#push(message, wire)
  }

  /** Earlier reasoning goes to servers that ask for it, never as visible text; seals go to their issuer only. */
  #reasoning(message: Message, wire: JsonObject): void {
    if (!this.options.traits.replaysReasoning) return
    const parts = message.content.filter((part): part is ReasoningPart => part.type === 'reasoning')
    const text = parts.map(part => part.text).join('')
    if (text !== '') wire.reasoning_content = text
    const details = parts.flatMap((part, index) => (part.seal?.issuer === DIALECT ? [detailOf(part, part.seal, index)] : []))
    if (details.length > 0) wire.reasoning_details = details
  }

  #noteLosses(message: Message, path: string): void {
    let called = false
    let interleaved = false
    for (const [index, part] of message.content.entries()) {
      if (part.type === 'tool-call') called = true
      else if (part.type === 'text' && called) interleaved = true
      else if (part.type === 'media')
        this.context.note({ action: 'dropped', field: partPath(path, index), detail: 'media in an assistant message' })
      else if (part.type === 'opaque' && part.origin !== DIALECT) {
        this.context.note({ action: 'dropped', field: partPath(path, index), detail: kindOfForeignPart(part.value) })
      }
    }
    if (interleaved) this.context.note({ action: 'approximated', field: path, detail: 'interleaving of text and tool calls' })
  }

  /** Every call's result directly behind the calls, wherever the client put it before the next assistant turn; then the results' media. */
  #results(message: Message, index: number): void {
    const calls = callsOf(message)
    if (calls.length === 0) return
    const found = this.#resultsAfter(index)
    const media: JsonObject[] = []
    for (const call of calls) {
      const result = found.get(call.id)
      if (!result) {
        this.context.note({ action: 'approximated', field: this.#paths[index] as string, detail: 'a tool call without a result' })
        this.#out.push({ role: 'tool', tool_call_id: wireId(call.id), content: NO_RESULT })
        continue
      }
      const encoded = encodeToolResult(result.part, media.length, result.path, this.#content)
      media.push(...encoded.media)
      this.#out.push({ role: 'tool', tool_call_id: wireId(call.id), content: encoded.text, ...result.part.extensions?.[DIALECT] })
    }
    if (media.length > 0) this.#out.push({ role: 'user', content: media })
  }

  /** Results up to the next assistant turn by call id; of two for one call the last holds. */
  #resultsAfter(index: number): Map<string, { part: ToolResultPart; path: string }> {
    const { messages } = this.request
    const calls = new Set(callsOf(messages[index]).map(call => call.id))
    const found = new Map<string, { part: ToolResultPart; path: string }>()
    for (let at = index + 1; at < messages.length && messages[at]?.role !== 'assistant'; at++) {
      for (const [position, part] of messages[at]?.content.entries() ?? []) {
        if (part.type !== 'tool-result' || !calls.has(part.callId)) continue
        found.set(part.callId, { part, path: `${partPath(this.#paths[at] as string, position)}.content` })
        this.#placed.add(part)
      }
    }
    return found
  }

  /** Results that no call asked for are told as text: a `tool` message without its call is an error everywhere. */
  #orphans(message: Message, path: string): void {
    for (const [index, part] of message.content.entries()) {
      if (part.type !== 'tool-result' || this.#placed.has(part)) continue
      this.context.note({ action: 'approximated', field: partPath(path, index), detail: 'a result without a tool call' })
      const { text, media } = encodeToolResult(part, 0, partPath(path, index), this.#content)
      this.#out.push({ role: 'user', content: simplestContent([{ type: 'text', text: `[tool result] ${text}` }, ...media]) })
    }
  }
}

const callsOf = (message: Message | undefined): ToolCallPart[] =>
  message?.content.filter((part): part is ToolCallPart => part.type === 'tool-call') ?? []

const joined = (parts: readonly ContentPart[], type: 'text' | 'refusal'): string =>
  parts.map(part => (part.type === type ? part.text : '')).join('')

/** The longest id of a tool call that OpenAI takes. */
const LONGEST_ID = 40

/** Another vendor's id as it is, or, where it is too long, one that is the same on every turn. */
const wireId = (id: string): string => (id.length <= LONGEST_ID ? id : `call_${sha256(id).slice(0, 32)}`)

function encodeToolCall(call: ToolCallPart): JsonObject {
  const extra = call.seal?.issuer === 'gemini' ? { extra_content: googleSeal(call.seal) } : undefined
  const own = call.extensions?.[DIALECT]
  return call.kind === 'custom'
    ? { id: wireId(call.id), type: 'custom', custom: { name: call.name, input: call.arguments }, ...own, ...extra }
    : { id: wireId(call.id), type: 'function', function: { name: call.name, arguments: call.arguments || '{}' }, ...own, ...extra }
}
