import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { Finish, FinishReason } from '../../ir/finish.ts'
import type { UpstreamTraits } from '../dialect.ts'
import { splitContent } from './delta-content.ts'
import { errorOfText } from './upstream-error.ts'

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

/** Alibaba's word for an error whose text stands where the answer should (qwen.md §2.5). */
const ERROR_IN_CONTENT = 'error_finish'

/** Whether what a choice says is no answer but an error's text. */
export const saysError = (choice: JsonObject): boolean => choice.finish_reason === ERROR_IN_CONTENT

/** The finish of a choice, or an error where the upstream's reason is one; undefined while there is none. */
export function decodeFinish(choice: JsonObject, traits?: UpstreamTraits): Finish | GatewayError | undefined {
  const raw = choice.finish_reason
  if (typeof raw !== 'string' || raw === '') return undefined
  if (raw === ERROR_IN_CONTENT) {
    const said = isObject(choice.delta) ? choice.delta : isObject(choice.message) ? choice.message : {}
    return errorOfText(splitContent(said.content).text, traits)
  }
  const failure = FAILURES[raw]
  if (failure) return new GatewayError(failure, 'the upstream broke off its answer', { cause: raw })
  const reason = REASONS[raw] ?? 'other'
  // vLLM and SGLang say which stop sequence matched.
  const matched = [choice.stop_reason, choice.matched_stop].find(value => typeof value === 'string' && value !== '')
  return reason === 'stop' && typeof matched === 'string' ? { reason: 'stop-sequence', raw, stopSequence: matched } : { reason, raw }
}

/** Whether the answer ended because something else did: what it lacks is more than a bracket. */
export const isCut = ({ reason }: Finish): boolean => reason === 'length' || reason === 'context-length' || reason === 'content-filter'

/** The tool calls of the answer win over the vendor's word, because clients end their loop on anything but `tool_calls` (dialects.md §3.1). */
export function honest(finish: Finish, toolCalls: number): Finish {
  if (toolCalls > 0) return isCut(finish) ? finish : { ...finish, reason: 'tool-calls' }
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
