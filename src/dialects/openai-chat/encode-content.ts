import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { partPath } from '../../ir/caller-paths.ts'
import type { ContentPart, MediaPart, TextPart } from '../../ir/message.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import { encodeMedia, isImage } from './encode-media.ts'
import { kindOfForeignPart } from './foreign-part.ts'
import { DIALECT } from './wire.ts'

/** Claude Code's attribution entry: it changes with every version and means nothing to anyone else (dialects.md §2.2). */
const ATTRIBUTION = 'x-anthropic-billing-header:'

/** What a mark without a lifetime means to Anthropic and Alibaba. */
const SHORTEST_TTL = '5m'

export interface ContentOptions {
  /** Parts keep the client's cache marks: as OpenAI's breakpoints, or as Anthropic's own member. */
  cache?: 'breakpoint' | 'cache_control'
  /** False: cache marks have no lifetime of their own. */
  ttl?: boolean
  /** The upstream takes images. */
  images: boolean
  documents: NonNullable<UpstreamTraits['documents']>
  context: CodecContext
}

/** Instructions as text parts; Claude Code's attribution is left out. */
export function encodeInstructions(parts: readonly ContentPart[], path: string, options: ContentOptions): JsonObject[] {
  return encodeParts(
    parts.filter(part => !(part.type === 'text' && part.text.startsWith(ATTRIBUTION))),
    path,
    options,
  )
}

/** Text and media as wire parts, in order. What cannot go is noted under `path`. */
export const encodeParts = (parts: readonly ContentPart[], path: string, options: ContentOptions): JsonObject[] =>
  parts.flatMap((part, index) => encodePart(part, partPath(path, index), options))

/** One part as none, one or, for a document with words about it, two on the wire. */
export function encodePart(part: ContentPart, path: string, options: ContentOptions): JsonObject[] {
  const own = part.extensions?.[DIALECT]
  switch (part.type) {
    case 'text':
      if (part.text === '') return []
      noteStandIn(part, path, options.context)
      return [{ type: 'text', text: part.text, ...own, ...cacheMark(part, options) }]
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'media': {
      if (!options.images && isImage(part)) throw invalidField(path, 'is an image, and this upstream takes none', 'unsupported_value')
      const { image_url: _, ...members } = own ?? {}
      const wire = { ...encodeMedia(part, path, options.documents), ...members, ...cacheMark(part, options) }
      return [...wordsAbout(part, path, options.context), wire]
    }
    case 'opaque':
      options.context.note({ action: 'dropped', field: path, detail: kindOfForeignPart(part.value) })
      return []
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      return []
  }
}

/** Anthropic's search results come as text, which can no longer be cited (dialects.md §2.3.3). */
function noteStandIn(part: TextPart, path: string, context: CodecContext): void {
  const blocks = part.extensions?.anthropic?.stands_for
  const [block] = Array.isArray(blocks) ? blocks : []
  if (isObject(block) && block.type === 'search_result')
    context.note({ action: 'approximated', field: path, detail: 'search_result as text' })
}

/** What Anthropic's documents say beside their content: the context as text before them; that they can be cited is lost (dialects.md §2.3.3). */
function wordsAbout({ extensions }: MediaPart, path: string, context: CodecContext): JsonObject[] {
  const from = extensions?.anthropic
  const [block] = Array.isArray(from?.stands_for) ? from.stands_for : []
  const { citations, context: about } = (isObject(block) ? block : from) ?? {}
  if (isObject(citations) && citations.enabled === true) context.note({ action: 'dropped', field: `${path}.citations` })
  return typeof about === 'string' && about !== '' ? [{ type: 'text', text: about }] : []
}

export function cacheMark(
  { cache }: Pick<ContentPart, 'cache'>,
  options: Pick<ContentOptions, 'cache' | 'ttl' | 'context'>,
): JsonObject | undefined {
  if (!cache || !options.cache) return undefined
  if (options.cache === 'breakpoint') return { prompt_cache_breakpoint: { mode: 'explicit' } }
  const { ttl } = cache
  if (options.ttl !== false || ttl === undefined) return { cache_control: { type: 'ephemeral', ...(ttl !== undefined && { ttl }) } }
  if (ttl !== SHORTEST_TTL) options.context.note({ action: 'approximated', field: 'cache_control.ttl', detail: SHORTEST_TTL })
  return { cache_control: { type: 'ephemeral' } }
}

/** One text without anything else on it is a plain string, which every server takes. */
export function simplestContent(parts: readonly JsonObject[]): string | JsonObject[] {
  const [only] = parts
  return parts.length === 1 && only && isPlain(only) ? (only.text as string) : [...parts]
}

/** Instructions as one string, for servers that take no parts in them, unless a part carries more than its text. */
export const joinedContent = (parts: readonly JsonObject[]): string | JsonObject[] =>
  parts.every(isPlain) ? parts.map(part => part.text as string).join('\n\n') : [...parts]

const isPlain = (part: JsonObject): boolean => part.type === 'text' && Object.keys(part).length === 2
