import type { Answer } from '../answer.ts'

/** What to answer, with what may differ in Qwen's streams (qwen.md §2.5). An error takes the place of what would follow the content. */
export interface QwenAnswer extends Answer {
  /** The id in chunks behind the one that opens a call. Default `empty`. */
  continuedIds?: 'empty' | 'absent'
  /** Every call has the index 0, so that only a new id tells them apart. */
  reuseIndex?: boolean
  /** Behind its pieces each call brings its arguments once more, whole. */
  resendArguments?: boolean
  /** The last character of each call's arguments is missing. */
  brokenTail?: boolean
  /** Calls end with `stop`. */
  stopWithCalls?: boolean
  /** No chunk says why the answer ended. */
  omitFinish?: boolean
  /** Usage is on the chunk that finishes, in place of one of its own. */
  usageOnFinish?: boolean
  /** `reasoning` in place of `reasoning_content`. */
  reasoningMember?: boolean
  /** The stream has no chunk at all. */
  emptyStream?: boolean
  /** The stream ends with this text and `error_finish`. */
  errorFinish?: string
  /** The stream ends with a frame of the event `error`, with the status in a comment. `streamError` is the other form: plain data. */
  errorEvent?: { status: number; code: string; message: string }
}
