import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { checkLimits, embeddingLimits, inPieces } from '../../../src/operations/embeddings/pieces.ts'
import { readEmbeddings } from '../../../src/operations/embeddings/request.ts'
import { embeddingLimitsOf } from '../../../src/routing/model-data.ts'
import { thrown } from '../answer-support.ts'

const read = (more: JsonObject) => readEmbeddings({ model: 'm', input: 'x', ...more })

describe('a request for embeddings', () => {
  test.each<[JsonObject, readonly (string | number[])[], boolean]>([
    [{ input: 'a text' }, ['a text'], false],
    [{ input: ['one', 'two', ''] }, ['one', 'two', ''], true],
    [{ input: [1, 2, 3] }, [[1, 2, 3]], false],
    [{ input: [[1], [2, 3]] }, [[1], [2, 3]], true],
  ])('%j has these rows', (body, rows, isList) => {
    expect(read(body)).toMatchObject({ rows, isList })
  })

  test('is for floats of the usual length unless it says otherwise', () => {
    expect(read({ dimensions: null, encoding_format: null })).toEqual({
      ...{ model: 'm', rows: ['x'], isList: false },
      ...{ dimensions: undefined, encoding: 'float' },
    })
    expect(read({ dimensions: 64, encoding_format: 'base64', unknown: 1 })).toMatchObject({ dimensions: 64, encoding: 'base64' })
  })

  test.each<[JsonObject, string, string]>([
    [{ model: undefined }, 'model', 'is required'],
    [{ model: '  ' }, 'model', 'must not be empty'],
    [{ input: undefined }, 'input', 'is required'],
    [{ input: '' }, 'input', 'must not be empty'],
    [{ input: [] }, 'input', 'at least one item'],
    [{ input: { text: 'x' } }, 'input', 'must be a string, an array'],
    [{ input: [true] }, 'input.0', 'must be a string, an array'],
    [{ input: ['a', 1] }, 'input.1', 'must be a string, as'],
    [{ input: [[1], 'a'] }, 'input.1', 'must be an array of tokens'],
    [{ input: [[1], []] }, 'input.1', 'at least one token'],
    [{ input: [1, 2.5] }, 'input.1', 'whole number'],
    [{ input: [[1, -1]] }, 'input.0.1', 'whole number'],
    [{ input: Array.from({ length: 2049 }, () => 'x') }, 'input', 'at most 2048 items, not 2049'],
    [{ dimensions: 0 }, 'dimensions', 'at least 1'],
    [{ dimensions: 1.5 }, 'dimensions', 'integer'],
    [{ encoding_format: 'int8' }, 'encoding_format', 'one of float, base64'],
    [{ user: 5 }, 'user', 'must be a string'],
  ])('%j is refused by the field’s name', (body, param, problem) => {
    const error = thrown(() => read(body))
    expect(error).toMatchObject({ kind: 'invalid-request', param })
    expect(error.message).toStartWith(`${param}: `)
    expect(error.message).toContain(problem)
  })

  test('may be a text of more tokens than a list has rows', () => {
    expect(read({ input: Array.from({ length: 5000 }, (_, token) => token) }).rows).toHaveLength(1)
  })
})

describe('what a model is known to take', () => {
  const v4 = embeddingLimitsOf('text-embedding-v4')
  const v2 = embeddingLimitsOf('text-embedding-v2')
  if (!v4 || !v2) throw new Error('not known')

  test('counts at its vendor’s only', () => {
    const at = (type: string, baseUrl: string) => embeddingLimits({ type, baseUrl }, 'text-embedding-v4')
    expect(at('qwen', 'http://127.0.0.1/v1')).toEqual(v4)
    expect(at('openai', 'https://dashscope.aliyuncs.com/compatible-mode/v1')).toEqual(v4)
    expect(at('openai', 'https://gateway.example.com/v1')).toBeUndefined()
    expect(embeddingLimits({ type: 'qwen', baseUrl: '' }, 'text-embedding-9')).toBeUndefined()
  })

  test.each<[JsonObject, typeof v4, string, string]>([
    [{ dimensions: 100 }, v4, 'dimensions', "must be one of 2048, 1536, 1024, 768, 512, 256, 128, 64 for 'm', not 100"],
    [{ dimensions: 1024 }, v2, 'dimensions', "must be 1536 for 'm', not 1024"],
    [{ input: [1, 2] }, v4, 'input', "must be text: 'm' takes no tokens"],
    [{ input: [[1, 2]] }, v4, 'input', "must be text: 'm' takes no tokens"],
    [{ input: ['a', ''] }, v4, 'input.1', 'must not be empty'],
  ])('%j is refused by the field’s name', (body, limits, param, problem) => {
    expect(thrown(() => checkLimits(read(body), limits, 'm'))).toMatchObject({
      ...{ kind: 'invalid-request', param },
      message: `${param}: ${problem}`,
    })
  })

  test('passes', () => {
    for (const dimensions of v4.dimensions) checkLimits(read({ dimensions, input: ['a', 'b'] }), v4, 'm')
    checkLimits(read({}), v2, 'm')
  })
})

test('rows are cut into pieces of a size', () => {
  const rows = ['a', 'b', 'c', 'd', 'e']
  expect(inPieces(rows, 2)).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  expect(inPieces(rows, 5)).toEqual([rows])
})
