import type { CodecContext } from '../dialect.ts'
import type { Block, Turn } from './wire.ts'

const NO_RESULT = '[no result]'

/**
 * Every call of an assistant turn has exactly one result, first in the next user turn, and ids are unique in a request: what clients and other
 * vendors leave out or repeat is mended here (dialects.md §2.3.1 step 6).
 */
export function repairToolTurns(turns: readonly Turn[], context: CodecContext): Turn[] {
  const repaired: Turn[] = []
  const uses = new Map<string, number>()
  let index = 0
  while (index < turns.length) {
    const turn = turns[index] as Turn
    index++
    if (turn.role !== 'assistant') {
      repaired.push(withoutOrphans(turn, context))
      continue
    }
    const calls = uniqueCalls(turn, uses)
    repaired.push(calls.turn)
    if (calls.ids.length === 0) continue
    const next = turns[index]
    const answers = next?.role === 'user' ? next : undefined
    if (answers) index++
    repaired.push(answerCalls(calls.ids, answers, context))
  }
  return repaired.filter(turn => turn.content.length > 0)
}

interface CallId {
  given: string
  unique: string
}

/** Some servers number their calls anew in every turn. */
function uniqueCalls(turn: Turn, uses: Map<string, number>): { turn: Turn; ids: CallId[] } {
  const ids: CallId[] = []
  const content = turn.content.map(block => {
    if (block.type !== 'tool_use') return block
    const given = String(block.id)
    const unique = unusedId(given, uses)
    ids.push({ given, unique })
    return unique === given ? block : { ...block, id: unique }
  })
  return { turn: { ...turn, content }, ids }
}

function unusedId(given: string, uses: Map<string, number>): string {
  let copy = (uses.get(given) ?? 0) + 1
  let id = copy === 1 ? given : `${given}_${copy}`
  while (copy > 1 && uses.has(id)) id = `${given}_${++copy}`
  uses.set(given, copy)
  if (id !== given) uses.set(id, 1)
  return id
}

function answerCalls(ids: readonly CallId[], turn: Turn | undefined, context: CodecContext): Turn {
  const content = turn?.content ?? []
  const results = resultsById(content, ids)
  const answers = ids.map(({ given, unique }): Block => {
    const result = results.get(given)?.shift()
    if (result) return { ...result, tool_use_id: unique }
    context.note({ action: 'approximated', field: 'messages', detail: `tool call ${unique} had no result` })
    return { type: 'tool_result', tool_use_id: unique, is_error: true, content: NO_RESULT }
  })
  const known = new Set(ids.map(id => id.given))
  const rest = content.filter(block => block.type !== 'tool_result' || !known.has(String(block.tool_use_id)))
  return { ...turn, role: 'user', content: [...answers, ...withoutOrphans({ role: 'user', content: rest }, context).content] }
}

/** Results by call; where there are more of them than calls of one id, the later ones hold. */
function resultsById(blocks: readonly Block[], ids: readonly CallId[]): Map<string, Block[]> {
  const found = Map.groupBy(
    blocks.filter(block => block.type === 'tool_result'),
    block => String(block.tool_use_id),
  )
  const calls = Map.groupBy(ids, id => id.given)
  for (const [id, list] of found) {
    const wanted = calls.get(id)?.length ?? 0
    found.set(id, wanted === 0 ? [] : list.slice(-wanted))
  }
  return found
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
