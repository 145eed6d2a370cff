/** A base URL of its own for Anthropic's clients; empty for the plain one. */
export type Prefix = '' | '/anthropic' | '/api/anthropic'

/** Where the twins of the Anthropic routes are listed. */
export const PREFIXED_TAG = 'Other Anthropic base URLs'

export const tagOf = (tag: string, prefix: Prefix): string => (prefix === '' ? tag : PREFIXED_TAG)

/** An operation's id under a prefix: `createMessage`, `createMessageUnderAnthropic`, `createMessageUnderApiAnthropic`. */
export function twin(operationId: string, prefix: Prefix): string {
  const words = prefix.split('/').filter(word => word !== '')
  const under = words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return under === '' ? operationId : `${operationId}Under${under}`
}
