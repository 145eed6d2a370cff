import { createHash } from 'node:crypto'
import type { Json } from '../../checkers/json.ts'
import { Refusal } from '../refusal.ts'
import { estimateTokens } from '../tokens.ts'
import { errorBody, refuse, refuseParameter } from './errors.ts'

interface EmbeddingModel {
  /** The first is the default. Undefined: 1536 whatever is asked for. */
  dimensions?: readonly number[]
  rows: number
  /** Tokens of a row. */
  tokens: number
}

const FIXED = 1536

/** qwen.md §2.7; of v3 the dimensions that every region has. */
const MODELS: Readonly<Record<string, EmbeddingModel>> = {
  'text-embedding-v4': { dimensions: [1024, 2048, 1536, 768, 512, 256, 128, 64], rows: 10, tokens: 8192 },
  'text-embedding-v3': { dimensions: [1024, 768, 512], rows: 10, tokens: 8192 },
  'text-embedding-v2': { rows: 25, tokens: 2048 },
  'text-embedding-v1': { rows: 25, tokens: 2048 },
}

const FIELDS = ['model', 'input', 'dimensions', 'encoding_format', 'user']

interface Asked {
  model: string
  rows: string[]
  dimensions: number
  base64: boolean
}

/** @throws Refusal */
export function checkEmbeddings(body: Json | undefined): Asked {
  if (!body) return refuseParameter('The request body is no valid JSON object.')
  const unknown = Object.keys(body).find(name => !FIELDS.includes(name))
  if (unknown !== undefined) refuseParameter(`Unrecognized request argument supplied: ${unknown}`)
  const name = String(body.model)
  const model = MODELS[name] ?? refuse('unknown-model', `model \`${name}\` is not supported.`)
  const rows = typeof body.input === 'string' ? [body.input] : body.input
  if (!isTexts(rows) || rows.length === 0) return refuseInput('contents is neither str nor list of str.: input.contents')
  if (rows.some(row => row === '')) refuseInput('contents must not be empty.: input.contents')
  if (rows.length > model.rows) refuseInput(`batch size is invalid, it should not be larger than ${model.rows}.: input.contents`)
  if (rows.some(row => estimateTokens(row) > model.tokens)) refuseInvalid(`Range of input length should be [1, ${model.tokens}]`)
  const { encoding_format: format = 'float', dimensions = model.dimensions?.[0] } = body
  if (format !== 'float' && format !== 'base64') refuseInput(`encoding_format must be float or base64, not ${format}: parameters`)
  if (model.dimensions && !model.dimensions.includes(Number(dimensions))) {
    refuseInput(`dimension ${dimensions} is invalid, it should be one of ${model.dimensions.join(', ')}: parameters.dimension`)
  }
  return { model: name, rows, dimensions: model.dimensions ? Number(dimensions) : FIXED, base64: format === 'base64' }
}

/** Vectors that follow from the texts alone, so that a test knows each again. */
export function embeddingsBody({ model, rows, dimensions, base64 }: Asked): Json {
  const tokens = rows.reduce((sum, row) => sum + estimateTokens(row), 0)
  return {
    data: rows.map((row, index) => {
      const vector = vectorOf(row, dimensions)
      return { embedding: base64 ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector, index, object: 'embedding' }
    }),
    model,
    object: 'list',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    id: crypto.randomUUID(),
  }
}

/** A unit vector, as exact in 32 bits as it is here. */
export function vectorOf(text: string, dimensions: number): number[] {
  const raw: number[] = []
  for (let block = 0; raw.length < dimensions; block++) {
    for (const byte of createHash('sha256').update(`${block}:${text}`).digest()) raw.push(byte - 127.5)
  }
  const vector = raw.slice(0, dimensions)
  const length = Math.hypot(...vector)
  return [...Float32Array.from(vector, value => value / length)]
}

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(item => typeof item === 'string')

function refuseInvalid(detail: string): never {
  const message = `<400> InternalError.Algo.InvalidParameter: ${detail}`
  throw new Refusal(400, errorBody('InvalidParameter', message, 'InvalidParameter'), message)
}

const refuseInput = (detail: string): never => refuseInvalid(`Value error, ${detail}`)
