import type { JsonObject } from '../../core/json.ts'
import type { ResponseFormat } from '../../ir/request.ts'
import { callersName } from './caller-fields.ts'
import type { Draft } from './draft.ts'

/** The form of the answer: as a parameter where the profile takes it, else as the instruction returned. */
export function encodeFormat({ request, parameters, context }: Draft): string | undefined {
  const format = request.responseFormat
  if (!format || format.type === 'text') return undefined
  if (parameters.allows('response-format')) {
    parameters.add('response-format', wireFormat(format))
    return undefined
  }
  const field = callersName('response_format', request)
  context.note({ action: 'approximated', field, detail: 'asked for in words; nothing enforces it here' })
  return format.type === 'json-object'
    ? 'Respond only with a JSON object.'
    : `Respond only with a JSON value that matches this JSON Schema:\n${JSON.stringify(format.schema)}`
}

/** OpenAI's object, which the service's parameter is named after. */
function wireFormat(format: Exclude<ResponseFormat, { type: 'text' }>): JsonObject {
  if (format.type === 'json-object') return { type: 'json_object' }
  const { name = 'output', description, schema, strict } = format
  return {
    type: 'json_schema',
    json_schema: { name, ...(description !== undefined && { description }), schema, ...(strict !== undefined && { strict }) },
  }
}
