import { invalidField } from '../core/errors.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import { partPath } from './caller-paths.ts'
import type { ContentPart, Message } from './message.ts'

/** A message and where its content stood in the caller's request. */
export interface PlacedMessage {
  message: Message
  path: string
}

/**
 * What Anthropic's `compaction` blocks leave of a conversation: the last one's summary takes the place of everything said before it but the leading
 * instructions (dialects.md §2.3.3). A block without a summary is a compaction that failed and means nothing.
 * @throws GatewayError naming the block where only its vendor can read the summary.
 */
export function afterCompaction(messages: readonly PlacedMessage[]): PlacedMessage[] {
  for (let at = messages.length - 1; at >= 0; at--) {
    const { message, path } = messages[at] as PlacedMessage
    const index = message.content.findLastIndex(part => compactionOf(part)?.content || compactionOf(part)?.encrypted_content)
    if (index === -1) continue
    const summary = compactionOf(message.content[index] as ContentPart)?.content
    if (typeof summary !== 'string' || summary === '')
      throw invalidField(partPath(path, index), 'is a summary that only its vendor can read', 'unsupported_value')
    const leading = at > 0 && messages[0]?.message.role === 'system' ? messages.slice(0, 1) : []
    const told: PlacedMessage = {
      message: { role: 'user', content: [{ type: 'text', text: summaryText(summary) }] },
      path: partPath(path, index),
    }
    const rest: PlacedMessage = { message: { ...message, content: [...message.content] }, path }
    // Emptied rather than cut out, so that the others keep their places in notes.
    rest.message.content.fill({ type: 'text', text: '' }, 0, index + 1)
    return [...leading, told, rest, ...messages.slice(at + 1)]
  }
  return [...messages]
}

function compactionOf(part: ContentPart): JsonObject | undefined {
  if (part.type !== 'opaque' || part.origin !== 'anthropic' || !isObject(part.value)) return undefined
  return part.value.type === 'compaction' ? part.value : undefined
}

/** Whether a part is a compaction block, of which nothing is lost once it has been dealt with. */
export const isCompaction = (part: ContentPart): boolean => compactionOf(part) !== undefined

const summaryText = (summary: string): string => `<conversation-summary>\n${summary}\n</conversation-summary>`
