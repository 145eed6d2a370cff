import { describe, expect, test } from 'bun:test'
import type { JsonValue } from '../../../src/core/json.ts'
import { joinedAnswer, readAnswer, wholeAnswer } from '../../../src/operations/embeddings/answer.ts'
import { inEncoding, toBase64, toFloats } from '../../../src/operations/embeddings/vector.ts'
import { thrown } from '../answer-support.ts'

const answer = (body: JsonValue | string) =>
  readAnswer(new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)), 200)
const item = (index: number | undefined, ...embedding: number[]) => ({
  object: 'embedding',
  embedding,
  ...(index !== undefined && { index }),
})
const list = (data: JsonValue[], tokens?: number) =>
  answer({
    object: 'list',
    data,
    model: 'm',
    ...(tokens !== undefined && { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
    id: 'x',
  })

describe('a vector', () => {
  test('as base64 is 32-bit floats, little-endian', () => {
    // 1.0 is 0x3f800000, -2.5 is 0xc0200000.
    expect(Buffer.from(toBase64([1, -2.5]), 'base64').toString('hex')).toBe('0000803f000020c0')
    expect(toFloats(Buffer.from('0000803f000020c0', 'hex').toString('base64'))).toEqual([1, -2.5])
  })

  test('loses nothing that 32 bits hold', () => {
    const vector = Array.from({ length: 1000 }, (_, index) => Math.fround(Math.sin(index) / 31))
    expect(toFloats(toBase64(vector))).toEqual(vector)
  })

  test('that holds half a float is the upstream’s fault', () => {
    expect(thrown(() => toFloats(Buffer.from('00008', 'latin1').toString('base64')))).toMatchObject({ kind: 'bad-gateway' })
    expect(thrown(() => toFloats(''))).toMatchObject({ kind: 'bad-gateway' })
  })

  test('that is written as asked, or in no way that has another, stays as it is', () => {
    const floats = item(0, 1, 2)
    const base64 = { index: 0, embedding: 'AACAPw==' }
    const many = { index: 0, embedding: [[1], [2]] }
    expect(inEncoding(floats, 'float')).toBe(floats)
    expect(inEncoding(base64, 'base64')).toBe(base64)
    expect(inEncoding(many, 'base64')).toBe(many)
    expect(inEncoding(base64, 'float')).toEqual({ index: 0, embedding: [1] })
  })
})

describe('a whole answer', () => {
  test('passes as the bytes that it came in', () => {
    const read = answer(' {"data":[{"index":0,"embedding":[1.0,2e0]}],"more":1.50 }')
    expect(wholeAnswer(read, 'float')).toBe(read.bytes)
  })

  test('is written anew where its vectors are not as asked', () => {
    const read = list([item(0, 1), item(1, -2.5)], 3)
    expect(JSON.parse(String(wholeAnswer(read, 'base64')))).toEqual({
      ...read.body,
      data: [
        { ...item(0), embedding: 'AACAPw==' },
        { ...item(1), embedding: 'AAAgwA==' },
      ],
    })
  })

  test.each(['pong', '[]', '{}', '{"data":{}}', '{"data":[1]}', '{"error":{"message":"no"}}'])('%s is none', text => {
    expect(thrown(() => answer(text))).toMatchObject({ kind: 'bad-gateway', upstream: { status: 200 } })
  })
})

describe('answers to pieces', () => {
  test('are joined in the order of the request, with their usage summed up', () => {
    const first = list([item(1, 2), item(0, 1)], 10)
    const second = list([item(0, 3), item(1, 4)], 20)
    const third = list([item(undefined, 5)], 3)
    expect(joinedAnswer([first, second, third], [2, 2, 1], 'float')).toEqual({
      object: 'list',
      data: [1, 2, 3, 4, 5].map((value, index) => item(index, value)),
      model: 'm',
      usage: { prompt_tokens: 33, total_tokens: 33 },
      id: 'x',
    })
  })

  test('are written as asked', () => {
    expect(joinedAnswer([list([item(0, 1)]), list([item(0, 1)])], [1, 1], 'base64').data).toEqual([
      { object: 'embedding', index: 0, embedding: 'AACAPw==' },
      { object: 'embedding', index: 1, embedding: 'AACAPw==' },
    ])
  })

  test('that nobody counted have no usage', () => {
    expect(joinedAnswer([list([item(0, 1)]), list([item(0, 1)])], [1, 1], 'float')).not.toContainKey('usage')
  })

  test.each<[string, JsonValue[]]>([
    ['too few rows', [item(0, 1)]],
    ['too many rows', [item(0, 1), item(1, 1), item(2, 1)]],
    ['a row twice', [item(0, 1), item(0, 2)]],
    ['rows of another count', [item(1, 1), item(2, 2)]],
  ])('with %s are refused: which vector is whose could not be told', (_, data) => {
    expect(thrown(() => joinedAnswer([list(data), list([item(0, 1)])], [2, 1], 'float'))).toMatchObject({ kind: 'bad-gateway' })
  })
})
