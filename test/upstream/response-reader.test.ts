import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { HttpError } from '../../src/upstream/http1/http-error.ts'
import { ResponseReader } from '../../src/upstream/http1/response-reader.ts'

interface Read {
  status: number | undefined
  headers: [string, string][]
  body: string
  ended: boolean
  reusable: boolean
}

/** What the reader makes of these pieces, the connection's close behind them where `close` says so. */
function read(pieces: readonly (string | Uint8Array)[], close = false): Read {
  const reader = new ResponseReader()
  reader.begin()
  let body = ''
  for (const piece of pieces) {
    const bytes = reader.push(Buffer.from(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece))
    if (bytes) body += Buffer.from(bytes).toString('latin1')
    if (reader.failure) throw reader.failure
  }
  if (close) reader.close()
  const { head, ended, reusable } = reader
  return { status: head?.status, headers: head ? [...head.headers] : [], body, ended, reusable }
}

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`
const LENGTH_5 = 'content-length: 5\r\n'

const faultOf = (bytes: string): unknown => {
  try {
    return read([bytes])
  } catch (error) {
    return error instanceof HttpError ? error.message : error
  }
}

const ANSWERS: [string, string, boolean][] = [
  ['by length', `${OK}content-type: text/plain\r\n${LENGTH_5}\r\nhello`, false],
  ['in chunks', `${CHUNKED}5\r\nhello\r\nA;x="y"\r\n0123456789\r\n000\r\nx-trailer: 1\r\ny: 2\r\n\r\n`, false],
  ['until close', `${OK}\r\nhello`, true],
  ['empty', `${OK}content-length: 0\r\n\r\n`, false],
  ['behind interim answers', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${OK}${LENGTH_5}\r\nhello`, false],
  ['with bare line feeds', `HTTP/1.1 200\nTransfer-Encoding: Chunked\nA: b\n\n5\nhello\n0\n\n`, false],
]

describe('the same answer however it is cut', () => {
  test.each(ANSWERS)('%s: at every byte', (_, text, close) => {
    const whole = read([text], close)
    expect(whole).toMatchObject({ status: 200, ended: true, reusable: !close })
    expect(read([...text], close)).toEqual(whole)
    for (let at = 1; at < text.length; at++) expect(read([text.slice(0, at), text.slice(at)], close)).toEqual(whole)
  })

  test('made of anything, cut anywhere', () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/)
    const answer = fc.record({
      headers: fc.array(
        fc.tuple(
          token.map(name => `x-${name}`),
          fc.stringMatching(/^[!-~]{0,20}$/),
        ),
        { maxLength: 6 },
      ),
      chunks: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
      chunked: fc.boolean(),
      cuts: fc.array(fc.nat(), { maxLength: 8 }),
    })
    fc.assert(
      fc.property(answer, ({ headers, chunks, chunked, cuts }) => {
        const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
        const bodies = chunks.map(chunk => Buffer.from(chunk).toString('latin1'))
        const body = bodies.join('')
        const framed = chunked
          ? `transfer-encoding: chunked\r\n\r\n${bodies.map(one => `${one.length.toString(16)}\r\n${one}\r\n`).join('')}0\r\n\r\n`
          : `content-length: ${body.length}\r\n\r\n${body}`
        const text = `${OK}${lines}${framed}`
        const ends = [...cuts.map(cut => cut % (text.length + 1)), text.length].sort((a, b) => a - b)
        const pieces = ends.map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end))
        const got = read(pieces)
        expect(got).toMatchObject({ status: 200, body, ended: true, reusable: true })
        for (const [name, value] of headers) {
          expect(got.headers.find(([known]) => known === name)?.[1].split(', ')).toContain(value)
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('whatever the bytes, nothing but an HttpError is thrown', () => {
  const parts = fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.0 204 \r\n',
    'HTTP/1.1 100 \r\n',
    'transfer-encoding: chunked\r\n',
    'content-length: 3\r\n',
    'content-length: 3, 4\r\n',
    'connection: close\r\n',
    '\r\n',
    '\n',
    '\r',
    '\0',
    ':',
    ' ',
    '3\r\nabc\r\n',
    '0\r\n\r\n',
    'ffffffffffffff\r\n',
    '-1\r\n',
    'abc',
  )
  const bytes = fc.oneof(
    parts.map(text => Buffer.from(text, 'latin1')),
    fc.uint8Array({ maxLength: 30 }).map(one => Buffer.from(one)),
  )
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 14 }), fc.boolean(), (pieces, close) => {
      try {
        read(pieces, close)
      } catch (error) {
        expect(error).toBeInstanceOf(HttpError)
      }
    }),
    { numRuns: 1000 },
  )
})

