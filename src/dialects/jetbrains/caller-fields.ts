import type { GenerateRequest } from '../../ir/request.ts'

/** What is named differently by Anthropic's clients and everybody else's. */
const ANTHROPIC_WORDS = {
  stop: 'stop_sequences',
  response_format: 'output_config.format',
  parallel_tool_calls: 'tool_choice.disable_parallel_tool_use',
} as const

/** A field of the request as its caller calls it. */
export const callersName = (field: keyof typeof ANTHROPIC_WORDS, { origin }: GenerateRequest): string =>
  origin === 'anthropic' ? ANTHROPIC_WORDS[field] : field

/** Where the caller said how much to reason. */
export function reasoningField({ origin, reasoning }: GenerateRequest): string {
  if (origin === 'anthropic') return reasoning?.effort === undefined ? 'thinking' : 'output_config.effort'
  if (origin !== 'openai-chat') return 'reasoning'
  return reasoning?.effort === undefined ? 'thinking' : 'reasoning_effort'
}
