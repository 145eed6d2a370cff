import { endOfString, isObject, type JsonObject } from '../../core/json.ts'
import type { SseFrame } from '../../sse/frame.ts'

/** A JSON string's inside, nothing else: no bare quote, no control character, no escape that does not exist. */
const STRING_INSIDE = /^(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*$/u

/** Longer texts are parsed after all: the pattern keeps a place to return to for every character. */
const LONGEST = 4096

/**
 * Knows a legal text delta again without parsing it. Nearly all frames of a stream differ from the one before in their text alone: what stands
 * before and behind that is compared, and the text itself checked to be one string.
 */
export class TextDeltaShortcut {
  #before = ''
  #after = ''
  #event: string | undefined

  /** Whether the frame is the learnt one with another text. */
  takes(frame: SseFrame): boolean {
    const { data } = frame
    if (this.#before === '' || data === undefined || frame.event !== this.#event) return false
    const length = data.length - this.#before.length - this.#after.length
    if (length < 0 || length > LONGEST || !data.startsWith(this.#before) || !data.endsWith(this.#after)) return false
    return STRING_INSIDE.test(data.slice(this.#before.length, data.length - this.#after.length))
  }

  /** Takes a frame that went through as it was for the pattern; frames that change the stream's state end the old one. */
  learn(frame: SseFrame, data: JsonObject): void {
    if (data.type === 'ping') return
    this.forget()
    const { delta } = data
    if (data.type !== 'content_block_delta' || !isObject(delta) || delta.type !== 'text_delta' || typeof delta.text !== 'string') return
    const text = frame.data ?? ''
    const key = /"text"\s*:\s*"/.exec(text)
    if (!key) return
    const open = key.index + key[0].length - 1
    const close = endOfString(text, open)
    // The pattern is only sure when what was found is the delta's own text, and the one place it stands in.
    if (JSON.parse(text.slice(open, close + 1)) !== delta.text || /"text"\s*:/.test(text.slice(close))) return
    this.#before = text.slice(0, open + 1)
    this.#after = text.slice(close)
    this.#event = frame.event
  }

  forget(): void {
    this.#before = ''
  }
}
