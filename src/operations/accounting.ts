import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { Note } from '../ir/note.ts'
import type { Usage } from '../ir/usage.ts'
import type { Lease } from '../routing/attempt.ts'
import type { Trail } from '../routing/trail.ts'
import type { Call } from './call.ts'
import type { InputSize } from './input-size.ts'

/** One request as it is recorded (interface.md, "request"). Times in milliseconds, `at` since the epoch. */
export interface RequestRecord extends Trail {
  id: string
  at: number
  keyId: string
  keyName: string
  route: string
  /** The name the client asked for. */
  model: string
  provider?: string
  account?: string
  upstreamModel?: string
  /** What the client was answered; 499 where it left first. */
  status: number
  stream: boolean
  latencyMs: number
  firstTokenMs?: number
  usage?: Usage
  /** Our own count of the prompt, where one was made before it was sent. */
  estimatedInputTokens?: number
  notes: Note[]
  /** Kind and message of what went wrong; for people, holds no secret. */
  error?: { kind: string; message: string }
  /** What the error came from; for the log only. */
  cause?: unknown
}

/** Where records go. Must not throw, must not wait. */
export type WriteRecord = (record: RequestRecord) => void

/** A request's record while it is being served; written once, when the last byte is out or it has failed. */
export class Accounting {
  readonly trail: Trail = { attempts: [], skipped: [] }
  model = ''
  stream = false
  notes: Note[] = []
  lease: Lease | undefined
  /** How long the request is, where somebody had to know. */
  input: Pick<InputSize, 'tokens' | 'close'> | undefined
  readonly #started: number
  readonly #at: number
  #firstToken: number | undefined
  #settled = false

  constructor(
    private readonly call: Pick<Call, 'requestId' | 'route' | 'caller'>,
    private readonly clock: Clock,
    private readonly write: WriteRecord,
  ) {
    this.#started = clock.elapsed()
    this.#at = clock.now()
  }

  firstToken(): void {
    this.#firstToken ??= this.clock.elapsed()
  }

  settle(status: number, outcome: { usage?: Usage; error?: GatewayError } = {}): void {
    if (this.#settled) return
    this.#settled = true
    const { call, lease } = this
    const since = (moment: number) => Math.round((moment - this.#started) * 10) / 10
    this.write({
      id: call.requestId,
      at: this.#at,
      keyId: call.caller.id,
      keyName: call.caller.name,
      route: call.route,
      model: this.model,
      provider: lease?.target.provider.name,
      account: lease?.account.label,
      upstreamModel: lease?.target.model,
      status,
      stream: this.stream,
      latencyMs: since(this.clock.elapsed()),
      firstTokenMs: this.#firstToken === undefined ? undefined : since(this.#firstToken),
      attempts: this.trail.attempts,
      skipped: this.trail.skipped,
      usage: outcome.usage,
      estimatedInputTokens: this.input?.tokens,
      notes: this.notes,
      error: outcome.error && { kind: outcome.error.kind, message: recordable(outcome.error, this.trail) },
      cause: recordableCause(outcome.error),
    })
    this.input?.close()
  }
}

/** What a record says of an error: an upstream's own words stay out, for they may repeat the conversation; the attempts say what they meant. */
export function recordable(error: GatewayError, { attempts }: Pick<Trail, 'attempts'>): string {
  if (!error.quotes) return error.message
  const failed = attempts.filter(({ outcome }) => outcome !== 'ok')
  if (failed.length === 0) return 'the upstream ended the answer with an error'
  return failed
    .map(({ provider, account, model, status, outcome }) =>
      `${provider} (${account}, ${model}): ${status ?? ''} ${outcome}`.replace('  ', ' '),
    )
    .join('; ')
}

/** The trace of a fault of ours; another GatewayError is what the attempts tell already, in words that may be an upstream's. */
const recordableCause = (error: GatewayError | undefined): unknown => (error?.cause instanceof GatewayError ? undefined : error?.cause)
