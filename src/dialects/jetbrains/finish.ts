import type { Finish, FinishReason } from '../../ir/finish.ts'

/** The service's own words, and those that clients of it have seen (jetbrains-ai.md §3.3). */
const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  max_tokens: 'length',
  function_call: 'tool-calls',
  tool_call: 'tool-calls',
  tool_calls: 'tool-calls',
  content_filter: 'content-filter',
  refusal: 'content-filter',
}

/** Says no more than nothing would. */
const UNKNOWN = 'unknown'

/** The end of a choice. @param raw `FinishMetadata.reason`, where there was one */
export function finishOf(raw: string | undefined, called: boolean): Finish {
  const unsaid: FinishReason = called ? 'tool-calls' : 'stop'
  if (raw === undefined) return { reason: unsaid }
  const word = raw.toLowerCase()
  return { reason: Object.hasOwn(REASONS, word) ? (REASONS[word] ?? unsaid) : word === UNKNOWN ? unsaid : 'other', raw }
}
