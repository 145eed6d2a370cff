import type { CodecContext } from '../dialect.ts'
import type { Block, Turn } from './wire.ts'

const NO_RESULT = '[no result]'

/**
 * Every call of an assistant turn has exactly one result, first in the next user turn: what clients and other vendors leave out or repeat is mended here
 * (dialects.md §2.3.1 step 6). Ids are legal and unique by then (`ir/tool-ids.ts`).
 */
export function repairToolTurns(turns: readonly Turn[], context: CodecContext): Turn[] {
  const repaired: Turn[] = []
  let index = 0
  while (index < turns.length) {
    const turn = turns[index] as Turn
    index++
    if (turn.role !== 'assistant') {
      repaired.push(withoutOrphans(turn, context))
      continue
    }
    repaired.push(turn)
    const ids = turn.content.flatMap(block => (block.type === 'tool_use' ? [String(block.id)] : []))
    if (ids.length === 0) continue
    const next = turns[index]
    const answers = next?.role === 'user' ? next : undefined
    if (answers) index++
    repaired.push(answerCalls(ids, answers, context))
  }
  return repaired.filter(turn => turn.content.length > 0)
}

function answerCalls(ids: readonly string[], turn: Turn | undefined, context: CodecContext): Turn {
  const content = turn?.content ?? []
  // Of several results for one call the last holds.
  const results = new Map(content.flatMap(block => (block.type === 'tool_result' ? [[String(block.tool_use_id), block]] : [])))
  const answers = ids.map((id): Block => {
    const result = results.get(id)
    if (result) return result
    context.note({ action: 'approximated', field: 'messages', detail: `tool call ${id} had no result`, invented: true })
    return { type: 'tool_result', tool_use_id: id, is_error: true, content: NO_RESULT }
  })
  const known = new Set(ids)
  const rest = content.filter(block => block.type !== 'tool_result' || !known.has(String(block.tool_use_id)))
  return { ...turn, role: 'user', content: [...answers, ...withoutOrphans({ role: 'user', content: rest }, context).content] }
}

/** A result that answers no call is a 400, but what it says may matter. */
function withoutOrphans(turn: Turn, context: CodecContext): Turn {
  if (!turn.content.some(block => block.type === 'tool_result')) return turn
  const content = turn.content.flatMap((block): Block[] => {
    if (block.type !== 'tool_result') return [block]
    context.note({ action: 'approximated', field: 'messages', detail: `tool result ${String(block.tool_use_id)} answers no call` })
    if (typeof block.content === 'string') return [{ type: 'text', text: block.content }]
    return Array.isArray(block.content) ? (block.content as Block[]) : []
  })
  return { ...turn, content }
}