describe('what is refused', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', 'the answer is not HTTP/1.1'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n', 'the answer is not HTTP/1.1'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n', 'the answer is not HTTP/1.1'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'the answer is not HTTP/1.1'],
    ['another protocol from now on', 'HTTP/1.1 101 Switching\r\n\r\n', 'the server switches to another protocol'],
    ['a line without a name', `${OK}nothing\r\n\r\n`, 'a header line has no name'],
    ['a name that is empty', `${OK}: x\r\n\r\n`, 'a header line has no name'],
    ['a blank before the colon', `${OK}transfer-encoding : chunked\r\n\r\n`, 'a header line has blanks around its name'],
    ['a folded line', `${OK}a: b\r\n c: d\r\n\r\n`, 'a header line has blanks around its name'],
    ['a lone carriage return', `${OK}a: b\rcontent-length: 0\r\n\r\n`, 'a header line is broken'],
    ['a null', `${OK}a: b\0\r\n\r\n`, 'a header line is broken'],
    ['lengths that differ', `${OK}content-length: 5\r\ncontent-length: 6\r\n\r\n`, 'the content-length makes no sense'],
    ['a signed length', `${OK}content-length: +5\r\n\r\n`, 'the content-length makes no sense'],
    ['an enormous length', `${OK}content-length: 9999999999999999\r\n\r\n`, 'the content-length makes no sense'],
    ['compression of the transfer', `${OK}transfer-encoding: gzip, chunked\r\n\r\n`, 'the transfer-encoding is unknown'],
    ['a chunk without a size', `${CHUNKED}x\r\n`, 'a chunk has no size'],
    ['a negative size', `${CHUNKED}-5\r\n`, 'a chunk has no size'],
    ['a size with a prefix', `${CHUNKED}0x5\r\n`, 'a chunk has no size'],
    ['an enormous size', `${CHUNKED}fffffffffffffff\r\n`, 'a chunk has no size'],
    ['a chunk longer than its size', `${CHUNKED}2\r\nabc\r\n`, 'a chunk is longer than its size'],
    ['endless headers', `${OK}a: ${'x'.repeat(70_000)}`, 'the headers are too long'],
    ['very many headers', `${OK}${'a:\r\n'.repeat(2000)}\r\n`, 'there are too many headers'],
    ['an endless chunk line', `${CHUNKED}5;${'x'.repeat(9000)}`, 'a line between chunks is too long'],
    ['endless trailers', `${CHUNKED}0\r\n${`a: ${'x'.repeat(1000)}\r\n`.repeat(70)}`, 'the trailers are too long'],
    ['endless interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(101), 'there are too many interim answers'],
  ])('%s', (_, bytes, message) => {
    expect(faultOf(bytes)).toBe(message)
  })
})

describe('a connection is used again only where the end of the answer is beyond doubt', () => {
  test.each([
    ['plain', `${OK}${LENGTH_5}\r\nhello`, true],
    ['the same length twice', `${OK}${LENGTH_5}${LENGTH_5}\r\nhello`, true],
    ['asked to close', `${OK}${LENGTH_5}Connection: Close\r\n\r\nhello`, false],
    ['HTTP/1.0', `HTTP/1.0 200 OK\r\n${LENGTH_5}\r\nhello`, false],
    ['HTTP/1.0 that stays', `HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\n${LENGTH_5}\r\nhello`, true],
    ['HTTP/1.0 in chunks', 'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', false],
    ['length and chunks', `${OK}${LENGTH_5}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, false],
    ['bytes behind the end', `${OK}${LENGTH_5}\r\nhelloHTTP/1.1 200 OK\r\n`, false],
    ['bytes behind the last chunk', `${CHUNKED}5\r\nhello\r\n0\r\n\r\nx`, false],
  ])('%s', (_, bytes, reusable) => {
    expect(read([bytes])).toMatchObject({ body: 'hello', ended: true, reusable })
  })

  test.each([
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', true],
    ['304', 'HTTP/1.1 304 Not Modified\r\n\r\n', true],
    ['204 with a length', `HTTP/1.1 204 No Content\r\n${LENGTH_5}\r\nhello`, false],
    ['204 with a length of which the body is still to come', `HTTP/1.1 204 No Content\r\n${LENGTH_5}\r\n`, false],
    ['304 in chunks', 'HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n', false],
  ])('without a body: %s', (_, bytes, reusable) => {
    expect(read([bytes])).toMatchObject({ body: '', ended: true, reusable })
  })
})

test('the connection’s end is that of an answer only where nothing else tells it', () => {
  expect(read([`${OK}\r\nhel`], true).ended).toBe(true)
  expect(read([`${OK}${LENGTH_5}\r\nhel`], true).ended).toBe(false)
  expect(read([`${CHUNKED}5\r\nhello\r\n`], true).ended).toBe(false)
  expect(read([`${CHUNKED}0\r\n`], true).ended).toBe(false)
  expect(read([OK], true).ended).toBe(false)
})

test.each([1, 3, 1000])('what comes before a fault is given whatever way it was cut, in pieces of %i', size => {
  const reader = new ResponseReader()
  reader.begin()
  const text = `${CHUNKED}2\r\nok\r\nx\r\nlost`
  let body = ''
  for (let at = 0; at < text.length && !reader.failure; at += size) {
    body += Buffer.from(reader.push(Buffer.from(text.slice(at, at + size))) ?? []).toString()
  }
  expect([reader.head?.status, body, reader.failure?.message]).toEqual([200, 'ok', 'a chunk has no size'])
  reader.begin()
  expect(reader.failure).toBeUndefined()
})

test('one answer leaves nothing for the next', () => {
  const reader = new ResponseReader()
  reader.begin()
  reader.push(Buffer.from(`${OK}${LENGTH_5}\r\nhello`))
  expect([reader.ended, reader.bodyLength]).toEqual([true, 5])
  reader.begin()
  expect([reader.ended, reader.head, reader.bodyLength]).toEqual([false, undefined, undefined])
  expect(Buffer.from(reader.push(Buffer.from(`${CHUNKED}2\r\nok\r\n0\r\n\r\n`)) ?? []).toString()).toBe('ok')
  expect([reader.ended, reader.bodyLength]).toEqual([true, undefined])
})

test('a head and chunks byte by byte take no more than a moment', () => {
  const started = performance.now()
  read([...`${OK}a: ${'x'.repeat(16_000)}\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(5000)}0\r\n\r\n`])
  expect(performance.now() - started).toBeLessThan(2000)
})
