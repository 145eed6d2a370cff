import type { ContentPart } from '../../ir/message.ts'
import type { Choice } from '../../ir/response.ts'
import type { StreamEvent } from '../../ir/stream.ts'
import type { FramePattern } from '../../sse/frame-pattern.ts'
import { type Dialect, type StreamDecoder, withUpstream } from '../dialect.ts'

const OPEN = '<think>'
const CLOSE = '</think>'

/** The dialect as servers speak it that let the model's reasoning stand in the text, between tags at its start. */
export const withThinkTags = (dialect: Dialect): Dialect =>
  withUpstream(dialect, upstream => ({
    decodeResponse(...given) {
      const response = upstream.decodeResponse(...given)
      return { ...response, choices: response.choices.map(split) }
    },
    streamDecoder: (...given) => new ThinkTagDecoder(upstream.streamDecoder(...given)),
  }))

/** A whole answer whose first text begins with the tag, in two parts. Where nothing closes it, all of it is reasoning. */
function split(choice: Choice): Choice {
  const [first, ...rest] = choice.content
  if (first?.type !== 'text') return choice
  const text = first.text.trimStart()
  if (!text.startsWith(OPEN)) return choice
  const end = text.indexOf(CLOSE)
  const reasoning = (end === -1 ? text.slice(OPEN.length) : text.slice(OPEN.length, end)).trim()
  const answer = end === -1 ? '' : text.slice(end + CLOSE.length).trimStart()
  const parts: ContentPart[] = []
  if (reasoning !== '') parts.push({ type: 'reasoning', text: reasoning })
  if (answer !== '') parts.push({ ...first, text: answer })
  return { ...choice, content: [...parts, ...rest] }
}

/** The stage behind a decoder: one splitter a choice. */
class ThinkTagDecoder implements StreamDecoder {
  readonly #splitters = new Map<number, TagSplitter>()

  constructor(private readonly inner: StreamDecoder) {}

