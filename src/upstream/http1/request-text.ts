import type { Address } from '../address.ts'

const NAME = /^[!#$%&'*+\-.^_`|~\da-zA-Z]+$/
const VALUE = /^[\t\x20-\x7e]*$/

/**
 * A POST as it goes over the wire, and its size in bytes. @throws TypeError for a header that would break out of its line; the text quotes its name only.
 */
export function requestText(
  { path, host }: Address,
  { headers, body }: { headers: Record<string, string>; body: string },
): { text: string; size: number } {
  const length = Buffer.byteLength(body)
  let head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: identity\r\ncontent-length: ${length}\r\n`
  for (const name in headers) {
    const value = headers[name] as string
    if (!NAME.test(name)) throw new TypeError('a header has a name that is none')
    if (!VALUE.test(value)) throw new TypeError(`the header ${name} holds characters that no header can`)
    head += `${name}: ${value}\r\n`
  }
  head += '\r\n'
  return { text: head + body, size: head.length + length }
}
