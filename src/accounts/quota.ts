/** What is left of what an account may use, in its vendor's own unit. */
export interface Quota {
  used: number
  limit: number
  /** What can still be used, whatever adds to the limit (a top-up) included; never negative. */
  available: number
  /** When it begins anew, in milliseconds since the epoch, where the vendor says so. */
  resetsAt?: number
  /** When this was so, in milliseconds since the epoch. */
  at: number
}

/** How much of it is used, from 0 to 1. */
export const usedShare = ({ limit, available }: Quota): number => (limit > 0 ? Math.min(Math.max(1 - available / limit, 0), 1) : 1)
