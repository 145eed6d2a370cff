import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'

/** What these fields hold where leaving them out changes nothing. */
const HARMLESS: Record<string, (value: JsonValue | undefined) => boolean> = {
  n: value => value === 1,
  frequency_penalty: value => value === 0,
  presence_penalty: value => value === 0,
  temperature: value => value === 1,
  top_p: value => value === 1,
  logprobs: value => value === false,
  store: value => value === false,
  service_tier: value => value === 'auto' || value === 'default',
  parallel_tool_calls: value => value === true,
  // A level of effort is a wish, not a setting (dialects.md §2.6.2).
  reasoning_effort: () => true,
}

/** Names that the caller knows the fields by. */
const CALLERS: Record<string, string> = {
  stop: 'stop_sequences',
  user: 'metadata.user_id',
  safety_identifier: 'metadata.user_id',
  parallel_tool_calls: 'tool_choice.disable_parallel_tool_use',
}

/** Takes out of a request what the upstream is known to answer with an error. */
export function dropRefused(body: JsonObject, request: GenerateRequest, traits: UpstreamTraits, context: CodecContext): void {
  for (const field of traits.refuses ?? []) {
    const value = body[field]
    if (value === undefined) continue
    delete body[field]
    if (HARMLESS[field]?.(value)) continue
    const name = request.origin === 'anthropic' ? (CALLERS[field] ?? field) : field
    context.note({ action: 'dropped', field: name, detail: 'the upstream refuses it' })
  }
}
