import { GatewayError } from '../core/errors.ts'
import type { AccountEnvironment } from './account-command.ts'
import type { Listening } from './given-secret.ts'

export interface LoginEnvironment extends AccountEnvironment {
  listening?: Listening
  openBrowser?(url: string): void
  /** Calls `interrupt` when the operator wants out; gives what ends that. */
  onInterrupt?(interrupt: () => void): () => void
}

const signals = (interrupt: () => void): (() => void) => {
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  return () => {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

/** Aborted when the operator wants out; `ignore` ends the listening for that. */
export function interruption({ onInterrupt = signals }: LoginEnvironment): { signal: AbortSignal; ignore(): void } {
  const leaving = new AbortController()
  const ignore = onInterrupt(() => leaving.abort(new GatewayError('cancelled', 'cancelled')))
  return { signal: leaving.signal, ignore }
}
