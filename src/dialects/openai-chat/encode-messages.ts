import type { JsonObject } from '../../core/json.ts'
import { callerPaths, partPath } from '../../ir/caller-paths.ts'
import { afterCompaction, isCompaction, type PlacedMessage } from '../../ir/compaction.ts'
import type { ContentPart, Message, ReasoningPart, ToolCallPart, ToolResultPart } from '../../ir/message.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import { callsOf, resultsAfter } from '../../ir/tool-results.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import { detailOf, googleSeal, issuersDetail } from './carried-reasoning.ts'
import { joinedContents, shapeConversation } from './conversation-shape.ts'
import { type ContentOptions, cacheMark, encodeInstructions, encodeParts, joinedContent, simplestContent } from './encode-content.ts'
import { encodeToolResult, resultContent } from './encode-result.ts'
import { kindOfForeignPart } from './foreign-part.ts'
import type { ModelFamily } from './model-family.ts'
import { wireCallId } from './tool-call-ids.ts'
import { DIALECT, NO_REASONING, NO_RESULT } from './wire.ts'

/** The conversation as wire messages (dialects.md §2.3.2). `reasons`: the model is not told to do without reasoning. */
export function encodeMessages(
  request: GenerateRequest,
  traits: UpstreamTraits,
  family: ModelFamily,
  reasons: boolean,
  context: CodecContext,
): JsonObject[] {
  const messages = new MessageEncoder(request, traits, family, reasons, context).encode()
  return shapeConversation(messages, traits, context)
}

class MessageEncoder {
  readonly #out: JsonObject[] = []
  /** Results that already stand behind their calls. */
  readonly #placed = new Set<ToolResultPart>()
  readonly #content: ContentOptions
  /** The messages with where their content stood in the caller's request. */
  readonly #messages: PlacedMessage[]

  constructor(
    request: GenerateRequest,
    private readonly traits: UpstreamTraits,
    private readonly family: ModelFamily,
    private readonly reasons: boolean,
    private readonly context: CodecContext,
  ) {
    const paths = callerPaths(request)
    this.#messages = afterCompaction(request.messages.map((message, index) => ({ message, path: paths[index] as string })))
    // A client of this dialect has its own marks, which come back as extensions.
    const foreign = request.origin !== DIALECT
    const cache = !foreign ? undefined : family.cacheBreakpoints ? 'breakpoint' : traits.cacheControl ? 'cache_control' : undefined
    const ttl = traits.cacheMarks?.ttl
    this.#content = { context, cache, ttl, images: traits.images !== false, documents: traits.documents ?? 'file' }
  }

