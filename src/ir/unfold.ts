import type { ContentPart } from './message.ts'
import type { GenerateResponse } from './response.ts'
import type { BlockStart, StreamEvent } from './stream.ts'

function blockOf(part: ContentPart): BlockStart | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: part.type }
    case 'reasoning':
      return { type: 'reasoning', redacted: part.redacted }
    case 'tool-call':
      return { type: 'tool-call', id: part.id, name: part.name, kind: part.kind, extensions: part.extensions }
    case 'opaque':
      return { type: 'opaque', origin: part.origin, value: part.value }
    default:
      return undefined
  }
}

const textOf = (part: ContentPart): string => (part.type === 'tool-call' ? part.arguments : 'text' in part ? part.text : '')

/** A whole answer as the stream it could have been: for upstreams that answered a streaming request with one body. */
export function unfoldResponse(response: GenerateResponse): StreamEvent[] {
  const { id, model, created, serviceTier, extensions } = response
  const events: StreamEvent[] = [{ type: 'response-start', id, model, created, serviceTier, extensions }]
  for (const [number, { content, finish, logprobs }] of response.choices.entries()) {
    const choice = number === 0 ? undefined : number
    let index = 0
    const spoken = content.find(part => part.type === 'text' && part.text !== '')
    for (const part of content) {
      const block = blockOf(part)
      if (!block) continue
      events.push({ type: 'block-start', index, choice, block })
      const text = textOf(part)
      if (text !== '')
        events.push({ type: 'block-delta', index, choice, text, ...(part === spoken && logprobs !== undefined ? { logprobs } : {}) })
      if (part.type === 'text')
        for (const annotation of part.annotations ?? []) events.push({ type: 'annotation', index, choice, annotation })
      events.push({ type: 'block-end', index, choice, seal: part.seal })
      index++
    }
    events.push({ type: 'finish', choice, finish })
  }
  if (response.usage) events.push({ type: 'usage', usage: response.usage })
  events.push({ type: 'response-end' })
  return events
}
