import { HttpError } from './http-error.ts'
import { parseHead, type ResponseHead } from './response-head.ts'

const LONGEST_HEAD = 64 * 1024
const USUAL_HEAD = 4 * 1024
const LONGEST_LINE = 8 * 1024
const MOST_TRAILERS = 64 * 1024
const MOST_INTERIM = 100

const LF = 0x0a
const CR = 0x0d

type State = 'head' | 'length' | 'size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close' | 'ended'

/**
 * Reads answers off one connection, one after the other (RFC 9112): a head, then a body by length, in chunks, or until the connection closes. Interim answers
 * (1xx) are passed over.
 */
export class ResponseReader {
  head: ResponseHead | undefined
  /** Whether the connection can carry another exchange once this answer has ended. */
  reusable = true
  /** Why the rest cannot be read. What came before it was good, however the two were cut into packets. */
  failure: HttpError | undefined
  #state: State = 'ended'
  /** A head or a line of which the end has not come. */
  #partial: Buffer | undefined
  #left = 0
  #trailers = 0
  #interim = 0
  /** The body's length in bytes, where the head told it. */
  bodyLength: number | undefined

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /** Another answer is to come. */
  begin(): void {
    this.head = undefined
    this.reusable = true
    this.failure = undefined
    this.#state = 'head'
    this.#partial = undefined
    this.#trailers = 0
    this.#interim = 0
    this.bodyLength = undefined
  }

  /** The body's bytes among these, in one piece; up to a `failure`, if there is one. */
  push(bytes: Buffer): Uint8Array | undefined {
    const buffer = this.#partial ? Buffer.concat([this.#partial, bytes]) : bytes
    this.#partial = undefined
    let piece: Uint8Array | undefined
    let pieces: Uint8Array[] | undefined
    let at = 0
    while (at < buffer.length) {
      if (this.#state === 'ended') {
        // Nobody asked for this: whatever it is, it must not be taken for the next answer.
        this.reusable = false
        break
      }
      const state = this.#state
      const isContent = state === 'length' || state === 'chunk' || state === 'until-close'
      const next = isContent ? this.#content(buffer, at) : this.#tryFrame(buffer, at)
      if (next === -1) {
        this.#partial = buffer.subarray(at)
        break
      }
      if (isContent) {
        const content = new Uint8Array(buffer.buffer, buffer.byteOffset + at, next - at)
        if (piece === undefined) piece = content
        else if (pieces === undefined) pieces = [piece, content]
        else pieces.push(content)
      }
      at = next
    }
    return pieces ? Buffer.concat(pieces) : piece
  }

  /** The connection has closed. @returns whether that is how this answer ends */
  close(): boolean {
    if (this.#state === 'until-close') this.#state = 'ended'
    return this.#state === 'ended'
  }

  #content(buffer: Buffer, at: number): number {
    if (this.#state === 'until-close') return buffer.length
    const end = Math.min(buffer.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk-end' : 'ended'
    return end
  }

  #tryFrame(buffer: Buffer, at: number): number {
    try {
      return this.#frame(buffer, at)
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      this.failure = error
      return -1
    }
  }

  /** One head or line, from `at`: where the next thing begins, or -1 where its end has not come. */
  #frame(buffer: Buffer, at: number): number {
    if (this.#state === 'head') return this.#readHead(buffer, at)
    const end = buffer.indexOf(LF, at)
    if ((end === -1 ? buffer.length : end) - at > LONGEST_LINE) throw new HttpError('a line between chunks is too long')
    if (end === -1) return -1
    const line = buffer.toString('latin1', at, end > at && buffer[end - 1] === CR ? end - 1 : end)
    if (this.#state === 'size') this.#readSize(line)
    else if (this.#state === 'chunk-end') {
      if (line !== '') throw new HttpError('a chunk is longer than its size')
      this.#state = 'size'
    } else {
      this.#trailers += end - at
      if (this.#trailers > MOST_TRAILERS) throw new HttpError('the trailers are too long')
      if (line === '') this.#state = 'ended'
    }
    return end + 1
  }

  #readSize(line: string): void {
    const size = /^([\da-f]{1,13})[\t ]*(?:;|$)/i.exec(line)?.[1]
    if (size === undefined) throw new HttpError('a chunk has no size')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailers' : 'chunk'
  }

  #readHead(buffer: Buffer, at: number): number {
    // Nearly every head is shorter than this; one that is not is looked through once more.
    let text = buffer.toString('latin1', at, Math.min(buffer.length, at + USUAL_HEAD))
    let end = endOfHead(text)
    if (end.at === -1 && buffer.length > at + USUAL_HEAD) {
      text = buffer.toString('latin1', at)
      end = endOfHead(text)
    }
    if ((end.at === -1 ? text.length : end.at) > LONGEST_HEAD) throw new HttpError('the headers are too long')
    if (end.at === -1) {
      // What does not even begin like an answer is refused at once instead of at the limit.
      if (!'HTTP/1.'.startsWith(text.slice(0, 7))) throw new HttpError('the answer is not HTTP/1.1')
      return -1
    }
    const { head, framing, reusable } = parseHead(text.slice(0, end.at))
    const next = at + end.next
    if (head.status === 101) throw new HttpError('the server switches to another protocol')
    if (head.status < 200) {
      if (++this.#interim > MOST_INTERIM) throw new HttpError('there are too many interim answers')
      return next
    }
    this.head = head
    this.reusable = reusable
    this.bodyLength = typeof framing === 'number' ? framing : undefined
    this.#left = this.bodyLength ?? 0
    this.#state = framing === 'chunked' ? 'size' : framing === 'until-close' ? framing : framing === 0 ? 'ended' : 'length'
    return next
  }
}

/** Where a head ends, and where what follows it begins. Some servers end lines with a bare line feed. */
function endOfHead(text: string): { at: number; next: number } {
  const at = text.indexOf('\r\n\r\n')
  const bare = text.indexOf('\n\n')
  return bare !== -1 && (at === -1 || bare < at) ? { at: bare, next: bare + 2 } : { at, next: at + 4 }
}
