import { GatewayError } from '../core/errors.ts'
import { tryParseJson } from '../core/json.ts'
import type { Finish } from './finish.ts'
import type { BlockStart, StreamEvent } from './stream.ts'
import type { Usage } from './usage.ts'

export interface Lifecycle {
  push(event: StreamEvent): StreamEvent[]
  /** The upstream's bytes have ended. */
  end(): StreamEvent[]
  /** True once the last event has been handed out. */
  readonly done: boolean
  /** The last usage seen, also of a stream that was cut short. */
  readonly usage: Usage | undefined
}

interface OpenBlock {
  /** The decoder's index. */
  from: number
  /** Ours, dense. */
  to: number
  block: BlockStart
  arguments: string
}

interface WaitingBlock {
  from: number
  block: BlockStart
  /** What came for it meanwhile; a `block-end` is the last. */
  events: InnerEvent[]
}

interface ChoiceState {
  choice: number | undefined
  open?: OpenBlock
  waiting: WaitingBlock[]
  /** Blocks of text that were ended for the next one's sake: by the decoder's index, because more may come for them. */
  cut: Map<number, BlockStart>
  next: number
  toolCalls: number
  finish?: Finish
}

/** What a client reads where a tool is called without a name. */
const NAMELESS_CALL = 'the upstream called a tool without naming it'

/** The most that any vendor gives at once. */
const MOST_CHOICES = 128

/** The message a client reads when its upstream stopped in mid-answer. */
const ENDED_EARLY = "the upstream's stream ended before the answer was complete"

/**
 * The stage between every decoder and every encoder: whatever order the upstream kept, what comes out is legal (see `StreamEvent`).
 *
 * Blocks are handed out one at a time. A block that starts while a tool call is open waits until that call is known to be whole (its arguments
 * parse), because interleaved parallel calls cannot be told from sequential ones before. `finish` is held until the end marker, because
 * usage often follows it. A stream that ends without a finish ends in an error, never in an invented finish.
 */
export function createLifecycle(): Lifecycle {
  return new LifecycleStage()
}

class LifecycleStage implements Lifecycle {
  done = false
  usage: Usage | undefined
  #started = false
  readonly #choices = new Map<number, ChoiceState>()

  push(event: StreamEvent): StreamEvent[] {
    if (this.done) return []
    const out: StreamEvent[] = []
    if (event.type === 'response-start') {
      if (event.usage) this.usage = event.usage
      if (!this.#started) out.push(event)
      this.#started = true
      return out
    }
    if (event.type === 'error') {
      this.done = true
      return [event]
    }
    if (event.type === 'block-start' && event.block.type === 'tool-call' && event.block.name === '') {
      // No client can run such a call, and no name can be made up for it.
      this.done = true
      return [{ type: 'error', error: new GatewayError('bad-gateway', NAMELESS_CALL) }]
    }
    if (!this.#started) {
      this.#started = true
      out.push({ type: 'response-start' })
    }
    this.#take(event, out)
    return out
  }

  end(): StreamEvent[] {
    if (this.done) return []
    const states = [...this.#choices.values()]
    // Clients count choices without gaps: one of which nothing came is not finished.
    if (states.length <= this.#lastChoice() || states.some(state => !state.finish)) {
      this.done = true
      return [{ type: 'error', error: new GatewayError('bad-gateway', ENDED_EARLY) }]
    }
    return this.#complete([])
  }

  #take(event: Exclude<StreamEvent, { type: 'response-start' | 'error' }>, out: StreamEvent[]): void {
    switch (event.type) {
      case 'usage':
        this.usage = { ...this.usage, ...definedOnly(event.usage) }
        return
      case 'metadata':
        out.push(event)
        return
      case 'response-end':
        this.#complete(out)
        return
      case 'finish': {
        const state = this.#state(event.choice)
        if (state.finish) return
        closeAll(state, out)
        state.finish = event.finish
        return
      }
      default: {
        const state = this.#state(event.choice)
        if (!state.finish) takeBlockEvent(state, event, out)
      }
    }
  }

  #state(choice: number | undefined): ChoiceState {
    let state = this.#choices.get(choice ?? 0)
    if (!state) {
      state = { choice: choice === 0 ? undefined : choice, waiting: [], cut: new Map(), next: 0, toolCalls: 0 }
      this.#choices.set(choice ?? 0, state)
    }
    return state
  }

  /** The highest choice so far; the first one is always there. */
  #lastChoice(): number {
    return Math.max(0, ...this.#choices.keys())
  }

