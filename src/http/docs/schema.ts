import type { DocumentDecoration } from 'elysia'
import type { JsonObject, JsonValue } from '../../core/json.ts'

/** The documentation of one route: an OpenAPI 3.0 operation. */
export type Operation = DocumentDecoration &
  Required<Pick<DocumentDecoration, 'operationId' | 'summary' | 'tags' | 'responses' | 'security'>>

export type Body = Extract<NonNullable<Operation['requestBody']>, { content: unknown }>
export type Content = Body['content']
export type Schema = NonNullable<Content[string]['schema']>
export type Responses = Operation['responses']
export type Response = Exclude<Responses[string], { $ref: string }>
export type Header = NonNullable<Response['headers']>[string]
export type Parameter = NonNullable<Operation['parameters']>[number]

/** What one route contributes to `components`, by name. */
export type Schemas = Record<string, Schema>
export type Examples = Record<string, { summary: string; description?: string; value: JsonValue }>

interface Limits {
  example?: JsonValue
  default?: JsonValue
  nullable?: true
  deprecated?: true
  minimum?: number
  maximum?: number
  format?: string
}

const described = (description: string): { description?: string } => (description === '' ? {} : { description })

/**
 * Schemas in the words of OpenAPI 3.0; an empty description is none. Objects stay open, as the dialects are: what is not listed is
 * passed on, not refused.
 */
export const text = (description: string, limits: Limits = {}): Schema => ({ type: 'string', ...described(description), ...limits })
export const integer = (description: string, limits: Limits = {}): Schema => ({ type: 'integer', ...described(description), ...limits })
export const number = (description: string, limits: Limits = {}): Schema => ({ type: 'number', ...described(description), ...limits })
export const flag = (description: string, limits: Limits = {}): Schema => ({ type: 'boolean', ...described(description), ...limits })
export const moment = (description: string, limits: Limits = {}): Schema => text(description, { format: 'date-time', ...limits })

export const choice = (description: string, values: readonly string[], limits: Limits = {}): Schema => ({
  type: 'string',
  ...described(description),
  enum: [...values],
  ...limits,
})

/** A member that tells what kind of object this is. */
export const kind = (value: string): Schema => ({ type: 'string', enum: [value] })

export const list = (description: string, items: Schema, limits: Limits = {}): Schema => ({
  type: 'array',
  ...described(description),
  items,
  ...limits,
})

export const object = (description: string, properties: Schemas, required: string[] = [], limits: Limits = {}): Schema => ({
  type: 'object',
  ...described(description),
  properties,
  ...(required.length > 0 && { required }),
  ...limits,
})

/** An object whose members are the caller's or the vendor's business. */
export const anyObject = (description: string, limits: Limits = {}): Schema => ({ type: 'object', ...described(description), ...limits })

export const oneOf = (description: string, options: Schema[], limits: Limits = {}): Schema => ({
  ...described(description),
  oneOf: options,
  ...limits,
})

/** Text in Markdown. */
export const paragraphs = (...texts: string[]): string => texts.join('\n\n')

export const schemaRef = (name: string): { $ref: string } => ({ $ref: `#/components/schemas/${name}` })
export const headerRef = (name: string): { $ref: string } => ({ $ref: `#/components/headers/${name}` })
export const responseRef = (name: string): { $ref: string } => ({ $ref: `#/components/responses/${name}` })
export const parameterRef = (name: string): { $ref: string } => ({ $ref: `#/components/parameters/${name}` })

/** References to named examples, keyed by those names: `exampleRefs('Chat', 'Plain')` refers to the component `ChatPlain`. */
export const exampleRefs = (prefix: string, ...names: string[]): Record<string, { $ref: string }> =>
  Object.fromEntries(names.map(name => [name, { $ref: `#/components/examples/${prefix}${name}` }]))

/** An event stream as text: each payload one frame, named where the dialect names its events. */
export const eventStream = (payloads: readonly (JsonObject | string)[], named: boolean): string =>
  payloads
    .map(payload => {
      if (typeof payload === 'string') return `data: ${payload}\n\n`
      return named ? `event: ${payload.type}\ndata: ${JSON.stringify(payload)}\n\n` : `data: ${JSON.stringify(payload)}\n\n`
    })
    .join('')
