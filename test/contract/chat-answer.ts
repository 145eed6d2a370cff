import type { OpenAI } from 'openai'
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions'
import type { JsonObject } from '../../src/core/json.ts'
import type { AnswerCase } from './answers.ts'

type Becomes = AnswerCase['becomes']

const USAGE = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 }
const SAID = { role: 'assistant', content: 'Well.', refusal: null }
const CALL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }

export const completion = (members: JsonObject = {}, said: JsonObject = {}, choice: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'gpt',
  choices: [{ index: 0, message: { ...SAID, ...said }, logprobs: null, finish_reason: 'stop', ...choice }],
  usage: USAGE,
  ...members,
})

const member = (members: JsonObject, becomes: Becomes): AnswerCase => ({ says: completion(members), without: completion(), becomes })
const said = (members: JsonObject, becomes: Becomes, finish = 'stop'): AnswerCase => ({
  says: completion({}, members, { finish_reason: finish }),
  without: completion(),
  becomes,
})

/** Every member of a completion, and of a chunk, on its way to an Anthropic client (dialects.md §3). */
export const COMPLETION_MEMBERS: Record<keyof ChatCompletion | keyof ChatCompletionChunk, AnswerCase> = {
  id: member({ id: 'chatcmpl-2' }, 'silent'),
  object: member({}, 'silent'),
  created: member({ created: 1_790_000_001 }, 'silent'),
  model: member({ model: 'gpt-other' }, 'silent'),
  choices: said({ content: 'Other.' }, 'mapped'),
  usage: member({ usage: { ...USAGE, prompt_tokens: 10, total_tokens: 14 } }, 'mapped'),
  metadata: member({ metadata: { run: '7' } }, 'silent'),
  moderation: member({ moderation: { input: { flagged: false } } }, 'silent'),
  obfuscation: member({ obfuscation: 'xyz' }, 'silent'),
  service_tier: member({ service_tier: 'default' }, 'silent'),
  system_fingerprint: member({ system_fingerprint: 'fp_1' }, 'silent'),
}

const LOGPROBS = { content: [{ token: 'Well.', logprob: -0.1, bytes: null, top_logprobs: [] }], refusal: null }

/** Every member of a choice. */
export const CHOICE_MEMBERS: Record<keyof ChatCompletion.Choice | Exclude<keyof ChatCompletionChunk.Choice, 'delta'>, AnswerCase> = {
  index: member({}, 'silent'),
  message: said({ content: 'Other.' }, 'mapped'),
  finish_reason: said({}, 'mapped', 'length'),
  logprobs: { says: completion({}, {}, { logprobs: LOGPROBS }), without: completion(), becomes: 'silent' },
}

/** Every member of an answer's message and of its deltas. */
export const SAID_MEMBERS: Record<
  keyof OpenAI.Chat.Completions.ChatCompletionMessage | keyof ChatCompletionChunk.Choice.Delta,
  AnswerCase
> = {
  role: member({}, 'silent'),
  content: said({ content: 'Other.' }, 'mapped'),
  refusal: said({ content: null, refusal: 'No.' }, 'mapped'),
  tool_calls: said({ content: null, tool_calls: [CALL] }, 'mapped', 'tool_calls'),
  function_call: said({ content: null, function_call: { name: 'look', arguments: '{}' } }, 'mapped', 'function_call'),
  annotations: said(
    { annotations: [{ type: 'url_citation', url_citation: { url: 'https://example.com', title: 'T', start_index: 0, end_index: 4 } }] },
    'dropped',
  ),
  audio: said({ audio: { id: 'audio_1', data: 'UklGRg==', expires_at: 1_790_000_000, transcript: 'Well.' } }, 'dropped'),
}

/** What servers add to a message. */
export const VENDOR_SAID_MEMBERS: Record<'reasoning_content' | 'reasoning', AnswerCase> = {
  reasoning_content: said({ reasoning_content: 'Hm.' }, 'mapped'),
  reasoning: said({ reasoning: 'Hm.' }, 'mapped'),
}

/** Both types of tool call. */
export const CALL_TYPES: Record<OpenAI.Chat.Completions.ChatCompletionMessageToolCall['type'], AnswerCase> = {
  function: said({ content: null, tool_calls: [CALL] }, 'mapped', 'tool_calls'),
  custom: said(
    { content: null, tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'patch', input: 'x' } }] },
    'mapped',
    'tool_calls',
  ),
}

/** What an Anthropic client reads for each finish reason (dialects.md §3.1). */
export const FINISH_REASONS: Record<ChatCompletion.Choice['finish_reason'], 'end_turn' | 'max_tokens' | 'tool_use' | 'refusal'> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
}

const counted = (details: JsonObject, becomes: Becomes): AnswerCase => member({ usage: { ...USAGE, ...details } }, becomes)

/** Every count (dialects.md §3.2). */
export const USAGE_MEMBERS: Record<keyof OpenAI.CompletionUsage, AnswerCase> = {
  prompt_tokens: counted({ prompt_tokens: 19, total_tokens: 23 }, 'mapped'),
  completion_tokens: counted({ completion_tokens: 14, total_tokens: 23 }, 'mapped'),
  total_tokens: counted({}, 'silent'),
  prompt_tokens_details: counted({ prompt_tokens_details: { cached_tokens: 5 } }, 'mapped'),
  completion_tokens_details: counted({ completion_tokens_details: { reasoning_tokens: 2 } }, 'mapped'),
}

export const PROMPT_DETAILS: Record<keyof OpenAI.CompletionUsage.PromptTokensDetails, AnswerCase> = (() => {
  const detail = (name: string, becomes: Becomes): AnswerCase => counted({ prompt_tokens_details: { [name]: 5 } }, becomes)
  return {
    cached_tokens: detail('cached_tokens', 'mapped'),
    cache_write_tokens: detail('cache_write_tokens', 'mapped'),
    audio_tokens: detail('audio_tokens', 'silent'),
    image_tokens: detail('image_tokens', 'silent'),
    text_tokens: detail('text_tokens', 'silent'),
  }
})()

export const COMPLETION_DETAILS: Record<keyof OpenAI.CompletionUsage.CompletionTokensDetails, AnswerCase> = (() => {
  const detail = (name: string, becomes: Becomes): AnswerCase => counted({ completion_tokens_details: { [name]: 2 } }, becomes)
  return {
    reasoning_tokens: detail('reasoning_tokens', 'mapped'),
    accepted_prediction_tokens: detail('accepted_prediction_tokens', 'silent'),
    rejected_prediction_tokens: detail('rejected_prediction_tokens', 'silent'),
    audio_tokens: detail('audio_tokens', 'silent'),
    text_tokens: detail('text_tokens', 'silent'),
  }
})()
