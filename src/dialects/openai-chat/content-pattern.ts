import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import type { SseFrame } from '../../sse/frame.ts'
import { endOfInside, FramePattern } from '../../sse/frame-pattern.ts'

const OBFUSCATION = /"obfuscation":\s*"/
const KEY_OF_MEMBER = { content: /"content":\s*"/g, reasoning_content: /"reasoning_content":\s*"/g } as const

type Member = keyof typeof KEY_OF_MEMBER

/** The pattern of a legal frame whose data is `chunk`; undefined where it carries anything but a piece of content, or of reasoning. */
export function contentPattern({ raw, data }: SseFrame, chunk: JsonObject): FramePattern | undefined {
  const member = plainMember(chunk)
  if (!member || raw === undefined || data === undefined) return undefined
  // A comment or another line before, a second line of data: what is not simply `data: …` is not seen often.
  const first = raw.indexOf('{')
  const last = first + data.length
  if (raw.slice(first, last) !== data || !/^[\r\n]+$/.test(raw.slice(last))) return undefined
  const key = KEY_OF_MEMBER[member]
  key.lastIndex = data.indexOf('"delta"')
  if (key.lastIndex === -1 || !key.test(data)) return undefined
  const start = key.lastIndex
  const end = endOfInside(data, start)
  if (end === -1 || !isPlace(`${data.slice(0, start)}?${data.slice(end)}`, member)) return undefined
  const head = raw.slice(0, first + start)
  const rest = raw.slice(first + end)
  const padding = OBFUSCATION.exec(rest)
  if (!padding) return new FramePattern(head, rest)
  const from = padding.index + padding[0].length
  const to = endOfInside(rest, from)
  return to === -1 ? undefined : new FramePattern(head, rest.slice(0, from), rest.slice(to))
}

/** The one member of the only delta that says something, where it is a piece of content and the chunk says nothing else. */
function plainMember(chunk: JsonObject): Member | undefined {
  const { choices } = chunk
  if (!Array.isArray(choices) || choices.length !== 1 || chunk.x_groq !== undefined) return undefined
  const choice = choices[0]
  if (!isObject(choice) || !isObject(choice.delta) || choice.usage !== undefined) return undefined
  if (filled(choice.finish_reason) || filled(chunk.usage) || filled(chunk.error)) return undefined
  const said = Object.entries(choice.delta).filter(([key, value]) => key !== 'role' && filled(value))
  const [name, value] = said[0] ?? []
  return said.length === 1 && (name === 'content' || name === 'reasoning_content') && typeof value === 'string' ? name : undefined
}

const filled = (value: unknown): boolean => value !== undefined && value !== null

/** Whether the text put in place of the content is what a reader finds there: keys may stand twice. */
function isPlace(probe: string, member: Member): boolean {
  const chunk = tryParseJson(probe)
  const choice = isObject(chunk) && Array.isArray(chunk.choices) ? chunk.choices[0] : undefined
  return isObject(choice) && isObject(choice.delta) && choice.delta[member] === '?'
}
