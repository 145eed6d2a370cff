import { GatewayError } from '../core/errors.ts'
import { tryParseJson } from '../core/json.ts'
import type { Finish } from './finish.ts'
import type { Annotation, Sealed } from './message.ts'
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
  text: string
  annotations: Annotation[]
  ended: boolean
  seal?: Sealed
}

interface ChoiceState {
  choice: number | undefined
  open?: OpenBlock
  waiting: WaitingBlock[]
  next: number
  toolCalls: number
  finish?: Finish
}

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
    if (!this.#started) {
      this.#started = true
      out.push({ type: 'response-start' })
    }
    this.#take(event, out)
    return out
  }

  end(): StreamEvent[] {
    if (this.done) return []
    const finished = [...this.#choices.values()].some(state => state.finish)
    if (!finished) {
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
      state = { choice: choice === 0 ? undefined : choice, waiting: [], next: 0, toolCalls: 0 }
      this.#choices.set(choice ?? 0, state)
    }
    return state
  }

  #complete(out: StreamEvent[]): StreamEvent[] {
    this.done = true
    if (this.#choices.size === 0) this.#state(undefined)
    const states = [...this.#choices.values()].sort((a, b) => (a.choice ?? 0) - (b.choice ?? 0))
    for (const state of states) closeAll(state, out)
    if (this.usage) out.push({ type: 'usage', usage: this.usage })
    for (const state of states) out.push({ type: 'finish', choice: state.choice, finish: honestFinish(state) })
    out.push({ type: 'response-end' })
    return out
  }
}

type BlockEvent = Extract<StreamEvent, { type: 'block-start' | 'block-delta' | 'block-end' | 'annotation' }>

function takeBlockEvent(state: ChoiceState, event: BlockEvent, out: StreamEvent[]): void {
  if (event.type === 'block-start') {
    startBlock(state, event.index, event.block, out)
    return
  }
  if (state.open?.from !== event.index) {
    const waiting = state.waiting.find(block => block.from === event.index && !block.ended)
    if (waiting) keepForLater(waiting, event)
    return
  }
  const index = state.open.to
  if (event.type === 'block-end') {
    out.push({ ...event, index, choice: state.choice })
    state.open = undefined
    openWaiting(state, out)
  } else if (event.type === 'annotation') {
    out.push({ ...event, index, choice: state.choice })
  } else if (event.text !== '' || event.logprobs !== undefined) {
    if (state.open.block.type === 'tool-call') state.open.arguments += event.text
    out.push({ ...event, index, choice: state.choice })
  }
}

function keepForLater(waiting: WaitingBlock, event: Exclude<BlockEvent, { type: 'block-start' }>): void {
  if (event.type === 'block-delta') waiting.text += event.text
  else if (event.type === 'annotation') waiting.annotations.push(event.annotation)
  else {
    waiting.ended = true
    waiting.seal = event.seal
  }
}

function startBlock(state: ChoiceState, from: number, block: BlockStart, out: StreamEvent[]): void {
  const { open } = state
  if (open) {
    const whole = open.block.type !== 'tool-call' || open.from === from || tryParseJson(open.arguments) !== undefined
    if (!whole) {
      state.waiting.push({ from, block, text: '', annotations: [], ended: false })
      return
    }
    closeOpen(state, out)
  }
  openBlock(state, from, block, out)
}

function openBlock(state: ChoiceState, from: number, block: BlockStart, out: StreamEvent[]): void {
  const to = state.next++
  if (block.type === 'tool-call') state.toolCalls++
  state.open = { from, to, block, arguments: '' }
  out.push({ type: 'block-start', index: to, choice: state.choice, block })
}

function closeOpen(state: ChoiceState, out: StreamEvent[], seal?: Sealed): void {
  if (!state.open) return
  out.push({ type: 'block-end', index: state.open.to, choice: state.choice, seal })
  state.open = undefined
}

/** Opens the blocks that waited, in the order they started, up to the first that is still growing. */
function openWaiting(state: ChoiceState, out: StreamEvent[]): void {
  while (!state.open) {
    const block = state.waiting.shift()
    if (!block) return
    openBlock(state, block.from, block.block, out)
    const index = state.next - 1
    if (state.open && block.block.type === 'tool-call') (state.open as OpenBlock).arguments = block.text
    if (block.text !== '') out.push({ type: 'block-delta', index, choice: state.choice, text: block.text })
    for (const annotation of block.annotations) out.push({ type: 'annotation', index, choice: state.choice, annotation })
    if (block.ended) closeOpen(state, out, block.seal)
  }
}

function closeAll(state: ChoiceState, out: StreamEvent[]): void {
  while (state.open || state.waiting.length > 0) {
    closeOpen(state, out)
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
