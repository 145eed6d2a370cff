import { isObject, type Json } from '../../checkers/json.ts'
import * as answers from './answers.ts'
import { noNullContent, systemFirst, toolChoiceIs } from './rules.ts'
import type { Vendor } from './vendor.ts'

export const beginning = 'System message must be at the beginning.'

export const effortOf = (body: Json): boolean => body.reasoning_effort !== undefined && body.reasoning_effort !== 'none'

/** Servers that people run themselves, with a model whose template takes instructions first. */
export const OWN_SERVERS: Record<string, Vendor> = {
  ollama: {
    model: 'qwen3',
    rules: [noNullContent('invalid message content type: <nil>')],
    refusal: ({ message }) => ({ status: 400, body: { error: message } }),
    answer: answers.ollama,
    reasons: effortOf,
  },

  vllm: {
    model: 'Qwen/Qwen3.6-27B',
    rules: [systemFirst(beginning)],
    refusal: ({ message }) => ({ status: 400, body: { object: 'error', message, type: 'BadRequestError', param: null, code: 400 } }),
    answer: answers.reasoningMember,
    reasons: body => !isObject(body.chat_template_kwargs) || body.chat_template_kwargs.enable_thinking !== false,
  },

  lmstudio: {
    model: 'qwen3-8b',
    rules: [
      toolChoiceIs(
        choice => typeof choice === 'string',
        () => "Invalid tool_choice type: 'object'. Supported string values: none, auto, required",
      ),
      systemFirst(beginning),
    ],
    refusal: ({ message }) => ({ status: 400, body: { error: message } }),
    answer: answers.thinkTags,
    reasons: effortOf,
  },
}
