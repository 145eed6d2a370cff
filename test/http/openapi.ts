import type { JsonObject, JsonValue } from '../../src/core/json.ts'

export interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  security?: Record<string, string[]>[]
  parameters?: { name?: string; in?: string; required?: boolean; $ref?: string }[]
  requestBody?: JsonObject
  responses: Record<string, JsonObject>
}

interface Media {
  content?: Record<string, { example?: JsonValue }>
  headers?: Record<string, JsonObject>
}

export interface Spec {
  openapi: string
  info: JsonObject
  servers: JsonObject[]
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, JsonObject>
    examples: Record<string, { value?: JsonValue }>
    responses: Record<string, Media>
    securitySchemes?: JsonObject
  }
}

export async function readDocument(app: { handle(request: Request): Promise<Response> }): Promise<Spec> {
  const answer = await app.handle(new Request('http://localhost/swagger/json'))
  if (answer.headers.get('content-type') !== 'application/json') throw new Error('the document is no JSON')
  return (await answer.json()) as Spec
}

export const operationsOf = (spec: Spec): { method: string; path: string; operation: Operation }[] =>
  Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What OpenAPI 3.0 allows in a schema; anything else is JSON Schema that its readers do not know. Without `additionalProperties`: the
 * dialects' objects are open.
 */
const KEYWORDS = new Set(
  (
    'type description properties required items oneOf anyOf allOf enum format nullable minimum maximum minLength maxLength pattern ' +
    'default example deprecated'
  ).split(' '),
)
const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object'])

/** Breaks of OpenAPI 3.0, each with its place; empty for a sound document. Components that nothing refers to count as breaks too. */
export function problemsOf(spec: Spec): string[] {
  const problems: string[] = []
  const referred = new Set<string>()
  const report = (path: string, problem: string) => problems.push(`${path}: ${problem}`)

  const follow = (value: JsonValue | undefined, path: string): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) follow(item, `${path}/${index}`)
    if (!isObject(value)) return
    if (typeof value.$ref === 'string') {
      referred.add(value.$ref)
      if (Object.keys(value).length > 1) report(path, 'has members beside $ref, which are ignored')
      if (resolve(spec, value.$ref) === undefined) report(path, `${value.$ref} leads nowhere`)
      return
    }
    for (const [key, member] of Object.entries(value)) if (!/^(example|value|default|enum)$/.test(key)) follow(member, `${path}/${key}`)
  }
  follow(spec as unknown as JsonObject, '#')

  for (const [group, members] of Object.entries(spec.components)) {
    if (group === 'securitySchemes') continue
    for (const name of Object.keys(members ?? {})) {
      if (!referred.has(`#/components/${group}/${name}`)) report(`#/components/${group}/${name}`, 'is never used')
    }
  }
  for (const { operation, path } of operationsOf(spec)) {
    checkParameters(spec, operation, path, report)
    for (const choice of operation.security ?? []) {
      for (const name of Object.keys(choice)) if (!spec.components.securitySchemes?.[name]) report(path, `security ${name} does not exist`)
    }
    for (const [status, response] of Object.entries(operation.responses)) {
      const whole = typeof response.$ref === 'string' ? resolve(spec, response.$ref) : response
      if (!isObject(whole) || typeof whole.description !== 'string') report(`${path}/${status}`, 'has no description')
    }
  }
  for (const [schema, path] of schemasOf(spec)) checkSchema(schema, path, report)
  return problems
}

function resolve(spec: Spec, ref: string): JsonValue | undefined {
  if (!ref.startsWith('#/')) return undefined
  let value: JsonValue | undefined = spec as unknown as JsonObject
  for (const key of ref.slice(2).split('/')) value = isObject(value) ? value[key] : undefined
  return value
}

type Report = (path: string, problem: string) => void

function checkParameters(spec: Spec, operation: Operation, path: string, report: Report): void {
  const parameters = (operation.parameters ?? []).map(item => (item.$ref ? resolve(spec, item.$ref) : item) as { name: string; in: string })
  const places = parameters.map(parameter => `${parameter.in} ${parameter.name}`)
  if (new Set(places).size !== places.length) report(path, 'names a parameter twice')
  for (const [, name] of path.matchAll(/\{(\w+)\}/g)) if (!places.includes(`path ${name}`)) report(path, `does not document {${name}}`)
}

/** Every schema of the document, wherever it stands. */
function schemasOf(spec: Spec): [JsonValue, string][] {
  const found: [JsonValue, string][] = Object.entries(spec.components.schemas).map(([name, schema]) => [schema, `schemas/${name}`])
  const visit = (value: JsonValue | undefined, path: string): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, `${path}/${index}`)
    if (!isObject(value)) return
    for (const [key, member] of Object.entries(value)) {
      if (key === 'schema') found.push([member ?? null, `${path}/schema`])
      else if (!/^(example|examples|value)$/.test(key)) visit(member, `${path}/${key}`)
    }
  }
  visit(spec.paths as unknown as JsonObject, 'paths')
  const { schemas: _, examples: __, ...others } = spec.components
  visit(others as unknown as JsonObject, 'components')
  return found
}

function checkSchema(schema: JsonValue | undefined, path: string, report: Report): void {
  if (!isObject(schema)) return report(path, 'is no schema')
  if (typeof schema.$ref === 'string') return
  for (const key of Object.keys(schema)) if (!KEYWORDS.has(key)) report(path, `${key} is no keyword of OpenAPI 3.0`)
  if (schema.type === undefined && !schema.oneOf && !schema.allOf) report(path, 'has no type')
  if (schema.type !== undefined && !TYPES.has(String(schema.type))) report(path, `type ${JSON.stringify(schema.type)} does not exist`)
  if (schema.type === 'array') checkSchema(schema.items, `${path}/items`, report)
  if (schema.description === '') report(path, 'has an empty description')
  if (Array.isArray(schema.enum) && new Set(schema.enum).size !== schema.enum.length) report(path, 'enum repeats itself')
  const properties = isObject(schema.properties) ? schema.properties : {}
  for (const name of Array.isArray(schema.required) ? schema.required : []) {
    if (!(String(name) in properties)) report(path, `requires ${String(name)}, which it does not have`)
  }
  for (const [name, property] of Object.entries(properties)) checkSchema(property, `${path}/${name}`, report)
  for (const key of ['oneOf', 'anyOf', 'allOf']) {
    for (const [index, option] of (Array.isArray(schema[key]) ? schema[key] : []).entries())
      checkSchema(option, `${path}/${key}/${index}`, report)
  }
}
