import { partPath } from './caller-paths.ts'
import type { PlacedMessage } from './compaction.ts'
import type { ContentPart, Message, ToolCallPart, ToolResultPart } from './message.ts'

/** A result and where its content stood in the caller's request. */
export interface PlacedResult {
  part: ToolResultPart
  path: string
}

export const callsOf = (message: Message | undefined): ToolCallPart[] =>
  message?.content.filter((part: ContentPart): part is ToolCallPart => part.type === 'tool-call') ?? []

/**
 * The results of a message's calls, by their ids, as far as the next assistant turn; of two for one call the last holds.
 * @param placed gets every result that belongs to a call
 */
export function resultsAfter(messages: readonly PlacedMessage[], index: number, placed: Set<ToolResultPart>): Map<string, PlacedResult> {
  const calls = new Set(callsOf(messages[index]?.message).map(call => call.id))
  const found = new Map<string, PlacedResult>()
  for (let at = index + 1; at < messages.length; at++) {
    const { message, path } = messages[at] as PlacedMessage
    if (message.role === 'assistant') break
    for (const [position, part] of message.content.entries()) {
      if (part.type !== 'tool-result' || !calls.has(part.callId)) continue
      found.set(part.callId, { part, path: `${partPath(path, position)}.content` })
      placed.add(part)
    }
  }
  return found
}
