import { invalidField } from '../../core/errors.ts'
import { callerPaths } from '../../ir/caller-paths.ts'
import type { Message } from '../../ir/message.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext } from '../dialect.ts'
import type { Capabilities } from './capabilities.ts'
import { encodeParts } from './encode-content.ts'
import { dropForeignMembers } from './foreign.ts'
import { repairToolTurns } from './repair.ts'
import { type Block, isBlock, type Turn } from './wire.ts'

const CONTINUES = '(conversation continues)'

export interface Conversation {
  /** Blocks of the top-level `system`. */
  system: Block[]
  messages: Turn[]
}

/** A request's messages as Anthropic takes them (dialects.md §2.3.1). @throws GatewayError `invalid-request` */
export function encodeConversation(request: GenerateRequest, capabilities: Capabilities, context: CodecContext): Conversation {
  const paths = callerPaths(request)
  const first = request.messages.findIndex(message => !isInstruction(message))
  const leading = first === -1 ? request.messages.length : first
  const system = request.messages
    .slice(0, leading)
    .flatMap((message, index) => encodeParts(message.content, 'user', paths[index] ?? '', context))
  const drafts: Turn[] = []
  for (const [index, message] of request.messages.entries()) {
    if (index >= leading) drafts.push(withinVersion(encodeMessage(message, paths[index] ?? '', context), capabilities, context))
  }
  const placed = placeInstructions(merge(drafts.filter(turn => turn.content.length > 0)), capabilities, context)
  const messages = repairToolTurns(merge(placed).map(resultsFirst), context)
  if (messages[0]?.role !== 'user') {
    messages.unshift({ role: 'user', content: [{ type: 'text', text: CONTINUES }] })
    context.note({ action: 'approximated', field: 'messages', detail: "the first message must be the user's" })
  }
  return { system, messages: endOfConversation(messages, request, capabilities, context) }
}

const isInstruction = (message: Message): boolean => message.role === 'system' || message.role === 'developer'

function encodeMessage(message: Message, path: string, context: CodecContext): Turn {
  if (message.name !== undefined) context.note({ action: 'dropped', field: path.replace(/content$/, 'name') })
  dropForeignMembers(message, path, context)
  const role = isInstruction(message) ? 'system' : message.role === 'assistant' ? 'assistant' : 'user'
  const content = encodeParts(message.content, role === 'assistant' ? 'assistant' : 'user', path, context)
  return { ...message.extensions?.anthropic, role, content }
}

/** Instructions in mid-conversation keep their place: as a real system turn where the model and the slot allow one, else as a reminder. */
function placeInstructions(turns: readonly Turn[], capabilities: Capabilities, context: CodecContext): Turn[] {
  return turns.flatMap((turn, index) => {
    if (turn.role !== 'system' || (capabilities.midSystem && isLegalSlot(turns, index))) return [turn]
    const reminder = asReminder(turn, context)
    return reminder ? [reminder] : []
  })
}

/** After a user turn, or a server tool's result, and before an assistant turn or the end. */
function isLegalSlot(turns: readonly Turn[], index: number): boolean {
  const before = turns[index - 1]
  const after = turns[index + 1]
  const afterResult = before?.role === 'assistant' && before.content.at(-1)?.type.endsWith('_tool_result') === true
  return (before?.role === 'user' || afterResult) && (after === undefined || after.role === 'assistant')
}

function asReminder(turn: Turn, context: CodecContext): Turn | undefined {
  const texts = turn.content.filter(block => block.type === 'text')
  if (texts.length < turn.content.length)
    context.note({ action: 'dropped', field: 'messages.content', detail: 'tool changes in a system message' })
  if (texts.length === 0) return undefined
  context.note({ action: 'approximated', field: 'messages.role', detail: 'a later system message became a reminder' })
  const text = texts.map(block => block.text).join('\n\n')
  const block: Block = { type: 'text', text: `<system-reminder>\n${text}\n</system-reminder>` }
  const mark = texts.at(-1)?.cache_control
  if (mark !== undefined) block.cache_control = mark
  return { role: 'user', content: [block] }
}

