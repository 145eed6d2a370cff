import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { checkOneOf, onlyKnown, refuse } from './refuse.ts'

const MAX_MARKS = 4

/** `cache_control` wherever it stands: its form, at most four, and longer lived ones first. */
export function checkCacheMarks(body: Json): void {
  const marks = [...promptItems(body), body].flatMap(item => (isObject(item.cache_control) ? [item.cache_control] : []))
  let short = false
  for (const mark of marks) {
    checkOneOf('cache_control.type', mark.type, ['ephemeral'])
    onlyKnown('cache_control', mark, ['type', 'ttl'])
    if (mark.ttl !== undefined) checkOneOf('cache_control.ttl', mark.ttl, ['5m', '1h'])
    if (mark.ttl === '1h' && short) refuse("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block")
    if (mark.ttl !== '1h') short = true
  }
  if (marks.length > MAX_MARKS) refuse(`A maximum of ${MAX_MARKS} blocks with cache_control may be provided. Found ${marks.length}.`)
}

/** Everything of a prompt that a cache mark can stand on, in the order that caches are keyed: tools, system, messages. */
export function promptItems(body: Json): Json[] {
  const blocks = objectsOf(body.messages).flatMap(message =>
    typeof message.content === 'string' ? [{ role: message.role, text: message.content }] : objectsOf(message.content).flatMap(nested),
  )
  const system = typeof body.system === 'string' ? [{ type: 'text', text: body.system }] : objectsOf(body.system)
  return [...objectsOf(body.tools), ...system, ...blocks]
}

const nested = (block: Json): Json[] =>
  block.type === 'tool_result' && Array.isArray(block.content) ? [...objectsOf(block.content), { ...block, content: null }] : [block]
