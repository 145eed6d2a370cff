/** Lines that wait for the output at most; beyond it they are dropped and counted. */
const MOST_BYTES = 4 * 1024 * 1024

/** How long lines are gathered: a write costs more than many a request. */
const GATHER_MS = 5

export interface LineSink {
  write(line: string): void
  /** Resolves when everything so far is out. */
  flush(): Promise<void>
}

interface Output {
  write(text: string, done: (error?: Error | null) => void): boolean
}

/**
 * Log lines on their way to an output that may be slow, stalled or gone: they are gathered for a moment and written in one piece, writing never
 * blocks, and what an output does not take is dropped and said so.
 */
export function createLineSink(output: Output, later: (run: () => void) => unknown = run => setTimeout(run, GATHER_MS)): LineSink {
  let waiting = ''
  let writing = false
  let scheduled = false
  let dropped = 0
  let idle: (() => void)[] = []

  const send = () => {
    scheduled = false
    if (writing) return
    if (waiting === '') {
      for (const resolve of idle) resolve()
      idle = []
      return
    }
    const text = dropped > 0 ? `${waiting}{"level":"warn","msg":"${dropped} log lines dropped: the output was too slow"}\n` : waiting
    waiting = ''
    dropped = 0
    writing = true
    const done = () => {
      writing = false
      send()
    }
    try {
      output.write(text, done)
    } catch {
      // A reader that has gone away is no reason to stop serving.
      done()
    }
  }

  return {
    write(line) {
      if (waiting.length + line.length > MOST_BYTES) {
        dropped++
        return
      }
      waiting += line
      if (scheduled || writing) return
      scheduled = true
      later(send)
    },
    flush() {
      return new Promise(resolve => {
        idle.push(resolve)
        if (!writing) send()
      })
    },
  }
}
