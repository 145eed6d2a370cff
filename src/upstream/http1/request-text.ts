import { TRANSPORT_HEADERS } from '../../core/transport-headers.ts'
import type { Address } from '../address.ts'

const NAME = /^[!#$%&'*+\-.^_`|~\da-zA-Z]+$/
const VALUE = /^[\t\x20-\x7e]*$/

export interface RequestParts {
  method?: 'GET'
  headers: Record<string, string>
  standing: Record<string, string>
  body: string
}

/** What does not change from call to call is put into lines once. */
const standingLines = new WeakMap<Record<string, string>, string>()

/**
 * A request as it goes over the wire, and its size in bytes. @throws TypeError for a header that would break out of its line, or belongs to the transport; the
 * text quotes its name only.
 */
export function requestText({ path, host }: Address, { method, headers, standing, body }: RequestParts): { text: string; size: number } {
  const length = Buffer.byteLength(body)
  let kept = standingLines.get(standing)
  if (kept === undefined) {
    kept = linesOf(standing, {})
    standingLines.set(standing, kept)
  }
  const hostLine = (standing.host ?? headers.host) === undefined ? `host: ${host}\r\n` : ''
  const lengthLine = method === 'GET' ? '' : `content-length: ${length}\r\n`
  const head = `${method ?? 'POST'} ${path} HTTP/1.1\r\n${hostLine}accept-encoding: identity\r\n${kept}${linesOf(headers, standing)}${lengthLine}\r\n`
  return { text: head + body, size: head.length + length }
}

function linesOf(headers: Record<string, string>, stronger: Record<string, string>): string {
  let lines = ''
  for (const name in headers) {
    if (stronger[name] !== undefined) continue
    const value = headers[name] as string
    if (!NAME.test(name)) throw new TypeError('a header has a name that is none')
    if (TRANSPORT_HEADERS.has(name)) throw new TypeError(`the header ${name} cannot be set`)
    if (!VALUE.test(value)) throw new TypeError(`the header ${name} holds characters that no header can`)
    lines += `${name}: ${value}\r\n`
  }
  return lines
}