  encode(): JsonObject[] {
    for (const [index, { message, path }] of this.#messages.entries()) {
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
    const name = message.name === undefined || this.traits.refuses?.includes('name') ? undefined : { name: message.name }
    this.#out.push({ ...wire, ...name, ...message.extensions?.[DIALECT] })
  }

  #instructions(message: Message, path: string): void {
    const parts = encodeInstructions(message.content, path, this.#content)
    if (parts.length === 0) return
    if (this.traits.midSystem === false && this.#out.some(({ role }) => role !== 'system' && role !== 'developer')) {
      this.#remind(parts)
      return
    }
    const role = message.role === 'developer' && this.traits.developerRole ? 'developer' : 'system'
    this.#push(message, { role, content: this.family.openAi || this.#content.cache ? simplestContent(parts) : joinedContent(parts) })
  }

  /** Instructions in mid-conversation, for servers that take them at its start only: never dropped, Claude Code's whole environment is in them. */
  #remind(parts: readonly JsonObject[]): void {
    const text = parts.map(part => part.text as string).join('\n\n')
    const reminder = `<system-reminder>\n${text}\n</system-reminder>`
    const last = this.#out.at(-1)
    if (last?.role === 'user') last.content = joinedContents(last.content, reminder)
    else this.#out.push({ role: 'user', content: reminder })
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
    const calls = callsOf(message).map(call => this.#call(call))
    const wire: JsonObject = { role: 'assistant', content: text === '' ? null : text }
    if (refusal !== '') {
      // Only OpenAI knows the field; elsewhere a refusal is what the model said.
      if (this.family.openAi) wire.refusal = refusal
      else wire.content = text + refusal
    }
    // A mark behind the calls has no place of its own: what stands before them is a prefix as well.
    const mark = cacheMark({ cache: message.content.findLast(part => part.cache)?.cache }, this.#content)
    if (mark?.cache_control && typeof wire.content === 'string') wire.content = [{ type: 'text', text: wire.content, ...mark }]
    this.#reasoning(message, wire, calls.length > 0)
    if (calls.length > 0) wire.tool_calls = calls
    const audio = message.content.find(part => part.type === 'opaque' && part.origin === DIALECT)
    if (audio?.type === 'opaque') Object.assign(wire, audio.value)
    const sealed = message.content.find(part => part.type === 'text' && part.seal?.issuer === 'gemini')
    if (sealed?.seal) wire.extra_content = googleSeal(sealed.seal)
    if (wire.content === null && calls.length === 0 && wire.refusal === undefined && !audio) {
      if (wire[this.#reasoningField] === undefined) return
      wire.content = ''
    }
    if (wire.content === null && this.traits.nullContent === false) wire.content = ''
    this.#push(message, wire)
  }

  get #reasoningField(): 'reasoning_content' | 'reasoning' {
    return this.traits.reasoningField ?? 'reasoning_content'
  }

  /** Earlier reasoning goes to servers that ask for it, never as visible text; seals go to their issuer only. */
  #reasoning(message: Message, wire: JsonObject, calls: boolean): void {
    if (!this.traits.replaysReasoning) return
    const parts = message.content.filter((part): part is ReasoningPart => part.type === 'reasoning')
    const text = parts.map(part => part.text).join('')
    if (text !== '') wire[this.#reasoningField] = text
    // A turn of another vendor's model has none to give.
    else if (calls && this.reasons && this.traits.requiresReasoning) wire[this.#reasoningField] = NO_REASONING
    const details = parts.flatMap((part, index) => {
      if (part.seal?.issuer === DIALECT) return [detailOf(part, part.seal, index)]
      return part.seal && part.seal.issuer === this.traits.sealsOf ? [issuersDetail(part, part.seal, index)] : []
    })
    if (details.length > 0) wire.reasoning_details = details
  }

  #noteLosses(message: Message, path: string): void {
    const note = (action: 'dropped' | 'approximated', field: string, detail?: string) => this.context.note({ action, field, detail })
    let called = false
    let interleaved = false
    for (const [index, part] of message.content.entries()) {
      const field = partPath(path, index)
      if (part.type === 'tool-call') called = true
      else if (part.type === 'text' && called && part.text !== '') interleaved = true
      else if (part.type === 'media') note('dropped', field, 'media in an assistant message')
      else if (part.type === 'opaque' && part.origin !== DIALECT && !meansNothing(part))
        note('dropped', field, kindOfForeignPart(part.value))
      const citations = part.type === 'text' ? part.extensions?.anthropic?.citations : undefined
      if (Array.isArray(citations) && citations.length > 0) note('dropped', `${field}.citations`)
    }
    if (interleaved) note('approximated', path, 'interleaving of text and tool calls')
  }

  /** Every call's result directly behind the calls, wherever the client put it before the next assistant turn; then the results' media. */
  #results(message: Message, index: number): void {
    const calls = callsOf(message)
    if (calls.length === 0) return
    const found = resultsAfter(this.#messages, index, this.#placed)
    const media: JsonObject[] = []
    for (const call of calls) {
      const result = found.get(call.id)
      const tool = { role: 'tool', tool_call_id: this.#id(call.id) }
      if (!result) {
        this.context.note({
          action: 'approximated',
          field: this.#messages[index]?.path ?? '',
          detail: 'a tool call without a result',
          invented: true,
        })
        this.#out.push({ ...tool, content: NO_RESULT })
        continue
      }
      const encoded = encodeToolResult(result.part, media.length, result.path, this.#content)
      media.push(...encoded.media)
      this.#out.push({ ...tool, content: resultContent(result.part, encoded.text, this.#content), ...result.part.extensions?.[DIALECT] })
    }
    if (media.length > 0) this.#out.push({ role: 'user', content: media })
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

  #id(id: string): string {
    return wireCallId(id, this.traits.toolCallIds)
  }

  #call(call: ToolCallPart): JsonObject {
    const extra = call.seal?.issuer === 'gemini' ? { extra_content: googleSeal(call.seal) } : undefined
    const id = this.#id(call.id)
    const own = call.extensions?.[DIALECT]
    return call.kind === 'custom'
      ? { id, type: 'custom', custom: { name: call.name, input: call.arguments }, ...own, ...extra }
      : { id, type: 'function', function: { name: call.name, arguments: call.arguments || '{}' }, ...own, ...extra }
  }
}

/** Blocks whose loss is none: a mark for auditors (dialects.md §2.3.3), and a compaction that was dealt with. */
const meansNothing = (part: ContentPart): boolean =>
  part.type === 'opaque' && (isCompaction(part) || kindOfForeignPart(part.value) === 'fallback')

const joined = (parts: readonly ContentPart[], type: 'text' | 'refusal'): string =>
  parts.map(part => (part.type === type ? part.text : '')).join('')
