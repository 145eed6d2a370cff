export interface WireFrame {
  event?: string
  /** Absent in comments and other frames without data. */
  data?: string
}

export interface WireStream {
  frames: WireFrame[]
  /** Text behind the last blank line: a frame that was never finished. */
  rest: string
}

/** Reads a whole event stream by the letter of WHATWG HTML §9.2.6. Written apart from `src/sse`, so that one can find the other wrong. */
export function readSse(text: string): WireStream {
  const frames: WireFrame[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  let open: string[] = []
  for (const line of lines.slice(0, -1)) {
    if (line !== '') {
      open.push(line)
      continue
    }
    if (open.length > 0) frames.push(frameOf(open))
    open = []
  }
  return { frames, rest: [...open, lines[lines.length - 1] ?? ''].join('\n') }
}

function frameOf(lines: readonly string[]): WireFrame {
  const frame: WireFrame = {}
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (name === 'event') frame.event = value
    if (name === 'data') frame.data = frame.data === undefined ? value : `${frame.data}\n${value}`
  }
  return frame
}
