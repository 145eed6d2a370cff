import { sha256 } from '../../core/secret.ts'
import type { UpstreamTraits } from '../dialect.ts'

/** The longest id of a tool call that OpenAI takes. */
const LONGEST_ID = 40

/** Mistral: "must be a-z, A-Z, 0-9, with a length of 9". */
const NINE = /^[A-Za-z0-9]{9}$/

export type CallIdForm = UpstreamTraits['toolCallIds']

/** A call's id as the upstream takes it: as it is where it may be, else one that is the same on every turn, for the call and its result alike. */
export function wireCallId(id: string, form: CallIdForm): string {
  if (form === 'nine-alphanumeric') return NINE.test(id) ? id : sha256(id).slice(0, 9)
  return id.length <= LONGEST_ID ? id : `call_${sha256(id).slice(0, 32)}`
}
