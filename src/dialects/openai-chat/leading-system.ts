import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { partsOf } from './conversation-shape.ts'

const EPHEMERAL = { type: 'ephemeral' } as const

/** Whether the part ends a prefix that is to be cached. */
const isMarked = (value: JsonValue | undefined): boolean => isObject(value) && isObject(value.cache_control)

const isInstruction = (message: JsonValue): message is JsonObject =>
  isObject(message) && (message.role === 'system' || message.role === 'developer')

/**
 * The messages with all instructions in the first of them, as parts of which the first has a cache mark; the same list where they already stand so (qwen.md §2.3:
 * the portal refuses anything else). Where nothing was instructed the part is empty, which the portal takes.
 */
export function withLeadingSystem(messages: readonly JsonValue[]): readonly JsonValue[] {
  const instructions = messages.filter(isInstruction)
  const [first] = instructions
  if (first && first === messages[0] && instructions.length === 1 && leads(first)) return messages
  const parts = instructions.flatMap(({ content }) => partsOf(content)).filter(part => isMarked(part) || !isEmptyText(part))
  const [lead] = parts
  const marked: JsonValue[] = isMarked(lead)
    ? parts
    : isObject(lead) && lead.type === 'text'
      ? [{ ...lead, cache_control: EPHEMERAL }, ...parts.slice(1)]
      : [{ type: 'text', text: '', cache_control: EPHEMERAL }, ...parts]
  return [{ ...first, role: 'system', content: marked }, ...messages.filter(message => !isInstruction(message))]
}

const leads = ({ role, content }: JsonObject): boolean => {
  const [part] = Array.isArray(content) ? content : []
  return role === 'system' && isObject(part) && isObject(part.cache_control) && part.cache_control.type === EPHEMERAL.type
}

const isEmptyText = (part: JsonValue): boolean => isObject(part) && part.type === 'text' && part.text === ''

export interface Marked {
  messages: readonly JsonValue[]
  tools: readonly JsonValue[]
}

/**
 * The same with at most so many cache marks, the last ones: a mark covers all that stands before it, tools first, so the longest prefixes are kept. That of the leading
 * part stays where the server wants it (`keepsLead`). `dropped` says how many there were beyond.
 */
export function withFewerMarks({ messages, tools }: Marked, most: number, keepsLead: boolean): Marked & { dropped: number } {
  const marks = (list: readonly JsonValue[]) => list.filter(isMarked).length
  const dropped = Math.max(0, messages.reduce((sum: number, message) => sum + marks(contentOf(message)), marks(tools)) - most)
  if (dropped === 0) return { messages, tools, dropped }
  let surplus = dropped
  const unmarked = (part: JsonValue): JsonValue => {
    if (surplus === 0 || !isObject(part) || !isMarked(part)) return part
    surplus--
    const { cache_control: _, ...rest } = part
    return rest
  }
  const fewerTools = tools.map(unmarked)
  const fewer = messages.map((message, index) => {
    if (!isObject(message) || contentOf(message).length === 0) return message
    return { ...message, content: contentOf(message).map((part, at) => (keepsLead && index === 0 && at === 0 ? part : unmarked(part))) }
  })
  return { messages: fewer, tools: fewerTools, dropped }
}

const contentOf = (message: JsonValue): readonly JsonValue[] => (isObject(message) && Array.isArray(message.content) ? message.content : [])