  #complete(out: StreamEvent[]): StreamEvent[] {
    this.done = true
    for (let choice = 0; choice <= Math.min(this.#lastChoice(), MOST_CHOICES - 1); choice++) this.#state(choice)
    const states = [...this.#choices.values()].sort((a, b) => (a.choice ?? 0) - (b.choice ?? 0))
    for (const state of states) closeAll(state, out)
    if (this.usage) out.push({ type: 'usage', usage: this.usage })
    for (const state of states) out.push({ type: 'finish', choice: state.choice, finish: honestFinish(state) })
    out.push({ type: 'response-end' })
    return out
  }
}

type BlockEvent = Extract<StreamEvent, { type: 'block-start' | 'block-delta' | 'block-end' | 'annotation' }>
type InnerEvent = Exclude<BlockEvent, { type: 'block-start' }>

function takeBlockEvent(state: ChoiceState, event: BlockEvent, out: StreamEvent[]): void {
  if (event.type === 'block-start') {
    state.waiting.push({ from: event.index, block: event.block, events: [] })
    openWaiting(state, out)
    return
  }
  if (state.open?.from === event.index) {
    handOut(state, event, out)
    if (!state.open) openWaiting(state, out)
    return
  }
  const waiting = state.waiting.findLast(({ from, events }) => from === event.index && events.at(-1)?.type !== 'block-end')
  if (waiting) {
    waiting.events.push(event)
    return
  }
  const block = state.cut.get(event.index)
  if (event.type === 'block-end') state.cut.delete(event.index)
  if (!block || event.type !== 'block-delta' || event.text === '') return
  // A block that has ended is never taken up again: the rest of its text is a block of its own.
  takeBlockEvent(state, { type: 'block-start', index: event.index, block }, out)
  takeBlockEvent(state, event, out)
}

/** An event of the open block. */
function handOut(state: ChoiceState, event: InnerEvent, out: StreamEvent[]): void {
  if (!state.open) return
  if (event.type === 'block-delta') {
    if (event.text === '' && event.logprobs === undefined) return
    if (state.open.block.type === 'tool-call') state.open.arguments += event.text
  }
  out.push({ ...event, index: state.open.to, choice: state.choice })
  if (event.type === 'block-end') state.open = undefined
}

/** Whether the open block may be ended because another begins. Free text of a custom tool cannot be told to be complete. */
function isWhole({ from, block, arguments: text }: OpenBlock, next: WaitingBlock): boolean {
  if (block.type !== 'tool-call' || from === next.from) return true
  return block.kind !== 'custom' && tryParseJson(text) !== undefined
}

/** Opens the blocks that wait, in the order they started, up to the first that is still growing. */
function openWaiting(state: ChoiceState, out: StreamEvent[]): void {
  for (let next = state.waiting[0]; next; next = state.waiting[0]) {
    if (state.open && !isWhole(state.open, next)) return
    cutOpen(state, out)
    state.waiting.shift()
    state.cut.delete(next.from)
    if (next.block.type === 'tool-call') state.toolCalls++
    state.open = { from: next.from, to: state.next++, block: next.block, arguments: '' }
    out.push({ type: 'block-start', index: state.open.to, choice: state.choice, block: next.block })
    for (const event of next.events) handOut(state, event, out)
  }
}

/** Ends the open block although its own end has not come. */
function cutOpen(state: ChoiceState, out: StreamEvent[]): void {
  if (!state.open) return
  const { from, to, block } = state.open
  out.push({ type: 'block-end', index: to, choice: state.choice })
  if (block.type === 'text' || block.type === 'refusal' || (block.type === 'reasoning' && !block.redacted)) state.cut.set(from, block)
  state.open = undefined
}

function closeAll(state: ChoiceState, out: StreamEvent[]): void {
  while (state.open || state.waiting.length > 0) {
    cutOpen(state, out)
    openWaiting(state, out)
  }
}

/** The emitted message wins over the vendor's word: tool calls end in `tool-calls`, and nothing else does (dialects.md §3.1). */
function honestFinish(state: ChoiceState): Finish {
  const finish = state.finish ?? { reason: 'stop' }
  const called = state.toolCalls > 0
  if (called && (finish.reason === 'stop' || finish.reason === 'stop-sequence' || finish.reason === 'other')) {
    return { ...finish, reason: 'tool-calls', stopSequence: undefined }
  }
  return !called && finish.reason === 'tool-calls' ? { ...finish, reason: 'stop' } : finish
}

function definedOnly(usage: Usage): Usage {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== undefined)) as unknown as Usage
}
