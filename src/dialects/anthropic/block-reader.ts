import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Sealed } from '../../ir/message.ts'
import { readSeal } from '../../ir/reasoning.ts'
import type { StreamEvent } from '../../ir/stream.ts'
import type { CodecContext } from '../dialect.ts'
import { voidInput } from './abandoned.ts'
import { CallIds, decodeCitation, inputText, textOf } from './decode-response.ts'

type Kind = 'text' | 'reasoning' | 'tool' | 'opaque'

interface OpenBlock {
  /** Ours: dense over the whole stream. */
  index: number
  kind: Kind
  seal?: Sealed
  /** Text that the start already held: of a tool, its input, which counts only where no deltas follow. */
  held: string
  /** What a tool's deltas have said so far. */
  input: string
  /** An opaque block that grows by deltas of its own kind, which nobody else could join: handed out whole when it ends. */
  whole?: JsonObject
  /** Citations so far. They are of the whole block, so that they go out when its text is known. */
  citations: JsonValue[]
}

/** The block kind that a delta belongs to, for blocks whose start was lost. */
const KIND_OF_DELTA: Record<string, Kind> = {
  text_delta: 'text',
  citations_delta: 'text',
  thinking_delta: 'reasoning',
  signature_delta: 'reasoning',
  input_json_delta: 'tool',
}

/** The content blocks of a Messages stream. Indexes are the upstream's until they get here; what comes out counts on across restarts. */
export class BlockReader {
  /** Whether a tool call was begun. */
  called = false
  #next = 0
  readonly #ids: CallIds
  readonly #open = new Map<number, OpenBlock>()

  constructor(private readonly context: CodecContext) {
    this.#ids = new CallIds(context)
  }

  start(data: JsonObject): StreamEvent[] {
    const at = indexOf(data) ?? this.#next
    const events = this.#end(at)
    if (isObject(data.content_block)) events.push(...this.#begin(at, data.content_block))
    return events
  }

  /** A block that came in one piece. */
  whole(block: JsonObject): StreamEvent[] {
    const at = -1
    return [...this.#begin(at, block), ...this.#end(at)]
  }

  delta(data: JsonObject): StreamEvent[] {
    if (!isObject(data.delta)) return []
    const { delta } = data
    const at = indexOf(data) ?? [...this.#open.keys()].at(-1) ?? this.#next
    const open = this.#open.get(at)
    const kind = KIND_OF_DELTA[String(delta.type)]
    if (open && (kind === open.kind || open.kind === 'opaque')) return this.#append(open, delta)
    // A tool call cannot be made up without its name; other blocks can.
    if (kind === undefined || kind === 'tool') {
      if (kind === 'tool') this.#lost('tool input outside a tool call')
      return []
    }
    const events = [...this.#end(at), ...this.#begin(at, { type: kind === 'text' ? 'text' : 'thinking' })]
    const begun = this.#open.get(at)
    if (begun) events.push(...this.#append(begun, delta))
    return events
  }

  stop(data: JsonObject): StreamEvent[] {
    return this.#end(indexOf(data) ?? [...this.#open.keys()].at(-1) ?? -1)
  }

  endAll(): StreamEvent[] {
    return [...this.#open.keys()].flatMap(at => this.#end(at))
  }

  /** The upstream begins anew: a call that it left half-said must not run. */
  restart(): StreamEvent[] {
    const events: StreamEvent[] = []
    for (const open of this.#open.values()) {
      if (open.kind !== 'tool') continue
      const text = voidInput(open.input)
      if (text !== '') events.push({ type: 'block-delta', index: open.index, text })
      this.#lost('a tool call that the upstream gave up')
    }
    return [...events, ...this.endAll()]
  }

  #lost(detail: string): void {
    this.context.note({ action: 'dropped', field: 'content', detail })
  }

  #begin(at: number, block: JsonObject): StreamEvent[] {
    const index = this.#next++
    const begin = (kind: Kind, held = ''): OpenBlock => {
      const open: OpenBlock = { index, kind, held, input: '', citations: [] }
      this.#open.set(at, open)
      return open
    }
    const withText = (text: string): StreamEvent[] => (text === '' ? [] : [{ type: 'block-delta', index, text }])
    switch (block.type) {
      case 'text': {
        begin('text').citations = Array.isArray(block.citations) ? [...block.citations] : []
        return [{ type: 'block-start', index, block: { type: 'text' } }, ...withText(textOf(block.text))]
      }
      case 'thinking':
        begin('reasoning').seal = readSeal(textOf(block.signature), 'anthropic')
        return [{ type: 'block-start', index, block: { type: 'reasoning' } }, ...withText(textOf(block.thinking))]
      case 'redacted_thinking':
        begin('reasoning').seal = readSeal(textOf(block.data), 'anthropic')
        return [{ type: 'block-start', index, block: { type: 'reasoning', redacted: true } }]
      case 'tool_use': {
        this.called = true
        const { type: _type, id, name, input, ...rest } = block
        begin('tool', isObject(input) && Object.keys(input).length === 0 ? '' : inputText(input))
        const own = Object.keys(rest).length > 0 && { extensions: { anthropic: rest } }
        return [{ type: 'block-start', index, block: { type: 'tool-call', id: this.#ids.take(textOf(id)), name: textOf(name), ...own } }]
      }
      default: {
        const open = begin('opaque')
        // Server tools are called like the client's, with their input in deltas.
        if (isObject(block.input)) return [{ type: 'block-start', index, block: { type: 'opaque', origin: 'anthropic', value: block } }]
        open.whole = block
        return []
      }
    }
  }

  #append(open: OpenBlock, delta: JsonObject): StreamEvent[] {
    const { index } = open
    const text = (value: string): StreamEvent[] => (value === '' ? [] : [{ type: 'block-delta', index, text: value }])
    if (open.whole) {
      const { type: _type, ...members } = delta
      open.whole = { ...open.whole, ...members }
      return []
    }
    switch (delta.type) {
      case 'text_delta':
        return text(textOf(delta.text))
      case 'thinking_delta':
        return text(textOf(delta.thinking))
      case 'signature_delta':
        open.seal = readSeal(textOf(delta.signature), 'anthropic') ?? open.seal
        return []
      case 'citations_delta':
        open.citations.push(delta.citation ?? null)
        return []
      case 'input_json_delta':
        open.input += textOf(delta.partial_json)
        return text(textOf(delta.partial_json))
      default:
        return []
    }
  }

  #end(at: number): StreamEvent[] {
    const open = this.#open.get(at)
    if (!open) return []
    this.#open.delete(at)
    const { index } = open
    const events: StreamEvent[] = []
    if (open.whole) events.push({ type: 'block-start', index, block: { type: 'opaque', origin: 'anthropic', value: open.whole } })
    if (open.held !== '' && open.input === '') events.push({ type: 'block-delta', index, text: open.held })
    for (const raw of open.citations) events.push({ type: 'annotation', index, annotation: decodeCitation(raw) })
    events.push(open.seal ? { type: 'block-end', index, seal: open.seal } : { type: 'block-end', index })
    return events
  }
}

const indexOf = (data: JsonObject): number | undefined => (typeof data.index === 'number' ? data.index : undefined)
