import { describe, expect, test } from 'bun:test'
import { HttpReader, type HttpRequest } from './http-reader.ts'

const LENGTH = 'POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 6\r\n\r\nčau\r\n'
const CHUNKED = 'POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n'

function readAll(pieces: readonly Uint8Array[]): HttpRequest[] {
  const reader = new HttpReader(() => {})
  return pieces.flatMap(piece => {
    reader.push(piece)
    const requests: HttpRequest[] = []
    for (let next = reader.next(); next; next = reader.next()) requests.push(next)
    return requests
  })
}

describe('HttpReader', () => {
  const bytes = Buffer.from(LENGTH + CHUNKED)
  const expected: HttpRequest[] = [
    { method: 'POST', target: '/a?b=c', headers: { host: 'x', 'x-a': '1, 2', 'content-length': '6' }, body: 'čau\r\n' },
    { method: 'POST', target: '/b', headers: { 'transfer-encoding': 'chunked' }, body: 'abcde' },
  ]

  test('reads bodies by length and by chunks, one request after another', () => expect(readAll([bytes])).toEqual(expected))

  test('does not care where the network cut', () => {
    for (let at = 1; at < bytes.length; at++) expect(readAll([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected)
  })

  test('says when a client waits for 100 Continue', () => {
    let asked = 0
    const reader = new HttpReader(() => asked++)
    reader.push(Buffer.from('POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n'))
    expect([reader.next(), asked]).toEqual([undefined, 1])
    reader.push(Buffer.from('ok'))
    expect(reader.next()?.body).toBe('ok')
  })

  test('refuses what is no HTTP', () => {
    const reader = new HttpReader(() => {})
    reader.push(Buffer.from('hello\r\n\r\n'))
    expect(() => reader.next()).toThrow('no HTTP/1 request')
  })
})
