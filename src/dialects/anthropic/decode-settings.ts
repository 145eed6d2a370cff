import { invalidField } from '../../core/errors.ts'
import {
  at,
  optionalEnum,
  optionalNumber,
  optionalObject,
  optionalString,
  requiredObject,
  requiredString,
  unknownFields,
} from '../../core/fields.ts'
import type { JsonObject } from '../../core/json.ts'
import { EFFORTS, type Reasoning } from '../../ir/reasoning.ts'
import type { GenerateRequest } from '../../ir/request.ts'

const THINKING_FIELDS = new Set(['type', 'budget_tokens', 'display'])
const OUTPUT_FIELDS = new Set(['effort', 'format'])

/** `thinking`. A form that we do not know, or whose meaning the internal model lacks, also travels as it is. */
export function decodeThinking(body: JsonObject, request: GenerateRequest, extensions: JsonObject): void {
  const thinking = optionalObject(body, 'thinking')
  if (!thinking) return
  const type = requiredString(thinking, 'type', 'thinking')
  const reasoning: Reasoning = {}
  const display = optionalString(thinking, 'display', 'thinking')
  if (display !== undefined) reasoning.display = display
  if (type === 'enabled') {
    reasoning.mode = 'enabled'
    const budget = optionalNumber(thinking, 'budget_tokens', 'thinking', { min: 0, integer: true })
    if (budget === undefined) throw invalidField('thinking.budget_tokens', 'is required', 'missing_required_parameter')
    reasoning.budgetTokens = budget
  } else if (type === 'disabled' || type === 'adaptive') {
    reasoning.mode = type
  } else {
    extensions.thinking = thinking
    // The least thinking that such a model can be set to.
    if (type === 'between_tools') Object.assign(reasoning, { mode: 'adaptive', effort: 'low' })
  }
  if (extensions.thinking === undefined && unknownFields(thinking, THINKING_FIELDS)) extensions.thinking = thinking
  if (Object.keys(reasoning).length > 0) request.reasoning = reasoning
}

/** `output_config` (effort, format and what else there may be) and its older form `output_format`. */
export function decodeOutputConfig(body: JsonObject, request: GenerateRequest, extensions: JsonObject): void {
  decodeEffort(body, '', request)
  const config = optionalObject(body, 'output_config')
  const rest: JsonObject = (config && unknownFields(config, OUTPUT_FIELDS)) ?? {}
  const path = config?.format !== undefined && config.format !== null ? at('output_config', 'format') : 'output_format'
  const format = (config && optionalObject(config, 'format', 'output_config')) ?? optionalObject(body, 'output_format')
  if (format) {
    if (requiredString(format, 'type', path) === 'json_schema') {
      const schema = requiredObject(format, 'schema', path)
      const name = optionalString(format, 'name', path)
      request.responseFormat = { type: 'json-schema', schema, strict: true, ...(name !== undefined && { name }) }
    } else rest.format = format
  }
  if (Object.keys(rest).length > 0) extensions.output_config = rest
}

/** `output_config.effort` of the request or of a system message in its midst; the last one said holds. */
export function decodeEffort(from: JsonObject, path: string, request: GenerateRequest): void {
  const config = optionalObject(from, 'output_config', path)
  const effort = config && optionalEnum(config, 'effort', EFFORTS, at(path, 'output_config'))
  if (effort !== undefined) request.reasoning = { ...request.reasoning, effort }
}
