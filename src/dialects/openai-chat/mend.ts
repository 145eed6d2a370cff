import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import { argumentText, splitContent } from './delta-content.ts'
import { mendedArguments, noteMended } from './tool-arguments.ts'
import { type CallDelta, ToolTracker, toolDeltas } from './tool-tracker.ts'
import { CHUNK_OBJECT, COMPLETION_OBJECT } from './wire.ts'

interface Identity {
  id: string
  created: number
  model: string
}

/** Repairs what breaks the dialect in the chunks of one stream, in place; everything else stays as it is. */
export class ChunkMender {
  #first?: Identity
  readonly #opened = new Set<number>()
  readonly #trackers = new Map<number, ToolTracker>()

  constructor(
    private readonly context: CodecContext,
    private readonly traits: UpstreamTraits = {},
  ) {}

  /** Whether anything had to be changed. */
  mend(chunk: JsonObject): boolean {
    const choices = Array.isArray(chunk.choices) ? chunk.choices : undefined
    // Azure's opening chunk tells of its content filter and names neither model nor object.
    if (choices?.length === 0 && !isObject(chunk.usage)) return false
    let changed = this.#identify(chunk)
    if (chunk.object !== CHUNK_OBJECT) {
      chunk.object = CHUNK_OBJECT
      changed = true
    }
    if (!choices) {
      chunk.choices = []
      return true
    }
    for (const [position, choice] of choices.entries()) {
      if (isObject(choice) && this.#choice(choice, position)) changed = true
    }
    return changed
  }

  /** Every chunk of a stream names the same answer. */
  #identify(chunk: JsonObject): boolean {
    const { id, created, model } = chunk
    const hasId = typeof id === 'string' && id !== ''
    const hasTime = typeof created === 'number'
    const hasModel = typeof model === 'string' && model !== ''
    this.#first ??= {
      id: hasId ? id : this.context.newId('chatcmpl-'),
      created: hasTime ? created : Math.floor(this.context.now() / 1000),
      model: hasModel ? model : '',
    }
    if (hasModel && this.#first.model === '') this.#first.model = model
    if (!hasId) chunk.id = this.#first.id
    if (!hasTime) chunk.created = this.#first.created
    if (typeof model !== 'string' || (model === '' && this.#first.model !== '')) chunk.model = this.#first.model
    return chunk.id !== id || chunk.created !== created || chunk.model !== model
  }

  #choice(choice: JsonObject, position: number): boolean {
    let changed = false
    if (typeof choice.index !== 'number') {
      choice.index = position
      changed = true
    }
    if (!isObject(choice.delta)) {
      choice.delta = isObject(choice.message) ? choice.message : {}
      changed = true
    }
    if (choice.finish_reason === '') {
      choice.finish_reason = null
      changed = true
    }
    const index = choice.index as number
    const delta = choice.delta as JsonObject
    if (flattenContent(delta)) changed = true
    if (this.#tools(delta, index)) changed = true
    if (this.#ending(choice, delta, index)) changed = true
    if (!this.#opened.has(index)) {
      this.#opened.add(index)
      if (typeof delta.role !== 'string') {
        choice.delta = { ...delta, role: 'assistant' }
        changed = true
      }
    }
    return changed
  }

  /** Indexes count 0, 1, 2… over the calls of a choice; SDKs break on anything else (dialects.md §4.8). */
  #tools(delta: JsonObject, index: number): boolean {
    let changed = false
    if (isObject(delta.tool_calls)) {
      delta.tool_calls = [delta.tool_calls]
      changed = true
    }
    if (!Array.isArray(delta.tool_calls)) return changed
    let tracker = this.#trackers.get(index)
    if (!tracker) {
      tracker = new ToolTracker()
      this.#trackers.set(index, tracker)
    }
    for (const taken of tracker.take(toolDeltas(delta))) if (this.#call(taken)) changed = true
    return changed
  }

  #call({ call, wire, arguments: piece, mended, opened }: CallDelta): boolean {
    let changed = stringArguments(wire)
    if (wire.index !== call.ordinal) {
      wire.index = call.ordinal
      changed = true
    }
    if (mended && isObject(wire.function)) {
      noteMended(this.context)
      wire.function.arguments = piece
      changed = true
    }
    if (opened && call.id === '') {
      call.id = this.context.newId('call_')
      wire.id = call.id
      return true
    }
    // Clients take an id that comes later for the call's; an empty one they pass over.
    if (opened || !wire.id || wire.id === call.id) return changed
    delete wire.id
    return true
  }

  /** What the last chunk of a choice has to put right: brackets that its calls lack, and the reason that clients go on for. */
  #ending(choice: JsonObject, delta: JsonObject, index: number): boolean {
    const calls = this.#trackers.get(index)?.calls ?? []
    const reason = choice.finish_reason
    if (calls.length === 0 || (reason !== 'tool_calls' && reason !== 'stop')) return false
    const closings = calls.flatMap(({ ordinal, json }) => {
      const closing = json?.closing ?? ''
      json?.take(closing)
      return closing === '' ? [] : [{ index: ordinal, function: { arguments: closing } }]
    })
    if (closings.length > 0) {
      noteMended(this.context)
      delta.tool_calls = [...(Array.isArray(delta.tool_calls) ? delta.tool_calls : []), ...closings]
    }
    const corrected = reason === 'stop' && this.traits.falseStop === true
    if (corrected) choice.finish_reason = 'tool_calls'
    return corrected || closings.length > 0
  }
}

/** Repairs a whole answer in place. Whether anything had to be changed. */
export function mendBody(body: JsonObject, context: CodecContext, traits: UpstreamTraits = {}): boolean {
  let changed = false
  const set = (target: JsonObject, key: string, value: JsonValue) => {
    target[key] = value
    changed = true
  }
  if (body.object !== COMPLETION_OBJECT) set(body, 'object', COMPLETION_OBJECT)
  if (typeof body.id !== 'string' || body.id === '') set(body, 'id', context.newId('chatcmpl-'))
  if (typeof body.created !== 'number') set(body, 'created', Math.floor(context.now() / 1000))
  for (const [position, choice] of (Array.isArray(body.choices) ? body.choices : []).entries()) {
    if (!isObject(choice)) continue
    if (typeof choice.index !== 'number') set(choice, 'index', position)
    const { message } = choice
    if (!isObject(message)) continue
    if (typeof message.role !== 'string') set(message, 'role', 'assistant')
    if (flattenContent(message)) changed = true
    if (isObject(message.tool_calls)) set(message, 'tool_calls', [message.tool_calls])
    const calls = toolDeltas(message)
    for (const call of calls) if (stringArguments(call)) changed = true
    if (choice.finish_reason === '') set(choice, 'finish_reason', calls.length > 0 ? 'tool_calls' : 'stop')
    const isComplete = choice.finish_reason === 'tool_calls' || choice.finish_reason === 'stop'
    for (const call of Array.isArray(message.tool_calls) ? calls : []) {
      if (call.id === undefined || call.id === '') set(call, 'id', context.newId('call_'))
      const inner = call.function
      const given = isObject(inner) && isComplete ? inner.arguments : undefined
      const mended = typeof given === 'string' ? mendedArguments(given) : given
      if (!isObject(inner) || mended === given || mended === undefined) continue
      noteMended(context)
      set(inner, 'arguments', mended)
    }
    if (calls.length > 0 && choice.finish_reason === 'stop' && traits.falseStop) set(choice, 'finish_reason', 'tool_calls')
  }
  return changed
}

/** Content as a list of parts becomes a string; Mistral's `thinking` parts become `reasoning_content`. */
function flattenContent(message: JsonObject): boolean {
  if (!Array.isArray(message.content)) return false
  const { text, reasoning } = splitContent(message.content)
  message.content = text
  if (reasoning !== '') message.reasoning_content = reasoning
  return true
}

function stringArguments(call: JsonObject): boolean {
  const inner = call.function
  if (!isObject(inner) || !isObject(inner.arguments)) return false
  inner.arguments = argumentText(inner.arguments)
  return true
}
