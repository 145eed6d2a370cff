import { HeaderList } from './headers.ts'
import { HttpError } from './http-error.ts'

/** What an answer says before its body. */
export interface ResponseHead {
  status: number
  headers: HeaderList
}

/** How the body's end is told: a number of bytes, in chunks, or by the connection's. */
export type Framing = number | 'chunked' | 'until-close'

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?:[ \r]|$)/

/** What can stand in no line, and could end one for whoever gets it next. */
const BROKEN_LINE = /\r(?!\n)|\0/

/** @param text a status line and headers, without the empty line behind them. @throws HttpError */
export function parseHead(text: string): { head: ResponseHead; framing: Framing; reusable: boolean } {
  const end = text.indexOf('\n')
  const status = STATUS_LINE.exec(end === -1 ? text : text.slice(0, end))
  if (!status) throw new HttpError('the answer is not HTTP/1.1')
  if (BROKEN_LINE.test(text)) throw new HttpError('a header line is broken')
  const headers = new HeaderList(text, end === -1 ? text.length : end + 1)
  const head = { status: Number(status[2]), headers }
  const framing = framingOf(head)
  const current = status[1] === '1'
  return { head, framing, reusable: framing !== 'until-close' && isKept(headers, current) && isPlain(headers, framing, current) }
}

function isKept(headers: HeaderList, kept: boolean): boolean {
  const connection = headers.get('connection')
  if (connection === null) return kept
  const words = connection.toLowerCase()
  return kept ? !words.includes('close') : words.includes('keep-alive')
}

/**
 * Both ways to tell the end in one answer, chunks in HTTP/1.0, and a body announced where none can be are how one answer is smuggled into another: the
 * connection is not used again (RFC 9112 §6.1, §6.3).
 */
function isPlain(headers: HeaderList, framing: Framing, current: boolean): boolean {
  const length = headers.get('content-length')
  if (headers.get('transfer-encoding') !== null) return framing === 'chunked' && length === null && current
  return framing !== 0 || length === null || Number(length) === 0
}

function framingOf({ status, headers }: ResponseHead): Framing {
  if (status < 200 || status === 204 || status === 304) return 0
  const coding = headers.get('transfer-encoding')?.toLowerCase()
  if (coding === 'chunked') return 'chunked'
  // We asked for nothing else, so that nobody may compress here (RFC 9112 §7.4); `identity` is an older word for nothing.
  if (coding !== undefined && coding !== 'identity') throw new HttpError('the transfer-encoding is unknown')
  const length = headers.get('content-length')
  if (length === null) return 'until-close'
  if (/^\d{1,15}$/.test(length)) return Number(length)
  const [first, ...others] = length.split(',').map(one => one.trim())
  if (first === undefined || !/^\d{1,15}$/.test(first) || others.some(other => other !== first)) {
    throw new HttpError('the content-length makes no sense')
  }
  return Number(first)
}
