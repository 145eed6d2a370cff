import type { JsonObject } from '../../core/json.ts'
import type { GenerateRequest, ResponseFormat } from '../../ir/request.ts'
import type { CodecContext } from '../dialect.ts'
import type { Capabilities } from './capabilities.ts'
import { inputSchema, isObjectAtRoot, outputSchema } from './schema.ts'
import { isUnbounded, type SchemaBudget } from './schema-limits.ts'
import type { Block } from './wire.ts'

/** The tool whose input is the answer, for models that enforce no schema on what they say. */
const ANSWER_TOOL = 'json_tool_call'

export interface FormatSituation {
  /** Thinking with a budget was asked for; it excludes a forced tool. */
  budgeted: boolean
  /** The conversation ends with an answer that was begun; it excludes an enforced format. */
  begun: boolean
  budget: SchemaBudget
}

/** How an answer of a certain form is asked for: by at most one of these. */
export interface EncodedFormat {
  /** The member of `output_config`. */
  output?: { format: JsonObject }
  /** A tool that the model must call, or any other one where the client's own may be called. */
  answerTool?: JsonObject & { name: string }
  /** What the model is told in the system prompt. */
  instruction?: Block
}

/** `response_format` as the model takes it (dialects.md §2.5): enforced, or by a forced tool, or in words. */
export function encodeFormat(
  request: GenerateRequest,
  capabilities: Capabilities,
  situation: FormatSituation,
  context: CodecContext,
): EncodedFormat {
  const format = request.responseFormat
  if (!format || format.type === 'text') return {}
  const field = request.origin === 'anthropic' ? 'output_config.format' : 'response_format'
  if (format.type === 'json-schema' && !situation.begun) {
    const native = capabilities.structuredOutputs && !isUnbounded(format.schema) ? enforced(format.schema, situation) : undefined
    if (native) {
      const detail = `not enforced: ${native.changed.join(' ')}`
      if (native.changed.length > 0) context.note({ action: 'approximated', field, detail })
      return { output: { format: { type: 'json_schema', schema: native.schema } } }
    }
    if (mayForce(request, capabilities, situation) && isObjectAtRoot(format.schema)) {
      context.note({ action: 'approximated', field, detail: 'asked for as the input of a tool' })
      return { answerTool: answerTool(request, format) }
    }
  }
  context.note({ action: 'approximated', field, detail: 'asked for in words; nothing enforces it here' })
  const text =
    format.type === 'json-object'
      ? 'Respond only with a JSON object.'
      : `Respond only with a JSON value that matches this JSON Schema:\n${JSON.stringify(format.schema)}`
  return { instruction: { type: 'text', text } }
}

/** The schema as the service compiles it; undefined where it is too much for that. */
function enforced(given: JsonObject, { budget }: FormatSituation): { schema: JsonObject; changed: string[] } | undefined {
  const output = outputSchema(given)
  return budget.take(output.schema, 'format') ? output : undefined
}

/** A client that demands a tool of its own waits for no answer in words. */
function mayForce({ toolChoice }: GenerateRequest, { forcedTools }: Capabilities, { budgeted }: FormatSituation): boolean {
  const demanded = toolChoice?.type === 'required' || toolChoice?.type === 'tool'
  return forcedTools && !budgeted && !demanded && !(toolChoice?.type === 'allowed' && toolChoice.mode === 'required')
}

function answerTool(request: GenerateRequest, format: Extract<ResponseFormat, { type: 'json-schema' }>): JsonObject & { name: string } {
  const taken = new Set(request.tools?.map(tool => tool.name))
  let name = ANSWER_TOOL
  for (let copy = 2; taken.has(name); copy++) name = `${ANSWER_TOOL}_${copy}`
  const description = format.description || 'Gives the final answer: the input of this tool is the answer itself.'
  return { name, description, input_schema: inputSchema(format.schema).schema }
}
