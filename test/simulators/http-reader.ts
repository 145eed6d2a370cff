/** A request as its bytes said it. Header names are in lower case; repeated ones are joined by `, `. */
export interface HttpRequest {
  method: string
  target: string
  headers: Record<string, string>
  body: string
}

const HEAD_END = Buffer.from('\r\n\r\n')

/** Cuts HTTP/1.1 requests out of a connection's bytes: bodies by content-length or chunked, several requests one after another. */
export class HttpReader {
  #bytes: Buffer = Buffer.alloc(0)

  /** @param onContinue called where the client waits for `100 Continue` before it sends the body. */
  constructor(private readonly onContinue: () => void) {}

  push(chunk: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk])
  }

  /** The next whole request, if it has arrived. @throws where the bytes are no HTTP. */
  next(): HttpRequest | undefined {
    const end = this.#bytes.indexOf(HEAD_END)
    if (end === -1) return undefined
    const [requestLine = '', ...lines] = this.#bytes.subarray(0, end).toString('latin1').split('\r\n')
    const [method = '', target = '', version = ''] = requestLine.split(' ')
    if (!version.startsWith('HTTP/1.')) throw new Error(`this is no HTTP/1 request: ${requestLine}`)
    const headers = headersOf(lines)
    const body = this.#body(end + HEAD_END.length, headers)
    if (!body) {
      if (headers.expect === '100-continue' && this.#bytes.length === end + HEAD_END.length) this.onContinue()
      return undefined
    }
    this.#bytes = this.#bytes.subarray(body.end)
    return { method, target, headers, body: body.text }
  }

  #body(start: number, headers: Record<string, string>): { text: string; end: number } | undefined {
    if (headers['transfer-encoding']?.toLowerCase() === 'chunked') return this.#chunks(start)
    const end = start + Number(headers['content-length'] ?? 0)
    return this.#bytes.length < end ? undefined : { text: this.#bytes.toString('utf8', start, end), end }
  }

  #chunks(start: number): { text: string; end: number } | undefined {
    const pieces: Buffer[] = []
    for (let at = start; ; ) {
      const lineEnd = this.#bytes.indexOf('\r\n', at)
      if (lineEnd === -1) return undefined
      const size = Number.parseInt(this.#bytes.toString('latin1', at, lineEnd), 16)
      if (Number.isNaN(size)) throw new Error('a chunk of the request has no size')
      const next = lineEnd + 2 + size + 2
      if (this.#bytes.length < next) return undefined
      if (size === 0) return { text: Buffer.concat(pieces).toString('utf8'), end: next }
      pieces.push(this.#bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
      at = next
    }
  }
}

function headersOf(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}
