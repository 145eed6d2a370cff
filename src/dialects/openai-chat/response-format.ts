import type { JsonObject } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import { joinedContents } from './conversation-shape.ts'
import { fitsStrict, withItems } from './strict-schema.ts'
import { DIALECT } from './wire.ts'

/** Anthropic's formats are always strict and have no name; OpenAI wants one (dialects.md §2.5). */
export function encodeResponseFormat(request: GenerateRequest, traits: UpstreamTraits, body: JsonObject, context: CodecContext): void {
  const format = request.responseFormat
  if (format?.type === 'json-object') body.response_format = { type: 'json_object' }
  if (format?.type !== 'json-schema') return
  const field = request.origin === 'anthropic' ? 'output_config.format' : 'response_format'
  if (traits.jsonSchema === false) {
    body.response_format = { type: 'json_object' }
    tellSchema(body, format.schema)
    context.note({ action: 'approximated', field, detail: 'the schema is told to the model; the upstream holds it to JSON only' })
    return
  }
  const strict = format.strict ?? (request.origin === 'anthropic' ? true : undefined)
  const schema = withItems(format.schema)
  const loose = strict === true && request.origin !== DIALECT && !fitsStrict(schema)
  if (loose) context.note({ action: 'approximated', field, detail: 'the schema is not strict in the sense of OpenAI' })
  body.response_format = {
    type: 'json_schema',
    json_schema: {
      name: format.name ?? 'output',
      ...(format.description !== undefined && { description: format.description }),
      schema,
      ...(strict !== undefined && { strict: loose ? false : strict }),
    },
  }
}

/** Servers that only know `json_object` also want to read the word in the prompt. */
function tellSchema(body: JsonObject, schema: JsonObject): void {
  const text = `Answer with one JSON object that fits this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`
  const messages = body.messages as JsonObject[]
  const [first] = messages
  if (first?.role === 'system') messages[0] = { ...first, content: joinedContents(first.content, text) }
  else messages.unshift({ role: 'system', content: text })
}
