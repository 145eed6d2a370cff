import { isObject, type Json, objectsOf, stringOf } from '../../checkers/json.ts'
import { checkBlock } from './check-blocks.ts'
import { thinkingType } from './check-thinking.ts'
import type { CheckContext } from './context.ts'
import { checkOneOf, onlyKnown, refuse, required } from './refuse.ts'

interface Turn {
  role: string
  /** Index of the first message of the turn. */
  at: number
  blocks: Json[]
}

/** `messages` as a conversation: each message, then the turns that consecutive messages of one role make. */
export function checkMessages(body: Json, context: CheckContext): void {
  const { messages } = body
  if (messages === undefined) required('messages')
  if (!Array.isArray(messages)) return refuse('messages: Input should be a valid list')
  if (messages.length === 0) refuse('messages: at least one message is required')
  const turns: Turn[] = []
  for (const [index, message] of messages.entries()) {
    const turn = checkMessage(index, message, index === messages.length - 1, context)
    const before = turns[turns.length - 1]
    if (before?.role === turn.role && turn.role !== 'system') before.blocks.push(...turn.blocks)
    else turns.push(turn)
  }
  checkSystemTurns(turns, context)
  const spoken = turns.filter(turn => turn.role !== 'system')
  if (spoken[0]?.role !== 'user') refuse('messages: first message must use the "user" role')
  checkToolPairs(spoken)
  checkPrefill(turns, body, context)
  if (thinkingType(body) === 'enabled') checkThinkingKept(spoken)
}

function checkMessage(index: number, message: unknown, last: boolean, context: CheckContext): Turn {
  const path = `messages.${index}`
  if (!isObject(message)) return refuse(`${path}: Input should be an object`)
  checkOneOf(`${path}.role`, message.role, ['user', 'assistant', 'system'])
  const { role, content } = message
  const perTurn = context.betas.some(name => name.startsWith('per-turn-control-'))
  onlyKnown(path, message, role === 'system' && perTurn ? ['role', 'content', 'output_config'] : ['role', 'content'])
  if (content === undefined) required(`${path}.content`)
  if (typeof content !== 'string' && !Array.isArray(content)) return refuse(`${path}.content: Input should be a valid list`)
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const empty = content.length === 0
  const directiveOnly = role === 'system' && isObject(message.output_config)
  if (empty && !directiveOnly && !(last && role === 'assistant')) {
    refuse(`${path}: all messages must have non-empty content except for the optional final assistant message`)
  }
  if (!empty) for (const [at, block] of blocks.entries()) checkBlock(`${path}.content.${at}`, block, role, context)
  return { role, at: index, blocks: empty ? [] : objectsOf(blocks) }
}

/** Where `role: "system"` may stand within `messages` (dialects.md §2.3.1). */
function checkSystemTurns(turns: readonly Turn[], { rules }: CheckContext): void {
  for (const [index, turn] of turns.entries()) {
    if (turn.role !== 'system') continue
    if (!rules.systemTurns) refuse(`messages.${turn.at}: role 'system' is not supported on this model`)
    const before = turns[index - 1]
    const after = turns[index + 1]
    if (!before) refuse(`messages.${turn.at}: use the top-level 'system' parameter for the initial system prompt`)
    const serverResult = /_tool_result$/.test(stringOf(before.blocks.at(-1)?.type))
    if (before.role !== 'user' && !(before.role === 'assistant' && serverResult)) {
      refuse(`messages.${turn.at}: a system message must directly follow a user message`)
    }
    if (after && after.role !== 'assistant')
      refuse(`messages.${turn.at}: a system message must be last or be followed by an assistant message`)
  }
}

function checkToolPairs(turns: readonly Turn[]): void {
  const seen = new Set<string>()
  for (const [index, turn] of turns.entries()) {
    const calls = turn.role === 'assistant' ? idsOf(turn, 'tool_use', 'id') : []
    for (const id of calls) {
      if (seen.has(id)) refuse('messages: `tool_use` ids must be unique')
      seen.add(id)
    }
    if (calls.length > 0) checkAnswers(turn, calls, turns[index + 1])
    if (turn.role === 'user') checkOrphans(turn, turns[index - 1])
  }
}

/** The results stand at the very start of the next turn, one for each call. */
function checkAnswers(turn: Turn, calls: readonly string[], next: Turn | undefined): void {
  const firstOther = next?.blocks.findIndex(block => block.type !== 'tool_result') ?? 0
  const leading = next ? next.blocks.slice(0, firstOther === -1 ? undefined : firstOther) : []
  const answered = leading.map(block => stringOf(block.tool_use_id))
  const open = calls.filter(id => !answered.includes(id))
  if (open.length === 0) return
  const rule = 'Each `tool_use` block must have a corresponding `tool_result` block in the next message.'
  refuse(`messages.${turn.at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. ${rule}`)
}

function checkOrphans(turn: Turn, before: Turn | undefined): void {
  const calls = before?.role === 'assistant' ? idsOf(before, 'tool_use', 'id') : []
  const results = idsOf(turn, 'tool_result', 'tool_use_id')
  const orphan = results.find(id => !calls.includes(id))
  const rule = 'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.'
  if (orphan !== undefined) {
    refuse(`messages.${turn.at}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}. ${rule}`)
  }
  const twice = results.find((id, index) => results.indexOf(id) !== index)
  if (twice === undefined) return
  refuse(`messages.${turn.at}.content: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${twice}`)
}

const idsOf = (turn: Turn, type: string, field: string): string[] =>
  turn.blocks.filter(block => block.type === type).map(block => stringOf(block[field]))

function checkPrefill(turns: readonly Turn[], body: Json, { rules }: CheckContext): void {
  const last = turns[turns.length - 1]
  if (last?.role !== 'assistant') return
  const block = last.blocks.at(-1)
  if (/_tool_result$/.test(stringOf(block?.type))) return
  if (!rules.prefill) refuse('This model does not support assistant message prefill. The conversation must end with a user message.')
  if (thinkingType(body) === 'enabled') refuse('messages: the final assistant content cannot be prefilled when thinking is enabled')
  if (isObject(body.output_config) && isObject(body.output_config.format))
    refuse('output_config.format: structured outputs are not supported with assistant message prefill')
  if (/\s$/.test(stringOf(block?.text))) refuse('messages: final assistant content cannot end with trailing whitespace')
}

/** With manual thinking, the turn whose tools are being answered must still begin with its thinking. */
function checkThinkingKept(turns: readonly Turn[]): void {
  const last = turns[turns.length - 1]
  const before = turns[turns.length - 2]
  if (!last || before?.role !== 'assistant' || !last.blocks.some(block => block.type === 'tool_result')) return
  const first = stringOf(before.blocks[0]?.type)
  if (first === 'thinking' || first === 'redacted_thinking') return
  const rule = 'When `thinking` is enabled, a final `assistant` message must start with a thinking block.'
  refuse(`messages.${before.at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first}\`. ${rule}`)
}
