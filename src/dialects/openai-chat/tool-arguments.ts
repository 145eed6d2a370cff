import { tryParseJson } from '../../core/json.ts'
import type { CodecContext } from '../dialect.ts'
import { JsonProgress } from './json-progress.ts'

/** Says that a call is not told as it came. */
export const noteMended = (context: CodecContext): void =>
  context.note({ action: 'approximated', field: 'tool_calls', detail: 'broken arguments mended' })

/** What may stand behind the end of broken arguments and mean nothing: what would close an object once more. */
const STRAY = /^[\s"}\]]+$/

const isSpace = (text: string): boolean => text.trim() === ''

/** The arguments of one call as they grow, freed of what Alibaba's servers sometimes add to them (qwen.md §2.5). Only what can have no other reading is mended. */
export class ArgumentText {
  text = ''
  readonly #progress = new JsonProgress()

  /** The object that the arguments are has closed. */
  get isWhole(): boolean {
    return this.#progress.isWhole
  }

  /** What of the piece belongs to the arguments: nothing of those sent once more, nor of brackets behind the end. */
  take(piece: string): string {
    const kept = this.#kept(piece)
    this.text += kept
    return kept
  }

  /** The brackets that a finished call still lacks; '' where it lacks none, or more than those. */
  get closing(): string {
    const missing = this.#progress.missing ?? ''
    return missing !== '' && tryParseJson(this.text + missing) !== undefined ? missing : ''
  }

  #kept(piece: string): string {
    const end = this.isWhole ? 0 : this.#progress.take(piece)
    if (end === piece.length || isSpace(piece.slice(end))) return piece
    if (end === 0 && piece === this.text) return ''
    return STRAY.test(piece.slice(end)) ? piece.slice(0, end) : piece
  }
}

/** The arguments of a whole answer, mended in the same way; the same text where there is nothing to mend. */
export function mendedArguments(given: string): string {
  const whole = new ArgumentText()
  whole.take(given)
  return whole.text + whole.closing
}
