import { isObject, type JsonObject, type JsonValue, tryParseJson } from '../../core/json.ts'

/** A tool call as it grows over a stream. */
export interface GrowingCall {
  /** The service's id; '' until one has come. */
  id: string
  name: string
  arguments: string
  /** `parallelToolIndex`, where the service said one. */
  position: number | undefined
}

export interface CallPiece {
  call: GrowingCall
  /** The arguments in this event. */
  piece: string
  opened: boolean
  /** The call before it, where nothing more can come for that. */
  ended?: GrowingCall
}

/**
 * Tells which call an event belongs to. By the rules a v8 event has `parallelToolIndex`, and the first of a call its id and name; but the index may be missing
 * or always the same, so that a new id means a new call as well, and ids may be missing too (jetbrains-ai.md §3.2).
 */
export class ToolCallTracker {
  readonly calls: GrowingCall[] = []

  /** v8. Undefined where the event says nothing. */
  takeTool(event: JsonObject): CallPiece | undefined {
    const id = textOf(event.id)
    const name = textOf(event.name)
    const piece = argumentText(event.content)
    if (id === '' && name === '' && piece === '') return undefined
    const position = typeof event.parallelToolIndex === 'number' ? event.parallelToolIndex : undefined
    const at = position === undefined ? this.calls.at(-1) : this.calls.findLast(call => (call.position ?? 0) === position)
    const call = this.#continued({ id, name, piece, position }, at)
    if (!call) return this.#open({ id, name, arguments: piece, position })
    call.id ||= id
    call.name ||= name
    call.arguments += piece
    return { call, piece, opened: false }
  }

  /** v7: one call after the other, each begun by its name. */
  takeFunction(event: JsonObject): CallPiece | undefined {
    const name = textOf(event.name) || textOf(event.functionName)
    const piece = argumentText(event.content)
    const last = this.calls.at(-1)
    if (name !== '') return this.#open({ id: '', name, arguments: piece, position: undefined }, last)
    if (piece === '') return undefined
    if (!last) return this.#open({ id: '', name, arguments: piece, position: undefined })
    last.arguments += piece
    return { call: last, piece, opened: false }
  }

  #open(call: GrowingCall, ended?: GrowingCall): CallPiece {
    this.calls.push(call)
    return { call, piece: call.arguments, opened: true, ...(ended && { ended }) }
  }

  /** The call that an event goes on with; undefined where it opens one. @param at the call at the event's index, or the last one */
  #continued(event: { id: string; name: string; piece: string; position: number | undefined }, at: GrowingCall | undefined) {
    const { id, name, piece, position } = event
    if (id !== '') {
      const same = this.calls.findLast(call => call.id === id && (position === undefined || (call.position ?? 0) === position))
      if (same) return same
      // An id that comes late.
      return at && at.id === '' && (name === '' || at.name === '') ? at : undefined
    }
    if (!at || name === '' || at.name === '') return at
    // A name without an id opens a call, unless it is only repeated.
    const repeated = name === at.name && position !== undefined && !(piece !== '' && isWhole(at.arguments))
    return repeated ? at : undefined
  }
}

const isWhole = (text: string): boolean => text !== '' && tryParseJson(text) !== undefined

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '')

/** Arguments as the string they should be. */
const argumentText = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : isObject(value) ? JSON.stringify(value) : ''
