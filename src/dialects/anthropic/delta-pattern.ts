import { isObject, type JsonObject } from '../../core/json.ts'
import type { SseFrame } from '../../sse/frame.ts'
import { endOfInside, FramePattern } from '../../sse/frame-pattern.ts'

/** The member that holds a delta's piece, by the delta's type. */
const MEMBER: Record<string, string> = { text_delta: 'text', thinking_delta: 'thinking' }

/** The pattern of a legal frame that carries a piece of text or thinking; undefined for any other. */
export function deltaPattern({ raw, data: text }: SseFrame, data: JsonObject): FramePattern | undefined {
  const { delta } = data
  if (data.type !== 'content_block_delta' || !isObject(delta) || raw === undefined || text === undefined) return undefined
  const member = MEMBER[String(delta.type)]
  if (member === undefined || typeof delta[member] !== 'string') return undefined
  const first = raw.indexOf('{')
  const last = first + text.length
  if (raw.slice(first, last) !== text || !/^[\r\n]+$/.test(raw.slice(last))) return undefined
  const key = new RegExp(`"${member}"\\s*:\\s*"`).exec(text)
  if (!key) return undefined
  const start = key.index + key[0].length
  const end = endOfInside(text, start)
  // Only sure when what was found is the delta's own text, and the one place it stands in.
  if (end === -1 || JSON.parse(`"${text.slice(start, end)}"`) !== delta[member]) return undefined
  if (new RegExp(`"${member}"\\s*:`).test(text.slice(end))) return undefined
  return new FramePattern(raw.slice(0, first + start), raw.slice(first + end))
}
