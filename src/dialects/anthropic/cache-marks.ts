import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { CodecContext } from '../dialect.ts'

/** Breakpoints in one request, the automatic one at the top included. */
const MOST_MARKS = 4

/**
 * Keeps the last marks of the prompt, which hold the longest prefixes, and takes the others out. Blocks may be the internal model's own and serve
 * a second attempt: they are copied, never changed.
 */
export function limitCacheMarks(body: JsonObject, context: CodecContext): void {
  const most = body.cache_control ? MOST_MARKS - 1 : MOST_MARKS
  let surplus = countMarks(body.tools) + countMarks(body.system) - most
  for (const turn of turnsOf(body)) surplus += countMarks(turn.content)
  if (surplus <= 0) return
  context.note({ action: 'dropped', field: 'cache_control', detail: `only ${MOST_MARKS} are possible; the last ones were kept` })
  const strip = (items: JsonValue | undefined): JsonValue | undefined => {
    if (!Array.isArray(items)) return items
    return items.map(item => {
      if (surplus === 0 || !isObject(item) || !item.cache_control) return item
      surplus--
      const { cache_control: _mark, ...rest } = item
      return rest
    })
  }
  if (body.tools) body.tools = strip(body.tools)
  if (body.system) body.system = strip(body.system)
  body.messages = turnsOf(body).map(turn => ({ ...turn, content: strip(turn.content) }))
}

const turnsOf = (body: JsonObject): JsonObject[] => (Array.isArray(body.messages) ? body.messages.filter(isObject) : [])

function countMarks(items: JsonValue | undefined): number {
  return Array.isArray(items) ? items.filter(item => isObject(item) && item.cache_control).length : 0
}
