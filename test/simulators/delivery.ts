import type { Answer } from './answer.ts'
import type { Exchange } from './connection.ts'

/** An answer ready for the wire: a body, or frames with what ends the stream set apart. */
export type Payload =
  | { status: number; headers: Record<string, string>; body: string }
  | { status: number; headers: Record<string, string>; frames: readonly string[]; end: readonly string[] }

const GARBAGE = '\x16\x03\x01 this is not HTTP\r\n\r\n'

/** Sends `payload` with the faults that `answer` asks for. `onFrame` is called as each frame has left. */
export async function deliver(exchange: Exchange, payload: Payload, answer: Answer, onFrame: () => void): Promise<void> {
  if (answer.hangConnection) return exchange.closed
  if (answer.closeBeforeHeaders) return exchange.hangUp()
  if (answer.garbage) {
    await exchange.raw(answer.garbage === true ? GARBAGE : answer.garbage)
    return exchange.hangUp()
  }
  if (answer.delayHeadersMs) await pause(answer.delayHeadersMs, exchange)
  if (exchange.over) return
  const headers = { ...payload.headers, ...answer.headers }
  if (answer.contentType !== undefined) headers['content-type'] = answer.contentType
  const whole = answer.stallAfter === undefined && answer.resetAfter === undefined && answer.cutAfter === undefined
  if ('body' in payload && whole) return exchange.send(payload.status, headers, payload.body)
  await exchange.open(payload.status, headers)
  const end = 'body' in payload || answer.omitEnd ? [] : payload.end
  await sendFrames(exchange, [...('body' in payload ? halves(payload.body) : payload.frames), ...end], answer, onFrame)
}

const halves = (text: string): string[] => [text.slice(0, text.length / 2), text.slice(text.length / 2)]

async function sendFrames(exchange: Exchange, frames: readonly string[], answer: Answer, onFrame: () => void): Promise<void> {
  const all = answer.afterEnd === undefined ? frames : [...frames, answer.afterEnd]
  for (const [sent, frame] of all.entries()) {
    if (await breakOff(exchange, sent, answer)) return
    if (answer.delayBetweenMs && sent > 0) await pause(answer.delayBetweenMs, exchange)
    if (exchange.over) return
    await writePieces(exchange, Buffer.from(answer.lineEnding ? frame.replaceAll('\n', answer.lineEnding) : frame), answer.chunkBytes)
    onFrame()
  }
  if (await breakOff(exchange, all.length, answer)) return
  await exchange.finish()
}

/** Whether the answer ended after `sent` frames by one of the faults. */
async function breakOff(exchange: Exchange, sent: number, answer: Answer): Promise<boolean> {
  if (answer.stallAfter !== undefined && sent >= answer.stallAfter) {
    await exchange.closed
    return true
  }
  if (answer.resetAfter !== undefined && sent >= answer.resetAfter) {
    exchange.reset()
    return true
  }
  if (answer.cutAfter === undefined || sent < answer.cutAfter) return false
  if (!answer.cutBody) await exchange.raw('0\r\n\r\n')
  exchange.hangUp()
  return true
}

async function writePieces(exchange: Exchange, bytes: Buffer, size: number | undefined): Promise<void> {
  if (!size) return exchange.write(bytes)
  for (let at = 0; at < bytes.length; at += size) {
    await exchange.write(bytes.subarray(at, at + size))
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Waits, but not for a client that has left. */
async function pause(ms: number, exchange: Exchange): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  await Promise.race([
    exchange.closed,
    new Promise<void>(resolve => {
      timer = setTimeout(resolve, ms)
    }),
  ])
  clearTimeout(timer)
}
