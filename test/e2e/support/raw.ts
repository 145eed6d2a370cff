import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  /** As it stood on the wire, chunk sizes included. */
  body: string
}

/** A connection that sends exactly the bytes it is given: for what `fetch` would not send, or not leave unread. */
export class RawConnection {
  text = ''
  closed = false
  #waiting: (() => void)[] = []

  private constructor(readonly socket: Socket) {
    const wake = () => {
      for (const each of this.#waiting.splice(0)) each()
    }
    socket.on('data', chunk => {
      this.text += chunk.toString('latin1')
      wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      wake()
    })
  }

  static open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname)
      socket.once('connect', () => resolve(new RawConnection(socket)))
      socket.once('error', reject)
    })
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes)
  }

  /** Resolves with the first match in what has come; undefined where the connection closed without one. */
  async until(pattern: RegExp): Promise<RegExpExecArray | undefined> {
    for (;;) {
      const match = pattern.exec(this.text)
      if (match) return match
      if (this.closed) return undefined
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  /** Everything up to the end of the connection. */
  async rest(): Promise<string> {
    while (!this.closed) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return this.text
  }

  destroy(): void {
    this.socket.destroy()
  }
}

export interface RawRequest {
  method?: string
  target: string
  /** The lines after the request line; `Host` is not added. */
  headers?: readonly string[]
  body?: string | Uint8Array
}

export const requestBytes = ({ method = 'GET', target, headers = [], body = '' }: RawRequest): Buffer =>
  Buffer.concat([Buffer.from(`${[`${method} ${target} HTTP/1.1`, ...headers].join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)])

/** One request on a connection of its own, which is closed behind it. */
export async function rawRequest(url: string, request: RawRequest): Promise<RawAnswer> {
  const connection = await RawConnection.open(url)
  const length = Buffer.byteLength(request.body ?? '')
  const headers = [...(request.headers ?? []), 'connection: close', ...(length > 0 ? [`content-length: ${length}`] : [])]
  connection.send(requestBytes({ ...request, headers }))
  return parseAnswer(await connection.rest())
}

export function parseAnswer(text: string): RawAnswer {
  const at = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, at === -1 ? undefined : at).split('\r\n')
  const headers = Object.fromEntries(
    lines.map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: at === -1 ? '' : text.slice(at + 4) }
}
