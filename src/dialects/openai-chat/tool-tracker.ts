import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import type { Sealed } from '../../ir/message.ts'
import { readGoogleSeal } from './carried-reasoning.ts'
import { argumentText } from './delta-content.ts'
import { ArgumentText } from './tool-arguments.ts'

/** The tool calls of a delta; the older `function_call` is one without an id. */
export function toolDeltas(delta: JsonObject): JsonObject[] {
  if (Array.isArray(delta.tool_calls)) return delta.tool_calls.filter(isObject)
  if (isObject(delta.tool_calls)) return [delta.tool_calls]
  return isObject(delta.function_call) ? [{ index: 0, function: delta.function_call }] : []
}

/** A tool call as it grows over a stream. */
export interface TrackedCall {
  /** 0, 1, 2… in order of first appearance, whatever the upstream's own index. */
  readonly ordinal: number
  readonly wireIndex: number
  id: string
  name: string
  kind: 'function' | 'custom'
  /** All arguments so far. */
  arguments: string
  /** The same, as it is told where they end; free text of a custom tool has no end of its own. */
  readonly json: ArgumentText | undefined
  seal?: Sealed
  /** The chunk that last touched the call. */
  chunk: number
}

export interface CallDelta {
  call: TrackedCall
  /** The delta itself. */
  wire: JsonObject
  /** The piece of arguments in this delta. */
  arguments: string
  /** The piece is less than what the delta has. */
  mended: boolean
  opened: boolean
}

/**
 * Tells which call a delta of `tool_calls` belongs to. `index` alone does not: servers omit it, send 0 for every call, start at 1, repeat ids, send
 * the id late or split the name (dialects.md §2.12, §4.1).
 */
export class ToolTracker {
  readonly calls: TrackedCall[] = []
  #chunk = 0

  #takeOne(delta: JsonObject, position: number, count: number): CallDelta {
    const kind = isObject(delta.custom) ? 'custom' : 'function'
    const inner = isObject(delta[kind]) ? (delta[kind] as JsonObject) : delta
    const id = typeof delta.id === 'string' ? delta.id : ''
    const name = typeof inner.name === 'string' ? inner.name : ''
    const index = typeof delta.index === 'number' ? delta.index : undefined
    const piece = argumentText(kind === 'custom' ? inner.input : inner.arguments)
    let call = this.#find(id, name, piece, index ?? (count > 1 ? position : undefined))
    const opened = !call
    if (!call) {
      const json = kind === 'function' ? new ArgumentText() : undefined
      call = { ordinal: this.calls.length, wireIndex: index ?? position, id: '', name: '', kind, arguments: '', json, chunk: this.#chunk }
      this.calls.push(call)
    }
    call.chunk = this.#chunk
    call.id ||= id
    // A name may come in pieces before the arguments begin; servers that repeat it whole with every delta mean the same call.
    if (name !== '' && name !== call.name && call.arguments === '') call.name += name
    const kept = call.json?.take(piece) ?? piece
    call.arguments += kept
    call.seal = readGoogleSeal(delta) ?? call.seal
    return { call, wire: delta, arguments: kept, mended: kept !== piece, opened }
  }

  /** The deltas of one chunk, each read when it is asked for: what its call is then lacks what later ones add. */
  *take(deltas: readonly JsonObject[]): Generator<CallDelta> {
    this.#chunk++
    for (const [position, delta] of deltas.entries()) yield this.#takeOne(delta, position, deltas.length)
  }

  /** The call a delta continues; undefined where it opens a new one. An index of 0 tells nothing: there are servers that know no other. */
  #find(id: string, name: string, piece: string, index: number | undefined): TrackedCall | undefined {
    if (id !== '') {
      const same = this.calls.findLast(
        call => call.id === id && (!index || call.wireIndex === index) && !(name !== '' && call.chunk === this.#chunk),
      )
      if (same) return same
    }
    const at = index === undefined ? this.calls.at(-1) : this.calls.findLast(call => call.wireIndex === index)
    if (!at) return undefined
    if (name === '' && id === '' && piece.trim() !== '' && at.json?.isWhole && piece !== at.arguments) return this.#unfinished() ?? at
    if (name === '') return at.id !== '' && id !== '' && index === undefined ? undefined : at
    return this.#opensAnother(at, id, piece) ? undefined : at
  }

  /** The last call whose arguments are still growing: what is sent to one that has all of its own is meant for it. */
  #unfinished(): TrackedCall | undefined {
    return this.calls.findLast(call => call.json?.isWhole === false)
  }

  /** Whether a delta with a name, aimed at a call that exists, means another: a new id, or arguments where none can follow. */
  #opensAnother(at: TrackedCall, id: string, piece: string): boolean {
    if (id !== '' && at.id !== '') return true
    if (at.chunk === this.#chunk) return true
    return piece !== '' && tryParseJson(at.arguments) !== undefined
  }
}
