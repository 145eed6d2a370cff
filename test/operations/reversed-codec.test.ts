import { expect, test } from 'bun:test'
import type { CodecContext, UpstreamCodec } from '../../src/dialects/dialect.ts'
import type { StreamEvent } from '../../src/ir/stream.ts'
import { reversedCodec } from '../../src/operations/reversed-codec.ts'

const context: CodecContext = { now: () => 0, newId: prefix => prefix, note: () => {} }
const start = (name: string): StreamEvent => ({ type: 'block-start', index: 0, block: { type: 'tool-call', id: 't', name } })

/** Its stream ends with what it held back. */
const codec: UpstreamCodec = {
  path: '/x',
  encodeRequest: () => expect.unreachable(),
  decodeResponse: () => ({
    choices: [{ content: [{ type: 'tool-call', id: 't', name: 'alias', arguments: '{}' }], finish: { reason: 'tool-calls' } }],
  }),
  streamDecoder: () => ({ push: () => [start('alias')], end: () => [start('alias'), { type: 'block-end', index: 0 }] }),
  decodeError: () => expect.unreachable(),
}

test('where nothing was changed, the codec is the same one', () => {
  expect(reversedCodec(codec, undefined)).toBe(codec)
})

test('names come back in a whole answer, in a stream, and in what comes at its end', () => {
  const reversed = reversedCodec(codec, { names: new Map([['alias', 'files.read']]) })
  expect(reversed.path).toBe('/x')
  expect(reversed.decodeResponse({}, context).choices[0]?.content).toMatchObject([{ name: 'files.read' }])
  const decoder = reversed.streamDecoder(context)
  expect(decoder.push({ data: '' })).toEqual([start('files.read')])
  expect(decoder.end()).toEqual([start('files.read'), { type: 'block-end', index: 0 }])
})

test('an answer that is cut short before the answering tool had its input is an empty object', () => {
  const decoder = reversedCodec(codec, { answerTool: 'alias' }).streamDecoder(context)
  expect(decoder.push({ data: '' })).toEqual([{ type: 'block-start', index: 0, block: { type: 'text' } }])
  expect(decoder.end().slice(-2)).toEqual([
    { type: 'block-delta', index: 0, choice: undefined, text: '{}' },
    { type: 'block-end', index: 0 },
  ])
})
