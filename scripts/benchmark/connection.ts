export interface Answer {
  status: number
  bytes: number
  /** From the request to the whole answer, in milliseconds. */
  ms: number
  /** Closed before its end. */
  cut: boolean
}

export interface Asked {
  /** Milliseconds until the mark had arrived; undefined where the connection closed without it. */
  marked: Promise<number | undefined>
  ended: Promise<Answer>
}

interface Exchange {
  started: number
  mark: Buffer | undefined
  /** What was received, as long as the mark or the end of the header is looked for. */
  seen: Buffer
  head: number
  status: number
  /** undefined: chunked. */
  length: number | undefined
  bytes: number
  tail: Buffer
  onMark(ms: number | undefined): void
  onEnd(answer: Answer): void
}

const HEAD_END = Buffer.from('\r\n\r\n')
const CHUNKS_END = Buffer.from('0\r\n\r\n')
const EMPTY: Buffer = Buffer.alloc(0)

/** The bytes of a POST on a connection that is kept. */
export function postBytes(path: string, key: string, body: string): Buffer {
  const head = [`POST ${path} HTTP/1.1`, 'host: localhost', 'content-type: application/json', `authorization: Bearer ${key}`]
  return Buffer.from(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** A bare client socket: one request at a time, nothing parsed but where an answer ends. What it costs itself is the same for everybody measured. */
export class Connection {
  #exchange: Exchange | undefined
  #unsent: Buffer = EMPTY
  #closed = false
  #socket: Bun.Socket | undefined

  static async open(url: string): Promise<Connection> {
    const connection = new Connection()
    connection.#socket = await Bun.connect({
      hostname: new URL(url).hostname,
      port: Number(new URL(url).port),
      socket: {
        data: (_, bytes) => connection.#take(bytes),
        drain: () => connection.#write(connection.#unsent),
        close: () => connection.#gone(),
        error: () => connection.#gone(),
      },
    })
    connection.#socket.setNoDelay(true)
    return connection
  }

  ask(request: Buffer, mark?: Buffer): Asked {
    const marked = Promise.withResolvers<number | undefined>()
    const ended = Promise.withResolvers<Answer>()
    this.#exchange = {
      started: performance.now(),
      mark,
      seen: EMPTY,
      head: -1,
      status: 0,
      length: undefined,
      bytes: 0,
      tail: EMPTY,
      onMark: marked.resolve,
      onEnd: ended.resolve,
    }
    if (this.#closed) this.#gone()
    else this.#write(request)
    return { marked: marked.promise, ended: ended.promise }
  }

  /** @throws where the answer is not a whole 200. */
  async exchange(request: Buffer, mark?: Buffer): Promise<Answer & { markMs: number }> {
    const asked = this.ask(request, mark)
    const answer = await asked.ended
    if (answer.status !== 200 || answer.cut) throw new Error(`status ${answer.status}, ${answer.bytes} bytes, cut: ${answer.cut}`)
    return { ...answer, markMs: (mark && (await asked.marked)) ?? Number.NaN }
  }

  /** Leaves at once, whatever is open. */
  close(): void {
    this.#socket?.terminate()
  }

  #write(bytes: Buffer): void {
    this.#unsent = bytes.subarray(this.#socket?.write(bytes) ?? 0)
  }

  #take(bytes: Buffer): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    exchange.bytes += bytes.length
    if (exchange.head === -1 || exchange.mark) this.#look(exchange, bytes)
    if (exchange.head === -1) return
    if (exchange.length === undefined) {
      exchange.tail = bytes.length >= 5 ? bytes.subarray(-5) : Buffer.concat([exchange.tail, bytes]).subarray(-5)
      if (!exchange.tail.equals(CHUNKS_END)) {
        // The socket's buffer is used again.
        exchange.tail = Buffer.from(exchange.tail)
        return
      }
    } else if (exchange.bytes < exchange.head + exchange.length) return
    this.#end(exchange, false)
  }

  #look(exchange: Exchange, bytes: Buffer): void {
    exchange.seen = Buffer.concat([exchange.seen, bytes])
    if (exchange.head === -1) {
      const end = exchange.seen.indexOf(HEAD_END)
      if (end === -1) return
      const head = exchange.seen.subarray(0, end).toString('latin1')
      exchange.head = end + HEAD_END.length
      exchange.status = Number(head.slice(9, 12))
      const length = /^content-length: *(\d+)/im.exec(head)?.[1]
      exchange.length = length === undefined ? undefined : Number(length)
    }
    if (exchange.mark && exchange.seen.includes(exchange.mark, exchange.head)) {
      exchange.onMark(performance.now() - exchange.started)
      exchange.mark = undefined
      exchange.seen = EMPTY
    }
  }

  #end(exchange: Exchange, cut: boolean): void {
    this.#exchange = undefined
    if (exchange.mark) exchange.onMark(undefined)
    exchange.onEnd({ status: exchange.status, bytes: exchange.bytes, ms: performance.now() - exchange.started, cut })
  }

  #gone(): void {
    this.#closed = true
    if (this.#exchange) this.#end(this.#exchange, true)
  }
}
