import { checkChatStream } from '../../checkers/chat.ts'
import { isObject, objectsOf, parseOrUndefined, stringOf } from '../../checkers/json.ts'
import { checkMessagesStream } from '../../checkers/messages.ts'

/** One exchange of an SDK with the gateway, as bytes. */
export interface Exchange {
  path: string
  requestBody: string
  status: number
  headers: Headers
  /** The whole answer; undefined where the client hung up before its end. */
  text: Promise<string | undefined>
}

/** A `fetch` for an SDK that keeps what went over the wire. */
export class Wire {
  readonly exchanges: Exchange[] = []
  #checked = 0

  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init)
    const [shown, kept] = response.body?.tee() ?? [null, null]
    const text = new Response(kept).text().catch(() => undefined)
    const { status, headers } = response
    const url = new URL(input instanceof Request ? input.url : input)
    this.exchanges.push({ path: url.pathname, requestBody: typeof init?.body === 'string' ? init.body : '', status, headers, text })
    return new Response(shown, { status, headers })
  }

  get last(): Exchange {
    const last = this.exchanges.at(-1)
    if (!last) throw new Error('nothing was sent yet')
    return last
  }

  /** Checks every stream since the last time by the rules of its dialect; how many there were. @throws {Violation} */
  async check(): Promise<number> {
    const fresh = this.exchanges.slice(this.#checked)
    this.#checked = this.exchanges.length
    let streams = 0
    for (const exchange of fresh) {
      const text = await exchange.text
      if (text === undefined || !exchange.headers.get('content-type')?.includes('event-stream')) continue
      checkStream(exchange, text)
      streams++
    }
    return streams
  }
}

function checkStream({ path, requestBody }: Exchange, text: string): void {
  const sent = parseOrUndefined(requestBody)
  const body = isObject(sent) ? sent : {}
  const names = objectsOf(body.tools).map(tool => {
    const target = isObject(tool.function) ? tool.function : isObject(tool.custom) ? tool.custom : tool
    return stringOf(target.name)
  })
  const tools = names.length > 0 ? { tools: names } : {}
  if (path.endsWith('/chat/completions')) {
    const includeUsage = isObject(body.stream_options) && body.stream_options.include_usage === true
    checkChatStream(text, { includeUsage, ...tools })
  } else checkMessagesStream(text, tools)
}
