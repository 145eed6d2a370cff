import type { JsonObject } from '../../core/json.ts'
import { requestIdHeaders } from './headers.ts'
import { headerRef, type Parameter, type Response, type Schema, schemaRef } from './schema.ts'

export const MANAGEMENT = ['Management']

export const query = (name: string, description: string, schema: Schema, example?: string): Parameter => ({
  name,
  in: 'query',
  description,
  schema,
  ...(example !== undefined && { example }),
})

export const filter = (name: string, description: string): Parameter => query(name, description, { type: 'string' })

/** Of every list that comes in pages. */
export const PAGE: readonly Parameter[] = [
  query('limit', 'Rows per page.', { type: 'integer', minimum: 1, maximum: 1000, default: 50 }),
  filter('cursor', 'The `next` of the page before.'),
]

const headers = { ...requestIdHeaders('openai'), 'cache-control': headerRef('CacheControl') }

export const answer = (description: string, schema: string, example: JsonObject): Response => ({
  description,
  headers,
  content: { 'application/json': { schema: schemaRef(schema), example } },
})

/** 204. */
export const nothing = (description: string): Response => ({ description, headers })
