import { textTokens } from '../text-tokens.ts'
import { cutWithin } from './cut.ts'
import type { TokenCount, TokenCounter } from './token-counter.ts'

/** A whole text, or a part of one that has as many tokens alone as within it. */
export interface Piece {
  readonly text: string
  /** To be called once, by whoever took it. @param tokens absent where nobody counts it: an estimate stands */
  done(tokens?: number): void
}

/** Where pieces are counted. Each is `done` at some time, at once or later, unless it is withdrawn. */
export interface PieceQueue {
  take(piece: Piece): void
  /** Those that it has not begun with will not be counted. */
  withdraw(pieces: readonly Piece[]): void
  /** Resolves after the longest that anybody waits for a count. */
  patience(): { over: Promise<void>; cancel(): void }
}

/** An unfinished text is handed on when it is this long: a stream's words are not worth a message each. */
const WORTHWHILE = 256

/** The longest piece: whatever else waits gets its turn between two. */
const LONGEST_PIECE = 16_384

/** Characters of a count that are gone through for an estimate; the rest is taken to be like them. Nobody is to wait for a book. */
const LOOKED_AT = 400_000

/** How far a safe place to cut at is looked for. */
const LOOK_BACK = 128

/** Cuts texts into pieces and sums up what they come to. */
export class TextCount implements TokenCount {
  #open = ''
  #sum = 0
  /** What is not counted yet, with its estimate where somebody has asked for it. */
  readonly #waiting = new Map<Piece, number | undefined>()
  readonly #looked = { characters: 0, tokens: 0 }
  #onSettled: (() => void)[] = []
  #closed = false
  #counted = true

  constructor(private readonly queue: PieceQueue) {}

  get tokens(): number {
    let tokens = this.#sum + textTokens(this.#open)
    for (const piece of this.#waiting.keys()) tokens += this.#estimate(piece)
    return tokens
  }

  get exact(): boolean {
    return this.#counted && this.#open === '' && this.#waiting.size === 0
  }

  add(text: string): void {
    this.#open += text
    while (this.#open.length > LONGEST_PIECE) this.#handOn(LONGEST_PIECE)
    if (this.#open.length > WORTHWHILE) this.#handOn(this.#open.length - 1)
  }

  cut(): void {
    if (this.#open !== '') this.#take(this.#open)
    this.#open = ''
  }

  async settled(): Promise<number> {
    this.cut()
    if (this.#waiting.size > 0) {
      const { over, cancel } = this.queue.patience()
      await Promise.race([new Promise<void>(resolve => this.#onSettled.push(resolve)), over])
      cancel()
    }
    return this.tokens
  }

  close(): void {
    this.cut()
    this.#closed = true
    const pieces = [...this.#waiting.keys()]
    this.queue.withdraw(pieces)
    for (const piece of pieces) piece.done()
  }

  /** What is open up to about `end`. */
  #handOn(end: number): void {
    const at = cutWithin(this.#open, end - LOOK_BACK, end)
    this.#take(this.#open.slice(0, at))
    this.#open = this.#open.slice(at)
  }

  #take(text: string): void {
    const piece: Piece = { text, done: tokens => this.#done(piece, tokens) }
    this.#waiting.set(piece, undefined)
    if (this.#closed) piece.done()
    else this.queue.take(piece)
  }

  #done(piece: Piece, tokens: number | undefined): void {
    if (!this.#waiting.has(piece)) return
    if (tokens === undefined) this.#counted = false
    this.#sum += tokens ?? this.#estimate(piece)
    this.#waiting.delete(piece)
    if (this.#waiting.size > 0) return
    for (const resolve of this.#onSettled.splice(0)) resolve()
  }

  #estimate(piece: Piece): number {
    const known = this.#waiting.get(piece)
    if (known !== undefined) return known
    const looked = this.#looked
    const { length } = piece.text
    let tokens: number
    if (looked.characters > LOOKED_AT) tokens = (length * looked.tokens) / looked.characters
    else {
      tokens = textTokens(piece.text)
      looked.characters += length
      looked.tokens += tokens
    }
    this.#waiting.set(piece, tokens)
    return tokens
  }
}

const rules: PieceQueue = {
  take: piece => piece.done(),
  withdraw() {},
  patience: () => ({ over: Promise.resolve(), cancel() {} }),
}

/** Counts by rules alone (see `textTokens`), on the spot. */
export const ruleCounter: TokenCounter = { open: () => new TextCount(rules) }
