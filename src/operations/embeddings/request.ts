import { invalidField } from '../../core/errors.ts'
import { optionalEnum, optionalNumber, optionalString, required, requiredString } from '../../core/fields.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'

/** How vectors are written: as numbers, or as the base64 of 32-bit floats, little-endian. */
export type Encoding = 'float' | 'base64'

/** What a request for embeddings asks for (dialects.md §2.10). */
export interface EmbeddingsRequest {
  model: string
  /** What becomes a vector each: texts, or lists of tokens. */
  rows: readonly string[] | readonly (readonly number[])[]
  /** Whether the caller sent a list of rows rather than the only one. */
  isList: boolean
  dimensions: number | undefined
  encoding: Encoding
}

const ENCODINGS: readonly Encoding[] = ['float', 'base64']

const MOST_ROWS = 2048

/** Checks the members that OpenAI documents; others are the upstream's affair. @throws GatewayError `invalid-request` naming the field. */
export function readEmbeddings(body: JsonObject): EmbeddingsRequest {
  const model = requiredString(body, 'model')
  if (model.trim() === '') throw invalidField('model', 'must not be empty', 'invalid_value')
  const input = readInput(body.input)
  const dimensions = optionalNumber(body, 'dimensions', '', { integer: true, min: 1 })
  const encoding = optionalEnum(body, 'encoding_format', ENCODINGS) ?? 'float'
  optionalString(body, 'user')
  return { model, ...input, dimensions, encoding }
}

const WANTED = 'must be a string, an array of strings, an array of tokens or an array of such arrays'

function readInput(input: JsonValue | undefined): Pick<EmbeddingsRequest, 'rows' | 'isList'> {
  if (input === undefined || input === null) return required('input')
  if (typeof input === 'string') {
    if (input === '') throw invalidField('input', 'must not be empty', 'invalid_value')
    return { rows: [input], isList: false }
  }
  if (!Array.isArray(input)) throw invalidField('input', WANTED, 'invalid_type')
  const [first] = input
  if (first === undefined) throw invalidField('input', 'must hold at least one item', 'empty_array')
  if (typeof first === 'number') return { rows: [readTokens(input, 'input')], isList: false }
  if (typeof first !== 'string' && !Array.isArray(first)) throw invalidField('input.0', WANTED, 'invalid_type')
  if (input.length > MOST_ROWS) throw invalidField('input', `must hold at most ${MOST_ROWS} items, not ${input.length}`, 'invalid_value')
  return { rows: typeof first === 'string' ? input.map(readText) : input.map(readTokenRow), isList: true }
}

function readText(item: JsonValue, index: number): string {
  if (typeof item !== 'string') throw invalidField(`input.${index}`, 'must be a string, as the items before it are', 'invalid_type')
  return item
}

function readTokenRow(item: JsonValue, index: number): number[] {
  const path = `input.${index}`
  if (!Array.isArray(item)) throw invalidField(path, 'must be an array of tokens, as the items before it are', 'invalid_type')
  if (item.length === 0) throw invalidField(path, 'must hold at least one token', 'empty_array')
  return readTokens(item, path)
}

function readTokens(items: readonly JsonValue[], path: string): number[] {
  return items.map((item, index) => {
    if (typeof item !== 'number' || !Number.isInteger(item) || item < 0) {
      throw invalidField(`${path}.${index}`, 'must be a token, which is a whole number from 0 on', 'invalid_type')
    }
    return item
  })
}
