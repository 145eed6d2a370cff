/**
 * Why the answer ended. `context-length`: the model's window was full. `pause`: the vendor wants the turn sent back to go on.
 * `other`: the vendor named a reason that nobody else has.
 */
export type FinishReason = 'stop' | 'stop-sequence' | 'length' | 'context-length' | 'tool-calls' | 'content-filter' | 'pause' | 'other'

export interface Finish {
  reason: FinishReason
  /** The vendor's own word. */
  raw?: string
  /** Which stop sequence matched, where the vendor says so. */
  stopSequence?: string
  /** Why the vendor refused, where it says so. */
  refusal?: { category?: string; explanation?: string }
}
