import { isObject, type Json, parseOrUndefined } from '../../checkers/json.ts'

export const CHAT_V7 = '/user/v5/llm/chat/stream/v7'
export const CHAT_V8 = '/user/v5/llm/chat/stream/v8'
export const RESPONSES_V8 = '/user/v5/llm/responses/stream/v8'

/** Posts JSON with a JWT, as the simplest of clients. */
export const ask = (url: string, jwt: string, body: unknown): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'grazie-authenticate-jwt': jwt },
    body: JSON.stringify(body),
  })

/** One parameter as the pair of entries that it is on the wire. */
export const pair = (name: string, type: string, value: unknown): Json[] => [
  { type, fqdn: `llm.parameters.${name}` },
  { type, value },
]

/** The events of a stream, whatever its line ends; the end marker as a string. @throws where a line is none of the protocol's. */
export function eventsOf(text: string): (Json | string)[] {
  const lines = text.split(/\r\n|\r|\n/).filter(line => line !== '')
  return lines.map(line => {
    const data = /^data: (.*)$/.exec(line)?.[1]
    if (data === undefined) throw new Error(`no data line: ${line}`)
    const event = parseOrUndefined(data)
    return isObject(event) ? event : data
  })
}
