import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Finish, FinishReason } from '../../ir/finish.ts'

const REASON_OF: Record<string, FinishReason> = {
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  model_context_window_exceeded: 'context-length',
  tool_use: 'tool-calls',
  refusal: 'content-filter',
  pause_turn: 'pause',
}

const STOP_REASON_OF: Record<FinishReason, string> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'context-length': 'model_context_window_exceeded',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  pause: 'pause_turn',
  other: 'end_turn',
}

/** Reads `stop_reason`, `stop_sequence` and `stop_details` of a message or a `message_delta`; undefined where no reason is given yet. */
export function decodeFinish(from: JsonObject): Finish | undefined {
  const raw = from.stop_reason
  if (typeof raw !== 'string' || raw === '') return undefined
  const finish: Finish = { reason: REASON_OF[raw] ?? 'other', raw }
  if (typeof from.stop_sequence === 'string') finish.stopSequence = from.stop_sequence
  if (finish.reason === 'content-filter') {
    const details = isObject(from.stop_details) ? from.stop_details : {}
    finish.refusal = { category: text(details.category), explanation: text(details.explanation) }
  }
  return finish
}

const text = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined)

export interface StopFields extends JsonObject {
  stop_reason: string
  stop_sequence: string | null
  stop_details: JsonValue
}

/** Tool calls that went out. `direct`: the model itself made one, not the vendor's code execution, which may have been answered there. */
export interface EmittedCalls {
  any: boolean
  direct: boolean
}

export function countCall(calls: EmittedCalls, block: JsonObject): void {
  if (block.type !== 'tool_use') return
  calls.any = true
  if (!isObject(block.caller) || block.caller.type === 'direct') calls.direct = true
}

/** What was emitted wins over what the upstream called it: `tool_use` exactly where a tool call went out (dialects.md §3.1). */
export function encodeFinish(finish: Finish, calls: EmittedCalls): StopFields {
  const reason = stopReason(finish, calls)
  return {
    stop_reason: reason,
    stop_sequence: reason === 'stop_sequence' ? (finish.stopSequence ?? null) : null,
    stop_details:
      reason === 'refusal'
        ? { type: 'refusal', category: finish.refusal?.category ?? null, explanation: finish.refusal?.explanation ?? null }
        : null,
  }
}

function stopReason(finish: Finish, calls: EmittedCalls): string {
  const { reason } = finish
  if (calls.direct && (reason === 'stop' || reason === 'stop-sequence' || reason === 'other')) return 'tool_use'
  if (!calls.any && reason === 'tool-calls') return 'end_turn'
  // The one stop reason of the beta service that nobody else has.
  if (reason === 'other' && finish.raw === 'compaction') return 'compaction'
  return STOP_REASON_OF[reason]
}
