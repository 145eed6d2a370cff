import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import type { Encoding } from './request.ts'
import { inEncoding } from './vector.ts'

/** An upstream's answer, read. */
export interface EmbeddingsAnswer {
  /** As it came. */
  bytes: Uint8Array
  body: JsonObject
  data: readonly JsonObject[]
}

const decoder = new TextDecoder()

const broken = (problem: string, status: number): GatewayError =>
  new GatewayError('bad-gateway', `the upstream's answer ${problem}`, { upstream: { status } })

/** @throws GatewayError `bad-gateway` where the bytes hold no list of embeddings. */
export function readAnswer(bytes: Uint8Array, status: number): EmbeddingsAnswer {
  const body = tryParseJson(decoder.decode(bytes))
  if (!isObject(body)) throw broken('is not JSON', status)
  const { data } = body
  if (!Array.isArray(data) || !data.every(isObject)) throw broken('holds no embeddings', status)
  return { bytes, body, data }
}

/** What the caller gets of an answer to the whole request: its own bytes, unless its vectors are written in another way than was asked. */
export function wholeAnswer({ bytes, body, data }: EmbeddingsAnswer, encoding: Encoding): Uint8Array | string {
  const asked = data.map(item => inEncoding(item, encoding))
  return asked.every((item, index) => item === data[index]) ? bytes : JSON.stringify({ ...body, data: asked })
}

/**
 * Answers to the pieces of a request as the answer to the whole: rows in the order of the request, usage summed up, the rest as the first piece says it.
 * @param sizes rows of each piece
 * @throws GatewayError `bad-gateway` where one has another number of rows: which vector is whose could not be told.
 */
export function joinedAnswer(answers: readonly EmbeddingsAnswer[], sizes: readonly number[], encoding: Encoding): JsonObject {
  const rows = answers.flatMap((answer, piece) => inOrder(answer.data, sizes[piece] ?? 0))
  const data = rows.map((item, index) => ({ ...inEncoding(item, encoding), index }))
  const usage = summed(answers.map(({ body }) => body.usage).filter(isObject))
  return { ...answers[0]?.body, data, ...(usage && { usage }) }
}

/** Rows by their `index`, or as they come where they have none. */
function inOrder(data: readonly JsonObject[], size: number): readonly JsonObject[] {
  if (data.length !== size) throw broken(`holds ${data.length} embeddings for ${size} inputs`, 200)
  if (data.every(({ index }) => index === undefined)) return data
  const placed = new Map(data.map(item => [item.index, item]))
  return data.map((_, index) => placed.get(index) ?? notThere(index))
}

const notThere = (index: number): never => {
  throw broken(`holds no embedding with the index ${index}`, 200)
}

/** Numbers added up member by member. */
function summed(usages: readonly JsonObject[]): JsonObject | undefined {
  const [first, ...others] = usages
  if (!first) return undefined
  const sum: JsonObject = { ...first }
  for (const usage of others) {
    for (const [name, value] of Object.entries(usage)) {
      const before = sum[name]
      if (typeof value === 'number') sum[name] = (typeof before === 'number' ? before : 0) + value
    }
  }
  return sum
}
