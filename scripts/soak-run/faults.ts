import { gzipSync } from 'node:zlib'
import type { Answer } from '../../test/simulators/answer.ts'

/** How the clients of a soak tell the upstream, within the prompt, what it is to do wrong. */
export const markOf = (fault: string): string => `[[fault ${fault}]]`

const MARK = /\[\[fault ([a-z0-9-]+)\]\]/

export const LEAKED = 'canary-of-an-upstream-error-4b1d7'

const WORDS = 'The keeper lit the lamp at nine and wrote the tide into the log before the storm came in. '.split(/(?<= )/)
const httpHead = (lines: string): string => `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${lines}\r\n\r\n`

/** Misbehaviour of an upstream, by name. Each is over within a second or two, so that a soak gets through many. */
export const FAULTS: Readonly<Record<string, Answer>> = {
  slow: { text: WORDS, delayBetweenMs: 4 },
  'late-headers': { delayHeadersMs: 60 },
  'slow-bytes': { text: WORDS.slice(0, 3), chunkBytes: 11 },
  crlf: { text: WORDS, lineEnding: '\r\n' },
  cr: { text: WORDS, lineEnding: '\r' },
  stall: { text: WORDS, stallAfter: 6 },
  'stall-at-once': { text: WORDS, stallAfter: 0 },
  hang: { hangConnection: true },
  'cut-whole': { text: WORDS, cutAfter: 7 },
  'cut-body': { text: WORDS, cutAfter: 7, cutBody: true },
  'cut-at-once': { text: WORDS, cutAfter: 0, cutBody: true },
  'cut-within-frame': { text: WORDS, cutAfter: 5, cutBody: true, chunkBytes: 7 },
  reset: { text: WORDS, resetAfter: 6, delayBetweenMs: 2 },
  'reset-at-once': { text: WORDS, resetAfter: 0 },
  'close-before-headers': { closeBeforeHeaders: true },
  garbage: { garbage: true },
  'garbage-bytes': { garbage: '\x00\xff\xfe\x01\x02\r\n\r\n\x00' },
  'too-long': { garbage: `${httpHead('content-length: 9999')}{"id":"x"` },
  'too-short': { garbage: `${httpHead('content-length: 3')}{"id":"x","object":"chat.completion"}` },
  'bad-chunks': { garbage: `${httpHead('transfer-encoding: chunked')}zz\r\n{"id":1}\r\n0\r\n\r\n` },
  'gzip-junk': { text: WORDS, headers: { 'content-encoding': 'gzip' } },
  'gzip-cut': {
    garbage: `${httpHead('content-encoding: gzip\r\ncontent-length: 40')}${gzipSync('{"id":"x"}').subarray(0, 12).toString('latin1')}`,
  },
  'no-json': { body: `this is not JSON ${LEAKED}` },
  html: { status: 502, body: `<html><body>${LEAKED}</body></html>`, contentType: 'text/html' },
  'wrong-type': { text: WORDS, contentType: 'text/plain' },
  empty: { body: '' },
  'empty-object': { body: {} },
  'json-null': { body: 'null' },
  'json-array': { body: [1, 2, 3] },
  'choices-of-nonsense': { body: { id: 5, object: 'chat.completion', choices: [{ index: 'x', message: { content: [[1]] } }, null] } },
  'content-of-nonsense': {
    body: { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'text' }, 5, { type: 'x'.repeat(500) }] },
  },
  'stream-of-nonsense': {
    sse: 'data: {"choices":"x"}\n\ndata: [1,2\n\nevent: x\n\n: hi\n\ndata: {"type":"content_block_delta","index":9}\n\n',
  },
  'stream-of-bytes': { sse: `data: ${'\x00\x01ÿþ'.repeat(2000)}\n\n` },
  'stream-without-end': { text: WORDS, omitEnd: true },
  'stream-goes-on': { text: WORDS, afterEnd: 'data: {"choices":[{"index":0,"delta":{"content":"ghost"}}]}\n\n' },
  'stream-error': { text: WORDS, streamError: { type: 'api_error', message: 'It broke.' } },
  'stream-overloaded': { streamError: { type: 'overloaded_error', message: 'Busy.' } },
  'long-line': { text: 'x'.repeat(300_000) },
  tools: {
    text: 'I look.',
    toolCalls: [
      { name: 'read_wind', arguments: ['{"sta', 'tion":"no', 'rth"}'] },
      { name: 'read_tide', arguments: '{}' },
    ],
  },
  reasoning: { reasoning: WORDS, text: WORDS },
  'status-500': { status: 500, message: 'The server had an error.' },
  'status-503': { status: 503, message: 'Overloaded.' },
  'status-529': { status: 529, message: 'Overloaded.' },
  'status-413': { status: 413, message: 'Too large.' },
  'status-418': { status: 418, message: 'A teapot.' },
  'status-302': { status: 302, body: '', headers: { location: 'http://127.0.0.1:9/' } },
  'status-204': { status: 204, body: '' },
}

/** Those that make an account wait for a while: kept for a provider of their own. */
export const COOLING: Readonly<Record<string, Answer>> = {
  'status-401': { status: 401, message: 'Incorrect API key provided.' },
  'status-403': { status: 403, message: 'Not for you.' },
  'status-429': { status: 429, message: 'Slow down.', headers: { 'retry-after': '1' } },
}

/** What a request asks its upstream to do; undefined: to answer as it should. */
export function faultIn(body: string): Answer | undefined {
  const name = MARK.exec(body)?.[1] ?? ''
  return Object.hasOwn(FAULTS, name) ? FAULTS[name] : Object.hasOwn(COOLING, name) ? COOLING[name] : undefined
}
