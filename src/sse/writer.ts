import type { SseFrame } from './frame.ts'

/** Frames as text for the wire. `data` of ours is one line: JSON text or a literal. */
export function writeFrames(frames: readonly SseFrame[]): string {
  let text = ''
  for (const frame of frames) {
    if (frame.event !== undefined) text += `event: ${frame.event}\n`
    text += `data: ${frame.data ?? ''}\n\n`
  }
  return text
}
