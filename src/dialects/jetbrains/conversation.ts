import { invalidField } from '../../core/errors.ts'
import { isObject, tryParseJson } from '../../core/json.ts'
import { callerPaths, partPath } from '../../ir/caller-paths.ts'
import { afterCompaction, type PlacedMessage } from '../../ir/compaction.ts'
import type { Message, ToolCallPart, ToolResultPart } from '../../ir/message.ts'
import { callsOf, type PlacedResult, resultsAfter } from '../../ir/tool-results.ts'
import type { Draft } from './draft.ts'
import { noteForeign, readContent, readResult } from './encode-content.ts'
import type { WireMedia } from './encode-media.ts'
import { noteMembers } from './foreign-fields.ts'
import { continuesAnswers } from './profile-family.ts'
import { NO_RESULT } from './wire.ts'

/** A tool call of the history with its answer. */
export interface AnsweredCall {
  id: string
  name: string
  /** JSON text of an object. */
  arguments: string
  result: string
}

/** One step of the conversation, as both versions of the wire can say it. Only a user's text may be empty, where there is media. */
export type Step =
  | { type: 'instructions'; text: string }
  | { type: 'user'; text: string; media: WireMedia[] }
  | { type: 'assistant'; text: string; calls: AnsweredCall[]; media: WireMedia[] }

const CONTINUES = '(conversation continues)'

/** What asks a model that begins anew to go on with what it is said to have begun. */
const GO_ON = 'Continue your last message exactly where it ends, without repeating any of it.'

/** A request's messages in order. @throws GatewayError `invalid-request` naming the caller's field */
export function readConversation(draft: Draft): Step[] {
  const steps = new ConversationReader(draft).read()
  if (steps.length === 0) throw invalidField('messages', 'must hold some text', 'invalid_value')
  const first = steps.findIndex(step => step.type !== 'instructions')
  const lacksUser = first === -1 || (draft.family.userFirst && steps[first]?.type !== 'user')
  if (lacksUser) {
    steps.splice(first === -1 ? steps.length : first, 0, { type: 'user', text: CONTINUES, media: [] })
    draft.context.note({ action: 'approximated', field: 'messages', detail: "the first message must be the user's" })
  }
  return withEnd(steps, draft)
}

/** An assistant's text at the end asks to be continued, which few models do and some refuse. */
function withEnd(steps: Step[], { profile, context }: Draft): Step[] {
  const last = steps.at(-1)
  if (last?.type !== 'assistant' || last.calls.length > 0) return steps
  if (!continuesAnswers(profile)) {
    const detail = 'the upstream does not go on with an answer that was begun; it is asked to'
    context.note({ action: 'approximated', field: 'messages', detail, invented: true })
    return [...steps, { type: 'user', text: GO_ON, media: [] }]
  }
  const text = last.text.trimEnd()
  if (text === last.text) return steps
  context.note({ action: 'approximated', field: 'messages', detail: 'white space at the end of a prefill' })
  return [...steps.slice(0, -1), { ...last, text }]
}

class ConversationReader {
  readonly #steps: Step[] = []
  /** Results that already stand behind their calls. */
  readonly #placed = new Set<ToolResultPart>()
  readonly #messages: PlacedMessage[]

  constructor(private readonly draft: Draft) {
    const { request } = draft
    const paths = callerPaths(request)
    this.#messages = afterCompaction(request.messages.map((message, index) => ({ message, path: paths[index] ?? 'messages' })))
  }

  read(): Step[] {
    for (const [index, { message, path }] of this.#messages.entries()) {
      noteMembers(message, path, this.draft.context)
      switch (message.role) {
        case 'system':
        case 'developer':
          this.#instructions(message, path)
          break
        case 'user':
          this.#user(readContent(message.content, path, this.draft))
          break
        case 'assistant':
          this.#assistant(message, path, index)
          break
        case 'tool':
          this.#orphans(message, path)
      }
    }
    return this.#steps
  }

  #user({ text, media }: { text: string; media: WireMedia[] }): void {
    if (text !== '' || media.length > 0) this.#steps.push({ type: 'user', text, media })
  }

  #instructions(message: Message, path: string): void {
    const { text } = readContent(message.content, path, this.draft)
    if (text === '') return
    if (this.draft.family.midSystem || this.#steps.every(step => step.type === 'instructions')) {
      this.#steps.push({ type: 'instructions', text })
      return
    }
    // Never dropped: Claude Code's whole environment is in them.
    const detail = 'a later system message became a reminder'
    this.draft.context.note({ action: 'approximated', field: path.replace(/content$/, 'role'), detail })
    this.#user({ text: `<system-reminder>\n${text}\n</system-reminder>`, media: [] })
  }

  #assistant(message: Message, path: string, index: number): void {
    this.#noteLosses(message, path)
    const said = message.content.map(part => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join('')
    const text = said.trim() === '' ? '' : said
    const media: WireMedia[] = []
    const calls = callsOf(message)
    const results = calls.length > 0 ? resultsAfter(this.#messages, index, this.#placed) : new Map<string, PlacedResult>()
    const answered = calls.map(call => this.#answered(call, results.get(call.id), media, path))
    if (text !== '' || answered.length > 0) this.#steps.push({ type: 'assistant', text, calls: answered, media })
  }

  #noteLosses(message: Message, path: string): void {
    const { context } = this.draft
    let called = false
    let interleaved = false
    for (const [index, part] of message.content.entries()) {
      const field = partPath(path, index)
      if (part.type === 'tool-call') called = true
      else if (part.type === 'text' && called && part.text.trim() !== '') interleaved = true
      else if (part.type === 'media') context.note({ action: 'dropped', field, detail: 'media in an assistant message' })
      noteForeign(part, field, this.draft)
      const citations = part.type === 'text' ? part.extensions?.anthropic?.citations : undefined
      if (Array.isArray(citations) && citations.length > 0) context.note({ action: 'dropped', field: `${field}.citations` })
    }
    if (interleaved) context.note({ action: 'approximated', field: path, detail: 'interleaving of text and tool calls' })
  }

  #answered(call: ToolCallPart, result: PlacedResult | undefined, media: WireMedia[], path: string): AnsweredCall {
    const { context } = this.draft
    const asked = { id: call.id, name: call.name, arguments: argumentsOf(call, path, this.draft) }
    if (!result) {
      context.note({ action: 'approximated', field: path, detail: 'a tool call without a result', invented: true })
      return { ...asked, result: NO_RESULT }
    }
    const content = readResult(result.part, media.length, result.path, this.draft)
    media.push(...content.media)
    return { ...asked, result: content.text }
  }

  /** Results that no call asked for are told as text. */
  #orphans(message: Message, path: string): void {
    for (const [index, part] of message.content.entries()) {
      if (part.type !== 'tool-result' || this.#placed.has(part)) continue
      const field = partPath(path, index)
      this.draft.context.note({ action: 'approximated', field, detail: 'a result without a tool call' })
      const { text, media } = readResult(part, 0, `${field}.content`, this.draft)
      this.#user({ text: `[tool result] ${text}`, media })
    }
  }
}

/** Arguments that are no JSON object are kept under a name no tool has: the vendors behind the service take objects only. */
function argumentsOf(call: ToolCallPart, path: string, { context }: Draft): string {
  if (call.kind === 'custom') return JSON.stringify({ input: call.arguments })
  const text = call.arguments.trim()
  if (text === '' || text === 'null') return '{}'
  if (isObject(tryParseJson(text))) return call.arguments
  context.note({ action: 'approximated', field: path, detail: 'tool arguments are no JSON object' })
  return JSON.stringify({ _invalid_json: call.arguments })
}
