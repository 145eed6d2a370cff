import { isObject, type JsonObject } from '../../core/json.ts'
import type { CustomTool, FunctionTool } from '../../ir/tools.ts'
import type { Draft } from './draft.ts'
import { withoutReferences } from './google-schema.ts'

/** A tool as both versions declare it, its schema apart. */
export interface Declaration {
  name: string
  description?: string
  schema: JsonObject
  strict?: boolean
}

/** @param path the tool's own, for notes */
export function declare(tool: FunctionTool | CustomTool, path: string, draft: Draft): Declaration {
  const { description, schema } = tool.type === 'custom' ? freeText(tool) : { description: tool.description, schema: schemaOf(tool) }
  const declared: Declaration = { name: tool.name, schema: fitted(schema, path, draft) }
  if (description) declared.description = description
  if (tool.type === 'function' && tool.strict !== undefined) declared.strict = tool.strict
  return declared
}

const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} }

/** The schema of an object, whatever the caller left out. */
function schemaOf({ parameters }: FunctionTool): JsonObject {
  if (!parameters || Object.keys(parameters).length === 0) return NO_PARAMETERS
  const alternatives = ['$ref', 'anyOf', 'oneOf', 'allOf'].some(key => parameters[key] !== undefined)
  return parameters.type === undefined && !alternatives ? { ...NO_PARAMETERS, ...parameters } : parameters
}

function fitted(schema: JsonObject, path: string, { family, context }: Draft): JsonObject {
  if (family.name !== 'google') return schema
  const plain = withoutReferences(schema)
  if (plain.lossy) context.note({ action: 'approximated', field: `${path}.parameters`, detail: 'keys with $ are not taken by this model' })
  return plain.schema
}

/** A free-text tool as a function of one string; the client's encoder takes the string out again (`ir/custom-input.ts`). */
function freeText(tool: CustomTool): { description: string; schema: JsonObject } {
  return {
    description: [tool.description, formatWords(tool.format)].filter(Boolean).join('\n\n'),
    schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
  }
}

function formatWords(format: JsonObject | undefined): string | undefined {
  if (!format || format.type === 'text') return undefined
  const grammar = isObject(format.grammar) ? format.grammar : format
  if (typeof grammar.definition !== 'string') return `The input must have this format: ${JSON.stringify(format)}`
  const syntax = typeof grammar.syntax === 'string' ? `${grammar.syntax} ` : ''
  return `The input must follow this ${syntax}grammar:\n${grammar.definition}`
}