/** Turns of one role that follow each other, as one. */
function merge(turns: readonly Turn[]): Turn[] {
  const merged: Turn[] = []
  for (const turn of turns) {
    const last = merged.at(-1)
    if (last?.role !== turn.role) merged.push({ ...turn, content: [...turn.content] })
    else {
      const { content } = last
      for (const block of turn.content) content.push(block)
      Object.assign(last, turn, { content })
    }
  }
  return merged
}

/** What newer versions of the API took away from messages (dialects.md §0.3); only Anthropic's own clients have it. */
function withinVersion(turn: Turn, { assistantDocuments, userCitations }: Capabilities, context: CodecContext): Turn {
  const drop = (detail: string): void => context.note({ action: 'dropped', field: 'messages.content', detail })
  if (turn.role === 'assistant' && !assistantDocuments && turn.content.some(block => block.type === 'document')) {
    drop('documents in an assistant message are gone from this version of the API')
    return { ...turn, content: turn.content.filter(block => block.type !== 'document') }
  }
  if (turn.role !== 'user' || userCitations || !turn.content.some(isCited)) return turn
  drop('citations in a user message are gone from this version of the API')
  return { ...turn, content: turn.content.map(withoutCitations) }
}

const isCited = ({ type, citations, content }: Block): boolean =>
  (type === 'text' && Array.isArray(citations) && citations.length > 0) ||
  (type === 'search_result' && Array.isArray(content) && content.some(item => isBlock(item) && isCited(item)))

function withoutCitations(block: Block): Block {
  if (!isCited(block)) return block
  if (block.type === 'search_result' && Array.isArray(block.content))
    return { ...block, content: block.content.map(item => (isBlock(item) ? withoutCitations(item) : item)) }
  const { citations: _citations, ...rest } = block
  return rest
}

/** Text before a tool's result in one turn is a 400. */
function resultsFirst(turn: Turn): Turn {
  if (turn.role !== 'user') return turn
  const isResult = (block: Block): boolean => block.type === 'tool_result'
  return { ...turn, content: [...turn.content.filter(isResult), ...turn.content.filter(block => !isResult(block))] }
}

/** An assistant's text at the end asks to be continued, which only older models do. */
function endOfConversation(messages: Turn[], request: GenerateRequest, capabilities: Capabilities, context: CodecContext): Turn[] {
  const last = messages.at(-1)
  const block = last?.content.at(-1)
  if (last?.role === 'assistant' && last.content.every(({ type }) => type === 'thinking' || type === 'redacted_thinking')) {
    // Thinking alone begins no answer, and none can be continued from it.
    context.note({ action: 'dropped', field: 'messages', detail: 'thinking without an answer at the end' })
    return messages.slice(0, -1)
  }
  if (last?.role !== 'assistant' || block?.type !== 'text' || typeof block.text !== 'string') return messages
  const format = request.responseFormat?.type ?? 'text'
  const opensJson = /^\s*(```json\s*)?[{[]?\s*$/.test(block.text)
  // Where the format is enforced, an answer begun by hand stands in its way; elsewhere it helps older models to keep to it.
  if (opensJson && (format === 'json-schema' || (format === 'json-object' && !capabilities.prefill))) {
    context.note({ action: 'dropped', field: 'messages', detail: 'a prefill that only opens JSON' })
    return messages.slice(0, -1)
  }
  if (capabilities.prefill) {
    const text = block.text.trimEnd()
    if (text === block.text) return messages
    context.note({ action: 'approximated', field: 'messages', detail: 'white space at the end of a prefill' })
    return [...messages.slice(0, -1), { ...last, content: [...last.content.slice(0, -1), { ...block, text }] }]
  }
  throw invalidField('messages', 'This model does not support assistant message prefill. The conversation must end with a user message.')
}
