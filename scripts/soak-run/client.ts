import type { Leave } from './requests.ts'

export interface Answer {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  body: Buffer
}

/** What became of a request: its answer, or that the connection closed, or that nothing (more) came in time, or that the client left as it was to. */
export type Outcome = { answer: Answer } | { answer?: undefined; ended: 'closed' | 'silence' | 'left'; received: Buffer }

const HEAD_END = Buffer.from('\r\n\r\n')
const EMPTY: Buffer = Buffer.alloc(0)

/** Takes one HTTP answer out of bytes as they come. */
class AnswerReader {
  bytes: Buffer = EMPTY
  #answer: Answer | undefined
  #chunks: Buffer[] | undefined
  #at = 0

  constructor(private readonly headOnly: boolean) {}

  /** The answer, once it is whole. `ended`: the connection is closed. @throws where the bytes are no HTTP. */
  push(bytes: Buffer, ended = false): Answer | undefined {
    this.bytes = this.bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.bytes, bytes])
    while (this.#answer === undefined) if (!this.#readHead()) return undefined
    const answer = this.#answer
    const length = answer.headers['content-length']
    if (this.headOnly || answer.status === 204 || answer.status === 304) return answer
    if (this.#chunks) return this.#readChunks(answer, this.#chunks)
    if (length === undefined ? !ended : this.bytes.length - this.#at < Number(length)) return undefined
    answer.body = this.bytes.subarray(this.#at, length === undefined ? undefined : this.#at + Number(length))
    return answer
  }

  #readHead(): boolean {
    const end = this.bytes.indexOf(HEAD_END, this.#at)
    if (end === -1) return false
    const [statusLine = '', ...lines] = this.bytes.toString('latin1', this.#at, end).split('\r\n')
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1])
    if (!status) throw new Error(`this is no HTTP answer: ${statusLine.slice(0, 80)}`)
    this.#at = end + HEAD_END.length
    // "Continue" and its like come ahead of the answer.
    if (status < 200) return true
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    if (headers['transfer-encoding'] === 'chunked') this.#chunks = []
    this.#answer = { status, headers, body: EMPTY }
    return true
  }

  #readChunks(answer: Answer, chunks: Buffer[]): Answer | undefined {
    for (;;) {
      const lineEnd = this.bytes.indexOf('\r\n', this.#at)
      if (lineEnd === -1) return undefined
      const size = Number.parseInt(this.bytes.toString('latin1', this.#at, lineEnd), 16)
      if (Number.isNaN(size)) throw new Error('a chunk of the answer has no size')
      const next = lineEnd + 2 + size + 2
      if (this.bytes.length < next) return undefined
      this.#at = next
      if (size === 0) {
        answer.body = Buffer.concat(chunks)
        return answer
      }
      chunks.push(this.bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    }
  }
}

/** A client's connection: sends bytes as they are, one request at a time. */
export class Client {
  open = true
  #socket: Bun.Socket | undefined
  #unsent: Buffer = EMPTY
  #onData: ((bytes: Buffer) => void) | undefined
  #onClose: (() => void) | undefined

  static async connect(url: string): Promise<Client> {
    const client = new Client()
    const closed = (): void => {
      client.open = false
      client.#onClose?.()
    }
    client.#socket = await Bun.connect({
      hostname: new URL(url).hostname,
      port: Number(new URL(url).port),
      socket: {
        data: (_, bytes) => client.#onData?.(bytes),
        drain: () => client.#write(client.#unsent),
        end: closed,
        close: closed,
        error: closed,
      },
    })
    return client
  }

  /** Sends a request and reads its answer, or leaves before. `silenceMs`: how long nothing may come. @throws where the answer is no HTTP. */
  request(bytes: Buffer, options: { silenceMs: number; leave?: Leave | undefined }): Promise<Outcome> {
    const { silenceMs, leave } = options
    const reader = new AnswerReader(bytes.subarray(0, 5).toString('latin1') === 'HEAD ')
    return new Promise((resolve, reject) => {
      let silence: ReturnType<typeof setTimeout> | undefined
      const done = (outcome: Outcome | Error): void => {
        clearTimeout(silence)
        this.#onData = undefined
        this.#onClose = undefined
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      const leaveNow = (): void => {
        this.close(leave?.how)
        done({ ended: 'left', received: reader.bytes })
      }
      const listen = (): void => {
        clearTimeout(silence)
        silence = setTimeout(() => done({ ended: 'silence', received: reader.bytes }), silenceMs)
      }
      const take = (piece: Buffer, ended: boolean): void => {
        try {
          const answer = reader.push(piece, ended)
          if (answer) done({ answer })
          else if (ended) done({ ended: 'closed', received: reader.bytes })
          else if (leave?.after === 'receiving' && reader.bytes.length >= leave.amount) leaveNow()
          else listen()
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)))
        }
      }
      this.#onData = piece => take(piece, false)
      this.#onClose = () => take(EMPTY, true)
      listen()
      if (!this.open) return take(EMPTY, true)
      this.#write(leave?.after === 'sending' ? bytes.subarray(0, Math.min(leave.amount, bytes.length - 1)) : bytes)
      if (leave?.after === 'sending') setImmediate(leaveNow)
      if (leave?.after === 'sent') setTimeout(() => this.#onData && leaveNow(), leave.amount)
    })
  }

  close(how: 'fin' | 'reset' = 'reset'): void {
    this.open = false
    this.#onClose = undefined
    if (how === 'fin') this.#socket?.end()
    else this.#socket?.terminate()
  }

  #write(bytes: Buffer): void {
    this.#unsent = bytes.subarray(Math.max(0, this.#socket?.write(bytes) ?? 0))
  }
}
