import { GatewayError } from '../../src/core/errors.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { UpstreamTraits } from '../../src/dialects/dialect.ts'
import type { Note } from '../../src/ir/note.ts'
import { createMakeContext } from '../../src/operations/context.ts'
import { clientCodec, type Format, upstreamCodec } from '../golden/relays.ts'
import type { Case, Word } from './decision.ts'

export interface Target {
  model: string
  traits: UpstreamTraits
}

const PLAIN: Record<Format, JsonObject> = {
  'openai-chat': { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  anthropic: { model: 'm', max_tokens: 8192, messages: [{ role: 'user', content: 'Hi' }] },
}

const other = (client: Format): Format => (client === 'anthropic' ? 'openai-chat' : 'anthropic')

interface Sent {
  body: string
  notes: Note[]
}

/** A request through both codecs, with the gateway's own reading of `strict`. */
function send(client: Format, says: JsonObject, target: Target, strict: boolean): Sent {
  const notes: Note[] = []
  let ids = 0
  const clock = { now: () => 1_790_000_000_000 }
  const make = createMakeContext(clock as Parameters<typeof createMakeContext>[0], { next: prefix => `${prefix}${++ids}` })
  const context = make(notes, strict)
  const request = clientCodec(client).decodeRequest({ ...PLAIN[client], ...says }, context)
  const { body } = upstreamCodec(other(client)).encodeRequest(request, target, context)
  return { body: JSON.stringify(body), notes }
}

export const fieldOf = ({ says, field }: Case<string>): string => field ?? Object.keys(says)[0] ?? ''

/** A note or error of this path speaks of the field, or of something within it. */
const speaksOf = (path: string | undefined, field: string): boolean => path === field || path?.startsWith(`${field}.`) === true

/** The 400 that a request got; undefined where it went through. @throws whatever else went wrong */
function refusal(run: () => unknown): GatewayError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof GatewayError && error.kind === 'invalid-request') return error
    throw error
  }
}

/** What became of it, as it can be seen from outside: a 400 that names it, a note about it, a difference in what went out, or nothing. */
export function observe(client: Format, given: Case<string>, target: Target): Word | string {
  const field = fieldOf(given)
  const refused = refusal(() => send(client, given.says, target, false))
  if (refused) return speaksOf(refused.param, field) ? 'refused' : `refused for ${refused.param}: ${refused.message}`
  const plain = send(client, given.without ?? {}, target, false)
  const sent = send(client, given.says, target, false)
  const already = new Set(plain.notes.map(note => `${note.action}:${note.field}`))
  const news = sent.notes.filter(note => !already.has(`${note.action}:${note.field}`))
  const strangers = news.filter(note => !speaksOf(note.field, field))
  if (strangers.length > 0) return `notes about ${strangers.map(note => `${note.action}:${note.field}`).join(', ')}`
  if (news.some(note => note.action === 'dropped')) return 'dropped'
  if (news.length > 0) return 'approximated'
  return sent.body === plain.body ? 'silent' : 'mapped'
}

/** The field that `strict` refuses a request for; undefined where it goes through. */
export const strictlyRefused = (client: Format, given: Case<string>, target: Target): string | undefined =>
  refusal(() => send(client, given.says, target, true))?.param
