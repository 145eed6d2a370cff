import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { DialectId } from '../../ir/dialect-id.ts'
import type { Draft } from './draft.ts'
import { DIALECT, EXTENSION_FIELDS, MAPPED_FIELDS } from './wire.ts'

/** Fields of other dialects that mean nothing outside them, so that their loss is none (dialects.md §2.1, §2.2). */
const MEANINGLESS = new Set([
  'deferred_tools',
  'cache_control',
  'anthropic_beta',
  'anthropic_version',
  'betas',
  'store',
  'include',
  'client_metadata',
  'metadata',
  'prompt_cache_key',
  'prompt_cache_retention',
  'truncation',
])

/** Anthropic's fields that change what the request means: leaving them out would answer another question. */
const REFUSED = new Set(['container', 'compaction', 'thread', 'mcp_servers'])

/** Anthropic's own code, on which its SDKs send the conversation again, whole (`error.details.error_code`). */
const NO_THREADS = 'thread_unsupported_request'

const DOCUMENTED: ReadonlySet<string> = new Set([...EXTENSION_FIELDS, ...MAPPED_FIELDS])

/** Request fields that the internal model has no member for: this dialect's own go out again, others' are refused, noted or mean nothing. */
export function encodeExtensions(draft: Draft): void {
  const { request, traits, body, context } = draft
  for (const [origin, members] of Object.entries(request.extensions ?? {}) as [DialectId, JsonObject][]) {
    for (const [field, value] of Object.entries(members)) {
      if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue
      if (origin === DIALECT) {
        if (!traits.unknownFields && !DOCUMENTED.has(field)) context.note({ action: 'dropped', field })
        else if (field === 'stream_options') body.stream_options &&= { ...(value as JsonObject), ...(body.stream_options as JsonObject) }
        else body[field] ??= value
      } else encodeForeign(origin, field, value, draft)
    }
  }
}

function encodeForeign(origin: DialectId, field: string, value: JsonValue, { request, family, context }: Draft): void {
  if (origin === 'anthropic' && REFUSED.has(field))
    throw invalidField(field, 'cannot be carried over to this upstream', field === 'thread' ? NO_THREADS : 'unsupported_parameter')
  if (MEANINGLESS.has(field) || (field === 'speed' && (value === 'standard' || family.openAi))) return
  if (field === 'context_management' && keepsContext(value)) return
  if (field === 'thinking' && request.reasoning) {
    context.note({ action: 'approximated', field, detail: isObject(value) ? String(value.type) : undefined })
    return
  }
  if (field === 'output_config' && isObject(value)) {
    for (const member of Object.keys(value)) context.note({ action: 'dropped', field: `${field}.${member}` })
    return
  }
  context.note({ action: 'dropped', field })
}

/** Claude Code always asks for earlier thinking to be cleared away, which nobody else keeps (dialects.md §2.2). */
const keepsContext = (value: JsonValue): boolean => {
  const edits = isObject(value) ? value.edits : undefined
  return !Array.isArray(edits) || edits.every(edit => isObject(edit) && String(edit.type).startsWith('clear_thinking_'))
}
