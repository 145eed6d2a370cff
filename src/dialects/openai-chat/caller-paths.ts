import type { GenerateRequest } from '../../ir/request.ts'
import { DIALECT } from './wire.ts'

/**
 * Where each message's content stood in the caller's request, for notes and errors: an Anthropic caller's instructions are its `system`, and its tool results
 * share a message with what the user says next; in this dialect every result is a message.
 */
export function callerPaths({ origin, messages }: GenerateRequest): string[] {
  if (origin === 'openai-responses') return messages.map(() => 'input')
  const gemini = origin === 'gemini'
  const shares = gemini || origin === 'anthropic'
  const paths: string[] = []
  let next = 0
  for (const [index, message] of messages.entries()) {
    if (shares && index === 0 && message.role === 'system') {
      paths.push(gemini ? 'systemInstruction.parts' : 'system')
      continue
    }
    paths.push(gemini ? `contents.${next}.parts` : `messages.${next}.content`)
    if (message.role === 'tool' && origin === DIALECT) next += message.content.length
    else if (!(shares && message.role === 'tool' && messages[index + 1]?.role === 'user')) next++
  }
  return paths
}

/** The path of one part; the items of a Responses input cannot be told apart any more. */
export const partPath = (path: string, index: number): string => (path === 'input' ? path : `${path}.${index}`)

/** The type word of a foreign part, for a note. */
export const kindOfForeignPart = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' ? value.type : 'opaque'
