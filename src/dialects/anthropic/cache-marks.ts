import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { CodecContext } from '../dialect.ts'

/** Breakpoints in one request, the automatic one at the top included. */
const MOST_MARKS = 4

/**
 * Keeps the last marks of the prompt, which hold the longest prefixes, and of those with different lifetimes only such an order as Anthropic takes: an
 * hour never behind five minutes.
 */
export function fitCacheMarks(body: JsonObject, context: CodecContext): void {
  const marks: JsonObject[] = []
  mapMarks(body, mark => {
    marks.push(mark)
    return mark
  })
  const surplus = marks.length - (isObject(body.cache_control) ? MOST_MARKS - 1 : MOST_MARKS)
  const kept = marks.slice(Math.max(0, surplus))
  if (isObject(body.cache_control)) kept.push(body.cache_control)
  const short = kept.findIndex(mark => mark.ttl !== '1h')
  const disordered = short !== -1 && kept.slice(short).some(mark => mark.ttl === '1h')
  if (surplus > 0)
    context.note({ action: 'dropped', field: 'cache_control', detail: `only ${MOST_MARKS} are possible; the last ones were kept` })
  if (disordered) context.note({ action: 'approximated', field: 'cache_control.ttl', detail: '1h cannot stand behind 5m' })
  if (surplus <= 0 && !disordered) return
  let passed = 0
  const fitted = (mark: JsonObject): JsonObject | undefined => {
    const position = passed++ - Math.max(0, surplus)
    if (position < 0) return undefined
    const { ttl: _ttl, ...shortened } = mark
    return disordered && position > short && mark.ttl === '1h' ? shortened : mark
  }
  mapMarks(body, fitted)
  if (isObject(body.cache_control)) body.cache_control = fitted(body.cache_control)
}

/**
 * The request's members with `visit` done to every mark in the prompt's order: tools, system, messages, what is nested in a tool's result before the result
 * itself. Blocks may be the internal model's own and serve a second attempt: they are copied where something changes.
 */
function mapMarks(body: JsonObject, visit: (mark: JsonObject) => JsonObject | undefined): void {
  const item = (value: JsonValue): JsonValue => {
    if (!isObject(value)) return value
    const inner = value.type === 'tool_result' && Array.isArray(value.content) ? list(value.content) : value.content
    const whole = inner === value.content ? value : { ...value, content: inner }
    if (!isObject(whole.cache_control)) return whole
    const mark = visit(whole.cache_control)
    if (mark === whole.cache_control) return whole
    const { cache_control: _mark, ...rest } = whole
    return mark ? { ...rest, cache_control: mark } : rest
  }
  const list = (values: JsonValue[]): JsonValue[] => {
    const mapped = values.map(item)
    return mapped.some((value, index) => value !== values[index]) ? mapped : values
  }
  for (const key of ['tools', 'system'] as const) if (Array.isArray(body[key])) body[key] = list(body[key])
  if (!Array.isArray(body.messages)) return
  body.messages = body.messages.map(turn => {
    if (!isObject(turn) || !Array.isArray(turn.content)) return turn
    const content = list(turn.content)
    return content === turn.content ? turn : { ...turn, content }
  })
}