  push(frame: Parameters<StreamDecoder['push']>[0]): StreamEvent[] {
    return this.inner.push(frame).flatMap(event => this.#take(event))
  }

  end(): StreamEvent[] {
    return this.inner.end().flatMap(event => this.#take(event))
  }

  /** Once every block that could be cut has been: from then on words go through as they come. */
  get pattern(): FramePattern | undefined {
    for (const splitter of this.#splitters.values()) if (!splitter.isDone) return undefined
    return this.#splitters.size === 0 ? undefined : this.inner.pattern
  }

  #take(event: StreamEvent): StreamEvent[] {
    if (event.type !== 'block-start' && event.type !== 'block-delta' && event.type !== 'block-end' && event.type !== 'annotation')
      return [event]
    const choice = event.choice ?? 0
    let splitter = this.#splitters.get(choice)
    if (!splitter) {
      splitter = new TagSplitter(event.choice)
      this.#splitters.set(choice, splitter)
    }
    const out: StreamEvent[] = []
    splitter.take(event, out)
    return out
  }
}

type BlockEvent = Extract<StreamEvent, { type: 'block-start' | 'block-delta' | 'block-end' | 'annotation' }>

/**
 * Cuts the first block of a choice, where it is text, in two: indexes are doubled, so that there is room for a block of what stands behind the tags.
 * Tags may be split over any number of pieces; white space around them belongs to neither side.
 */
class TagSplitter {
  #state: 'before' | 'opening' | 'thinking' | 'between' | 'beyond' = 'before'
  /** The index of the block that is cut. */
  #cut = -1
  /** What has come of it and is not certain yet. */
  #pending = ''
  /** Whether any reasoning has been handed out. */
  #thought = false

  constructor(private readonly choice: number | undefined) {}

  get isDone(): boolean {
    return this.#state === 'beyond'
  }

  take(event: BlockEvent, out: StreamEvent[]): void {
    if (event.type === 'block-start' && this.#state === 'before') {
      this.#state = event.block.type === 'text' ? 'opening' : 'beyond'
      if (this.#state === 'opening') {
        this.#cut = event.index
        return
      }
    }
    if (event.index !== this.#cut || event.type === 'block-start') {
      out.push({ ...event, index: event.index * 2 })
    } else if (event.type === 'block-delta') {
      if (this.#state === 'beyond') out.push({ ...event, index: this.#textIndex })
      else this.#grow(event.text, out)
    } else if (event.type === 'block-end') {
      this.#finish(out)
      if (this.#open !== undefined) out.push({ ...event, index: this.#open })
      this.#cut = -1
    } else {
      if (this.#state === 'opening') this.#plain(out)
      out.push({ ...event, index: this.#textIndex })
    }
  }

  /** The block of the cut one's that is open at present. */
  #open: number | undefined

  get #textIndex(): number {
    return this.#open ?? this.#cut * 2
  }

  #start(type: 'text' | 'reasoning', index: number, out: StreamEvent[]): void {
    this.#open = index
    out.push({ type: 'block-start', index, choice: this.choice, block: { type } })
  }

  #say(text: string, out: StreamEvent[]): void {
    if (text !== '' && this.#open !== undefined) out.push({ type: 'block-delta', index: this.#open, choice: this.choice, text })
  }

  /** It is no reasoning after all. */
  #plain(out: StreamEvent[]): void {
    this.#state = 'beyond'
    this.#start('text', this.#cut * 2, out)
    this.#say(this.#pending, out)
    this.#pending = ''
  }

  #grow(piece: string, out: StreamEvent[]): void {
    this.#pending += piece
    if (this.#state === 'opening') {
      const text = this.#pending.trimStart()
      if (text.length < OPEN.length && OPEN.startsWith(text)) return
      if (!text.startsWith(OPEN)) return this.#plain(out)
      this.#state = 'thinking'
      this.#pending = text.slice(OPEN.length)
    }
    if (this.#state === 'thinking' && !this.#think(out)) return
    this.#pending = this.#pending.trimStart()
    if (this.#pending === '') return
    this.#state = 'beyond'
    this.#start('text', this.#cut * 2 + 1, out)
    this.#say(this.#pending, out)
    this.#pending = ''
  }

  /** Hands out what is certainly reasoning; true once the closing tag has come. */
  #think(out: StreamEvent[]): boolean {
    if (!this.#thought) this.#pending = this.#pending.trimStart()
    const close = this.#pending.indexOf(CLOSE)
    const certain = close === -1 ? certainLength(this.#pending) : this.#pending.slice(0, close).trimEnd().length
    if (certain > 0) {
      if (!this.#thought) this.#start('reasoning', this.#cut * 2, out)
      this.#thought = true
      this.#say(this.#pending.slice(0, certain), out)
    }
    if (close === -1) {
      this.#pending = this.#pending.slice(certain)
      return false
    }
    this.#pending = this.#pending.slice(close + CLOSE.length)
    this.#state = 'between'
    if (this.#thought) out.push({ type: 'block-end', index: this.#cut * 2, choice: this.choice })
    this.#open = undefined
    return true
  }

  /** The block has ended: what was held back is what it looks like. */
  #finish(out: StreamEvent[]): void {
    if (this.#state === 'opening') this.#plain(out)
    else if (this.#state === 'thinking') {
      if (!this.#thought && this.#pending.trim() !== '') this.#start('reasoning', this.#cut * 2, out)
      this.#say(this.#pending, out)
    }
    this.#state = 'beyond'
    this.#pending = ''
  }
}

/** How much of the text can be neither part of the closing tag nor the white space before it. */
function certainLength(text: string): number {
  let end = text.length
  for (let length = Math.min(CLOSE.length - 1, end); length > 0; length--) {
    if (!text.endsWith(CLOSE.slice(0, length))) continue
    end -= length
    break
  }
  return text.slice(0, end).trimEnd().length
}
