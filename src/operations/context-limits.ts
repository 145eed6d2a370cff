import { readOverflow } from '../core/context-overflow.ts'
import { GatewayError } from '../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { UpstreamTraits } from '../dialects/dialect.ts'
import type { Note } from '../ir/note.ts'
import type { GenerateRequest } from '../ir/request.ts'
import type { ModelLimits } from '../routing/model-data.ts'
import type { InputEstimate } from './estimate.ts'

/** By which part the truth may lie below what we come to: by rules, and by a tokenizer, whose vocabulary is another vendor's. */
interface Margins {
  rules: number
  counted: number
}

/** English and code: rules are within 15 % (see `textTokens`), and vocabularies differ little. */
const PLAIN: Margins = { rules: 0.2, counted: 0.05 }

/** Other writing: rules are within 25 %, and vendors who speak the language need up to a quarter fewer tokens for it than OpenAI's vocabulary. */
const FOREIGN: Margins = { rules: 0.55, counted: 0.25 }

/** A share of foreign characters from which on a text is not taken for plain. */
const FOREIGN_SHARE = 0.05
const SAMPLES = 4096

/** Characters of an escaped one: `\u4f60`. */
const ESCAPE = 6

/** How sure an estimate of a request can be, told by a sample of its characters. @param text the request as JSON */
export function marginsOf(text: string): Margins {
  const step = Math.max(1, Math.floor(text.length / SAMPLES))
  let looked = 0
  let foreign = 0
  for (let at = 0; at < text.length; at += step) {
    looked++
    const code = text.charCodeAt(at)
    if (code > 0x7f) foreign++
    else if (code === 0x5c && text[at + 1] === 'u') foreign += ESCAPE
  }
  return foreign > looked * FOREIGN_SHARE ? FOREIGN : PLAIN
}

/** The most tokens of prompt that there is room for; undefined where nobody knows. */
export const inputCap = ({ maxInput, contextWindow }: ModelLimits): number | undefined => maxInput ?? contextWindow

/** Hardly any text has more tokens than characters, in JSON still fewer: what is shorter fits, and nothing needs to be counted. */
export const surelyFits = (text: string, cap: number): boolean => text.length <= cap

/**
 * Whether a prompt is longer than `cap` beyond doubt. Undefined: not told by what is known by now. Media are left out: what they cost differs from
 * vendor to vendor.
 */
export function isTooLong(estimate: Pick<InputEstimate, 'tokens' | 'media' | 'exact'>, cap: number, margins: Margins): boolean | undefined {
  const tokens = estimate.tokens - estimate.media
  if (estimate.exact) return tokens > cap * (1 + margins.counted)
  if (tokens > cap * (1 + margins.rules)) return true
  // Rules may say too little as well as too much.
  return tokens * (1 + margins.rules) <= cap ? false : undefined
}

/** The refusal of a prompt, in the sentence that both dialects read their two numbers from. */
export const contextTooLong = (tokens: number, cap: number, upstream?: GatewayError['upstream']): GatewayError =>
  new GatewayError(
    'context-too-long',
    `This model's maximum context length is ${cap} tokens. However, your messages resulted in about ${Math.max(tokens, cap + 1)} tokens. Please reduce the length of the messages.`,
    { upstream },
  )

/** An upstream's complaint about the length of a prompt with our estimate, where it does not say how long the prompt is. */
export function withBothNumbers(error: GatewayError, estimate: { tokens: number }, limits: ModelLimits): GatewayError {
  if (error.kind !== 'context-too-long') return error
  const said = readOverflow(error.message)
  const cap = said.limit ?? inputCap(limits)
  return said.input !== undefined || cap === undefined ? error : contextTooLong(estimate.tokens, cap, error.upstream)
}

/** Names of the output limit. */
const OUTPUT_FIELDS = ['max_tokens', 'max_completion_tokens'] as const

const lowered = (body: JsonObject, most: number, field: string = callersField(body)): Note => ({
  action: 'approximated',
  field,
  detail: `this model writes at most ${most}`,
})

const isSent = (value: JsonValue | undefined): boolean => value !== undefined && value !== null

const callersField = (body: JsonObject): string => (isSent(body.max_completion_tokens) ? 'max_completion_tokens' : 'max_tokens')

/**
 * Lowers the output limit of a request that goes through to what the model writes. @param changes those to the request's top-level members so far,
 * which are added to
 */
export function clampOutput(body: JsonObject, limits: ModelLimits | undefined, changes: Map<string, string | null>): Note[] {
  const most = limits?.maxOutput
  if (most === undefined) return []
  const notes: Note[] = []
  for (const field of OUTPUT_FIELDS) {
    const changed = changes.get(field)
    const value = changed === undefined ? body[field] : changed === null ? undefined : Number(changed)
    if (typeof value !== 'number' || value <= most) continue
    changes.set(field, String(most))
    notes.push(lowered(body, most, isSent(body[field]) ? field : undefined))
  }
  if (notes.length > 0) clampThinking(body, most, changes, notes)
  return notes
}

/** Anthropic's budget for thinking is part of the output, and refused where it is not less. */
function clampThinking(body: JsonObject, most: number, changes: Map<string, string | null>, notes: Note[]): void {
  const { thinking } = body
  if (!isObject(thinking) || changes.has('thinking')) return
  const budget = thinking.budget_tokens
  if (typeof budget !== 'number' || budget < most) return
  changes.set('thinking', JSON.stringify({ ...thinking, budget_tokens: Math.max(1, most - 1) }))
  notes.push(lowered(body, most, 'thinking.budget_tokens'))
}

/** The same for a request that is translated: noted here, where the caller's name for the limit is known. */
export function fittedRequest(request: GenerateRequest, body: JsonObject, limits: ModelLimits | undefined, notes: Note[]): GenerateRequest {
  const most = limits?.maxOutput
  if (most === undefined || request.maxOutputTokens === undefined || request.maxOutputTokens <= most) return request
  notes.push(lowered(body, most))
  return { ...request, maxOutputTokens: most }
}

/** The traits of a target, by which encoders that must name a limit choose one where the caller did not. */
export function fittedTraits(traits: UpstreamTraits, limits: ModelLimits | undefined): UpstreamTraits {
  const most = limits?.maxOutput
  if (most === undefined || (traits.maxOutput ?? Number.POSITIVE_INFINITY) <= most) return traits
  return { ...traits, maxOutput: most }
}
