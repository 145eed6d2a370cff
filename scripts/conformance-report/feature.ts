import type { Json } from '../../test/checkers/json.ts'
import type { Question } from '../../test/e2e/sdk/question.ts'
import type { Read } from '../../test/golden/client-reading.ts'
import type { Answer } from '../../test/simulators/answer.ts'
import type { RecordedRequest } from '../../test/simulators/simulator.ts'

export type Vendor = 'openai' | 'anthropic'

/** Who asks, and who answers. */
export type Pair = `${Vendor}→${Vendor}`

export const PAIRS: readonly Pair[] = ['openai→openai', 'openai→anthropic', 'anthropic→openai', 'anthropic→anthropic']

/**
 * What becomes of a feature: `exact`; `approximated` or `dropped`, with a note that says so; `refused`, with a 400 that names the field;
 * `passed`: it goes on as it came, and the vendor itself refuses it; `unsaid`: the client's dialect has no words for it.
 */
export type Mark = 'exact' | 'approximated' | 'dropped' | 'refused' | 'passed' | 'unsaid'

export const SIGNS: Record<Mark, string> = { exact: '✓', approximated: '≈', dropped: '–', refused: '✗', passed: '→', unsaid: ' ' }

/** One answer as the client got it, and what the upstream was asked for it. */
export interface Outcome {
  pair: Pair
  client: Vendor
  upstream: Vendor
  streamed: boolean
  status: number
  headers: Headers
  /** The body, or the whole stream. */
  text: string
  /** The body as JSON; undefined for a stream. */
  body: Json | undefined
  /** What the answer said, once the checkers of the client's dialect found it legal; undefined for an error. */
  read: Read | undefined
  /** Notes as `action:field`. */
  notes: string[]
  /** The last request that the upstream got for it. */
  received: RecordedRequest | undefined
}

/** Asks by the client's dialect and reads the answer by its rules. `body` goes over what the feature asks. */
export interface Asker {
  ask(body: Json, options?: AskOptions): Promise<Outcome>
  /** Asks an upstream that does not come to an end, and leaves; what the upstream got, once the connection to it is gone. */
  leave(): Promise<RecordedRequest>
}

export interface AskOptions {
  /** The path behind the client's base URL, where it is not that of answers. */
  path?: string
  headers?: Record<string, string>
}

/** What a request says: in no dialect's words, or in each one's own. */
export type Ask = Question | { [Client in Vendor]?: Json }

export interface Feature {
  name: string
  /** The model at each upstream; absent: one that takes anything. */
  models?: { [Upstream in Vendor]?: string }
  ask: Ask
  /** What the upstream answers; absent: an echo, by the request. */
  answer?: (upstream: Vendor, streamed: boolean) => Answer
  becomes: Record<Pair, Mark>
  /** Pairs for which there is nothing to ask, although the client's dialect has the words. */
  not?: readonly Pair[]
  /** What is lost is lost in the answer: a stream has sent its headers by then, and the note is in the record only. */
  late?: boolean
  /** Throws where what was asked did not arrive at the upstream. Not called for what is dropped or refused. */
  arrives?: { [Upstream in Vendor]?: (body: Json, outcome: Outcome) => void }
  /** Throws where the client was not told what it should have been. */
  tells?: (outcome: Outcome, asker: Asker) => void | Promise<void>
  /** Fields that notes and errors about it may name. */
  fields?: readonly string[]
  /** The status that the client gets, where the feature is an error. */
  status?: number
  /** Said in the last column. */
  remark?: string
}

/** The same for every pair. */
export const everywhere = (mark: Mark): Record<Pair, Mark> => ({
  'openai→openai': mark,
  'openai→anthropic': mark,
  'anthropic→openai': mark,
  'anthropic→anthropic': mark,
})

/** Marks in the order of the columns. */
export const marks = (...[oo, oa, ao, aa]: [Mark, Mark, Mark, Mark]): Record<Pair, Mark> => ({
  'openai→openai': oo,
  'openai→anthropic': oa,
  'anthropic→openai': ao,
  'anthropic→anthropic': aa,
})
