import type { ContentPart } from './message.ts'
import type { GenerateResponse } from './response.ts'
import type { StreamEvent } from './stream.ts'

/** What a request was changed in for its upstream's sake, and has to be undone in the answer. */
export interface Reversal {
  /** The client's own names of tools, by the names that the upstream was given. */
  names?: ReadonlyMap<string, string>
  /** A tool that the model was made to call because its input is the answer that the client waits for. */
  answerTool?: string
}

/** A whole answer in the client's terms. */
export function reverseResponse(response: GenerateResponse, reversal: Reversal): GenerateResponse {
  const reverse = (part: ContentPart): ContentPart => {
    if (part.type !== 'tool-call') return part
    if (part.name === reversal.answerTool) return { type: 'text', text: part.arguments || '{}' }
    const name = reversal.names?.get(part.name)
    return name === undefined ? part : { ...part, name }
  }
  return { ...response, choices: response.choices.map(choice => ({ ...choice, content: choice.content.map(reverse) })) }
}

/** The same for a stream, event by event as its decoder hands them out. */
export class StreamReverser {
  /** Blocks of the answer that nothing was said in yet. */
  readonly #silent = new Set<string>()

  constructor(private readonly reversal: Reversal) {}

  push(events: StreamEvent[]): StreamEvent[] {
    return events.some(event => event.type === 'block-start' && event.block.type === 'tool-call') || this.#silent.size > 0
      ? events.flatMap(event => this.#reverse(event))
      : events
  }

  #reverse(event: StreamEvent): StreamEvent[] {
    switch (event.type) {
      case 'block-start': {
        const { block } = event
        if (block.type !== 'tool-call') return [event]
        if (block.name === this.reversal.answerTool) {
          this.#silent.add(keyOf(event))
          return [{ ...event, block: { type: 'text' } }]
        }
        const name = this.reversal.names?.get(block.name)
        return name === undefined ? [event] : [{ ...event, block: { ...block, name } }]
      }
      case 'block-delta':
        if (event.text !== '') this.#silent.delete(keyOf(event))
        return [event]
      case 'block-end':
        if (!this.#silent.delete(keyOf(event))) return [event]
        return [{ type: 'block-delta', index: event.index, choice: event.choice, text: '{}' }, event]
      default:
        return [event]
    }
  }
}

const keyOf = ({ index, choice }: { index: number; choice?: number }): string => `${choice ?? 0}.${index}`
