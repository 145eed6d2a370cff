import { isObject, type JsonValue } from '../../core/json.ts'
import { textOf } from './decode-content.ts'

/** `content` of an answer: a string, or the parts that Mistral sends, whose `thinking` is reasoning. */
export function splitContent(content: JsonValue | undefined): { text: string; reasoning: string } {
  if (typeof content === 'string') return { text: content, reasoning: '' }
  if (!Array.isArray(content)) return { text: '', reasoning: '' }
  let text = ''
  let reasoning = ''
  for (const part of content) {
    if (typeof part === 'string') text += part
    else if (!isObject(part)) continue
    else if (part.type === 'thinking') reasoning += textOf(part.thinking)
    else if (typeof part.text === 'string') text += part.text
  }
  return { text, reasoning }
}

/** `arguments` as the string it should be: some servers send the object itself. */
export const argumentText = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
