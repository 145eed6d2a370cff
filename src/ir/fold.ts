import { isObject, type JsonValue } from '../core/json.ts'
import type { ContentPart } from './message.ts'
import type { Choice, GenerateResponse } from './response.ts'
import type { BlockStart, StreamEvent } from './stream.ts'

function partOf(block: BlockStart): ContentPart {
  switch (block.type) {
    case 'tool-call':
      return { type: 'tool-call', id: block.id, name: block.name, arguments: '', kind: block.kind, extensions: block.extensions }
    case 'opaque':
      return { type: 'opaque', origin: block.origin, value: block.value }
    case 'reasoning':
      return { type: 'reasoning', text: '', redacted: block.redacted }
    default:
      return { type: block.type, text: '' }
  }
}

/** Log probabilities so far with those of one more piece, in OpenAI's shape: lists of tokens, by kind. */
function joined(so: JsonValue | undefined, more: JsonValue): JsonValue {
  if (!isObject(more)) return so ?? more
  const all = isObject(so) ? so : {}
  for (const [kind, tokens] of Object.entries(more)) {
    if (!Array.isArray(tokens)) all[kind] ??= tokens
    else {
      const before = all[kind]
      all[kind] = Array.isArray(before) ? before : []
      for (const token of tokens) (all[kind] as JsonValue[]).push(token)
    }
  }
  return all
}

/**
 * A stream that went through the lifecycle, as the whole answer it amounts to. Deltas on opaque blocks are lost but for their origin's
 * own reading of the start value. @throws the GatewayError of an `error` event.
 */
export function foldEvents(events: Iterable<StreamEvent>): GenerateResponse {
  const response: GenerateResponse = { choices: [] }
  const choices = new Map<number, Choice>()
  const choiceAt = (index: number | undefined): Choice => {
    let choice = choices.get(index ?? 0)
    if (!choice) {
      choice = { content: [], finish: { reason: 'stop' } }
      choices.set(index ?? 0, choice)
    }
    return choice
  }
  for (const event of events) {
    switch (event.type) {
      case 'response-start':
        response.id = event.id
        response.model = event.model
        response.created = event.created
        response.usage = event.usage
        response.serviceTier = event.serviceTier
        response.extensions = event.extensions
        break
      case 'block-start':
        choiceAt(event.choice).content.push(partOf(event.block))
        break
      case 'block-delta': {
        const choice = choiceAt(event.choice)
        const part = choice.content.at(-1)
        if (event.logprobs !== undefined) choice.logprobs = joined(choice.logprobs, event.logprobs)
        if (part?.type === 'tool-call') part.arguments += event.text
        else if (part && 'text' in part) part.text += event.text
        break
      }
      case 'annotation': {
        const part = choiceAt(event.choice).content.at(-1)
        if (part?.type === 'text') {
          part.annotations ??= []
          part.annotations.push(event.annotation)
        }
        break
      }
      case 'block-end': {
        const part = choiceAt(event.choice).content.at(-1)
        if (part && event.seal) part.seal = event.seal
        break
      }
      case 'usage':
        response.usage = event.usage
        break
      case 'metadata':
        response.metadata = { origin: event.origin, value: event.value }
        break
      case 'finish':
        choiceAt(event.choice).finish = event.finish
        break
      case 'error':
        throw event.error
      default:
        break
    }
  }
  if (choices.size === 0) choiceAt(0)
  response.choices = [...choices.entries()].sort(([a], [b]) => a - b).map(([, choice]) => choice)
  return response
}
