import { GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Finish, FinishReason } from '../../ir/finish.ts'

export type WireFinish = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** Vendors' words beside OpenAI's own: Mistral's `model_length`, Zhipu's `sensitive`, text-generation servers' `eos`. */
const REASONS: Record<string, FinishReason> = {
  stop: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  end_turn: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'context-length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  sensitive: 'content-filter',
}

/** Words that say that there is no whole answer. */
const FAILURES: Record<string, 'bad-gateway' | 'overloaded'> = {
  error: 'bad-gateway',
  network_error: 'bad-gateway',
  insufficient_system_resource: 'overloaded',
}

/** The finish of a choice, or an error where the upstream's reason is one; undefined while there is none. */
export function decodeFinish(choice: JsonObject): Finish | GatewayError | undefined {
  const raw = choice.finish_reason
  if (typeof raw !== 'string' || raw === '') return undefined
  const failure = FAILURES[raw]
  if (failure) return new GatewayError(failure, 'the upstream broke off its answer', { cause: raw })
  const reason = REASONS[raw] ?? 'other'
  // vLLM and SGLang say which stop sequence matched.
  const matched = [choice.stop_reason, choice.matched_stop].find(value => typeof value === 'string' && value !== '')
  return reason === 'stop' && typeof matched === 'string' ? { reason: 'stop-sequence', raw, stopSequence: matched } : { reason, raw }
}

/** The tool calls of the answer win over the vendor's word, because clients end their loop on anything but `tool_calls` (dialects.md §3.1). */
export function honest(finish: Finish, toolCalls: number): Finish {
  if (toolCalls > 0)
    return ['length', 'context-length', 'content-filter'].includes(finish.reason) ? finish : { ...finish, reason: 'tool-calls' }
  return finish.reason === 'tool-calls' ? { ...finish, reason: 'stop' } : finish
}

export function encodeFinish(finish: Finish, toolCalls: number): WireFinish {
  switch (honest(finish, toolCalls).reason) {
    case 'length':
    case 'context-length':
      return 'length'
    case 'tool-calls':
      return 'tool_calls'
    case 'content-filter':
      return 'content_filter'
    default:
      return 'stop'
  }
}

/** What a client reads in `refusal` where the vendor refused; undefined where it did not say so. */
export const refusalText = (finish: Finish): string | undefined =>
  finish.refusal && (finish.refusal.explanation || 'The model declined to answer.')
