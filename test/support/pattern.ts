import type { PassThrough, StreamDecoder } from '../../src/dialects/dialect.ts'
import type { StreamEvent } from '../../src/ir/stream.ts'
import type { SseFrame } from '../../src/sse/frame.ts'
import { parseFrames } from '../../src/sse/parser.ts'
import { writeFrames } from '../../src/sse/writer.ts'

/** The frame as it came over the wire. */
export const rawOf = (frame: SseFrame): string => frame.raw ?? writeFrames([frame])

/** A pass-through's verdict on a frame, by its pattern where that takes it: as a relay asks for it. */
export function verdict(pass: PassThrough, frame: SseFrame): SseFrame[] | undefined {
  const raw = rawOf(frame)
  if (!pass.seen.ended && !pass.seen.error && pass.pattern?.match(raw, 0) === raw.length) return undefined
  return pass.frame({ ...frame, raw })
}

/** The events of a stream, frames of the decoder's pattern read as more of the last delta: as a relay does. @returns also how many were */
export function readByPattern(sse: string, decoder: StreamDecoder): { events: StreamEvent[]; byPattern: number } {
  const events: StreamEvent[] = []
  let byPattern = 0
  let repeats: Extract<StreamEvent, { type: 'block-delta' }> | undefined
  for (const frame of parseFrames(sse)) {
    const raw = rawOf(frame)
    const { pattern } = decoder
    if (repeats && pattern?.match(raw, 0) === raw.length) {
      byPattern++
      const text = JSON.parse(`"${raw.slice(pattern.start, pattern.end)}"`) as string
      if (text !== '') events.push({ ...repeats, text })
      continue
    }
    const pushed = decoder.push(frame)
    events.push(...pushed)
    const last = pushed.at(-1)
    repeats = last?.type === 'block-delta' && last.logprobs === undefined ? last : undefined
  }
  events.push(...decoder.end())
  return { events, byPattern }
}
