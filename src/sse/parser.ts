import type { SseFrame } from './frame.ts'

/**
 * Reads the frames in `text`, which holds whole frames (the last may lack its blank line), one by one. WHATWG HTML §9.2.6: lines end in LF, CR or CRLF; one
 * space after the colon is dropped; `data` lines join with LF; comments and unknown fields are passed over. A frame without any `data` is kept (as a comment),
 * because a pass-through must forward it.
 */
export class FrameReader {
  /** Where the next frame begins; may be moved behind frames that somebody else has read. */
  at: number
  readonly #returns: boolean

  constructor(private readonly text: string) {
    this.at = text.charCodeAt(0) === 0xfeff ? 1 : 0
    this.#returns = text.includes('\r')
  }

  next(): SseFrame | undefined {
    const { text } = this
    let start = this.at
    let frameStart = start
    let event: string | undefined
    let data: string | undefined
    let lines = 0
    while (start < text.length) {
      let end = this.#returns ? nextLineEnd(text, start) : text.indexOf('\n', start)
      if (end === -1) end = text.length
      const next = text.charCodeAt(end) === 0x0d && text.charCodeAt(end + 1) === 0x0a ? end + 2 : end + 1
      if (end === start) {
        if (lines > 0) {
          this.at = next
          return { event, data, raw: text.slice(frameStart, next) }
        }
        frameStart = next
      } else {
        lines++
        if (text.startsWith('data', start) && isField(text, start + 4, end)) {
          const value = fieldValue(text, start + 4, end)
          data = data === undefined ? value : `${data}\n${value}`
        } else if (text.startsWith('event', start) && isField(text, start + 5, end)) {
          event = fieldValue(text, start + 5, end)
        }
      }
      start = next
    }
    this.at = text.length
    return lines > 0 ? { event, data, raw: text.slice(frameStart) } : undefined
  }
}

export function parseFrames(text: string): SseFrame[] {
  const reader = new FrameReader(text)
  const frames: SseFrame[] = []
  for (let frame = reader.next(); frame; frame = reader.next()) frames.push(frame)
  return frames
}

function nextLineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a || code === 0x0d) return at
  }
  return -1
}

/** Whether the field's name ends at `at`: a colon, or the end of the line. */
const isField = (text: string, at: number, end: number): boolean => at === end || text.charCodeAt(at) === 0x3a

function fieldValue(text: string, colon: number, end: number): string {
  if (colon >= end) return ''
  return text.slice(text.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1, end)
}
