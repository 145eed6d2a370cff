import type { Json } from '../../checkers/json.ts'
import { vectorOf } from '../qwen/embeddings.ts'
import { estimateTokens } from '../tokens.ts'
import { checkCount, emptyArray, missing, refuse, wrongType, wrongValue } from './refuse.ts'

interface EmbeddingModel {
  dimensions: number
  /** Whether shorter vectors can be asked for. */
  shortens: boolean
}

const MODELS: Readonly<Record<string, EmbeddingModel>> = {
  'text-embedding-3-small': { dimensions: 1536, shortens: true },
  'text-embedding-3-large': { dimensions: 3072, shortens: true },
  'text-embedding-ada-002': { dimensions: 1536, shortens: false },
}

const USUAL = 'text-embedding-3-small'

const FIELDS = ['model', 'input', 'dimensions', 'encoding_format', 'user']
const MOST_TOKENS = 8192
const MOST_ROWS = 2048

interface Asked {
  model: string
  rows: readonly unknown[]
  dimensions: number
  base64: boolean
}

export const isEmbeddingModel = (model: unknown): boolean => Object.hasOwn(MODELS, String(model))

/** What the vendor checks of a request for vectors. @param lenient any model has vectors @throws Refusal */
export function checkEmbeddings(body: Json, lenient = false): Asked {
  const name = String(body.model)
  const model = MODELS[lenient ? USUAL : name] ?? refuse('You are not allowed to generate embeddings from this model', null, null, 403)
  const unknown = Object.keys(body).find(field => !FIELDS.includes(field))
  if (unknown !== undefined) refuse(`Unrecognized request argument supplied: ${unknown}`, null)
  const rows = rowsOf(body.input)
  const tokens = rows.find(row => tokensOf(row) > MOST_TOKENS)
  if (tokens !== undefined)
    refuse(`This model's maximum context length is ${MOST_TOKENS} tokens, however you requested ${tokensOf(tokens)} tokens.`, null)
  const { encoding_format: format = 'float', dimensions = model.dimensions, user } = body
  if (format !== 'float' && format !== 'base64') wrongValue('encoding_format', format, ['float', 'base64'])
  if (user !== undefined && typeof user !== 'string') wrongType('user', 'a string', user)
  if (!model.shortens && body.dimensions !== undefined) refuse('This model does not support specifying dimensions.', null)
  if (!Number.isInteger(dimensions)) wrongType('dimensions', 'an integer', dimensions)
  if (Number(dimensions) < 1 || Number(dimensions) > model.dimensions)
    refuse(`Invalid value for 'dimensions': must be less than or equal to ${model.dimensions}.`, null)
  return { model: name, rows, dimensions: Number(dimensions), base64: format === 'base64' }
}

function rowsOf(input: unknown): readonly unknown[] {
  if (input === undefined) missing('input')
  if (input === '') refuse("'input' cannot be an empty string.", null)
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input)) return wrongType('input', 'a string or an array', input)
  if (input.length === 0) emptyArray('input')
  if (input.every(isToken)) return [input]
  checkCount('input', input, MOST_ROWS)
  const isRow = (row: unknown): boolean =>
    typeof row === 'string' ? row !== '' : Array.isArray(row) && row.length > 0 && row.every(isToken)
  if (!input.every(isRow)) refuse("'$.input' is invalid.", null)
  return input
}

const isToken = (value: unknown): boolean => Number.isInteger(value)

const tokensOf = (row: unknown): number => (Array.isArray(row) ? row.length : estimateTokens(row))

/** Vectors that follow from the texts or tokens alone, so that a test knows each again. */
export function embeddingsBody({ model, rows, dimensions, base64 }: Asked): Json {
  const tokens = rows.reduce((sum: number, row) => sum + tokensOf(row), 0)
  return {
    object: 'list',
    data: rows.map((row, index) => {
      const vector = vectorOf(typeof row === 'string' ? row : JSON.stringify(row), dimensions)
      return { object: 'embedding', index, embedding: base64 ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector }
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}
