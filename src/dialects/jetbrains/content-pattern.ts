import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import type { SseFrame } from '../../sse/frame.ts'
import { endOfInside, FramePattern } from '../../sse/frame-pattern.ts'

/** The pattern of a frame whose whole data is one `Content` event with a piece of text; undefined for any other. */
export function contentPattern({ raw, data }: SseFrame, event: JsonObject): FramePattern | undefined {
  if (raw === undefined || data === undefined || typeof event.content !== 'string') return undefined
  const first = raw.indexOf('{')
  const last = first + data.length
  if (raw.slice(first, last) !== data || !/^[\r\n]+$/.test(raw.slice(last))) return undefined
  const key = /"content"\s*:\s*"/.exec(data)
  if (!key) return undefined
  const start = key.index + key[0].length
  const end = endOfInside(data, start)
  if (end === -1) return undefined
  // Whether the text put in place of the piece is what a reader finds there: keys may stand twice, or deeper.
  const probe = tryParseJson(`${data.slice(0, start)}?${data.slice(end)}`)
  if (!isObject(probe) || probe.content !== '?') return undefined
  return new FramePattern(raw.slice(0, first + start), raw.slice(first + end))
}
