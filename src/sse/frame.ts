/** One server-sent event. `raw` is its text as received, blank line included; frames we make have none. */
export interface SseFrame {
  /** Absent for data-only frames. */
  event?: string
  /** `data:` lines joined by a line feed; absent for comments and other frames without data. */
  data?: string
  raw?: string
}
