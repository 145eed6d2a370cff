import type { GenerateRequest } from './request.ts'

/**
 * Where each message's content stood in the caller's request, for errors and notes. Dialects that keep one entry a tool result, or results and
 * text in one entry, count differently from the internal model.
 */
export function callerPaths(request: GenerateRequest): string[] {
  const { origin, messages } = request
  if (origin === 'openai-responses') return messages.map(() => INPUT)
  const [list, content, system] = origin === 'gemini' ? ['contents', 'parts', 'systemInstruction.parts'] : ['messages', 'content', 'system']
  const apart = origin === 'gemini' || origin === 'anthropic'
  const paths: string[] = []
  let next = 0
  for (const [index, message] of messages.entries()) {
    if (apart && index === 0 && message.role === 'system') {
      paths.push(system as string)
      continue
    }
    paths.push(`${list}.${next}.${content}`)
    const sharesEntry = apart && message.role === 'tool' && messages[index + 1]?.role === 'user'
    const entries = origin === 'openai-chat' && message.role === 'tool' ? message.content.length : 1
    if (!sharesEntry) next += entries
  }
  return paths
}

/** Items of a Responses input became parts of messages; which one a part was cannot be told any more. */
const INPUT = 'input'

export const partPath = (path: string, index: number): string => (path === INPUT ? path : `${path}.${index}`)
