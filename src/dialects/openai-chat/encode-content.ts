import { isObject, type JsonObject } from '../../core/json.ts'
import { partPath } from '../../ir/caller-paths.ts'
import type { ContentPart, MediaPart, ToolResultPart } from '../../ir/message.ts'
import type { CodecContext } from '../dialect.ts'
import { encodeMedia } from './encode-media.ts'
import { kindOfForeignPart } from './foreign-part.ts'
import { DIALECT, TOOL_ERROR_PREFIX } from './wire.ts'

/** Claude Code's attribution entry: it changes with every version and means nothing to anyone else (dialects.md §2.2). */
const ATTRIBUTION = 'x-anthropic-billing-header:'

export interface ContentOptions {
  /** Parts keep the client's cache marks as OpenAI's breakpoints. */
  cacheBreakpoints: boolean
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
export function encodeParts(parts: readonly ContentPart[], path: string, options: ContentOptions): JsonObject[] {
  const encoded: JsonObject[] = []
  for (const [index, part] of parts.entries()) {
    const wire = encodePart(part, partPath(path, index), options)
    if (wire) encoded.push(wire)
  }
  return encoded
}

function encodePart(part: ContentPart, path: string, options: ContentOptions): JsonObject | undefined {
  const own = part.extensions?.[DIALECT]
  switch (part.type) {
    case 'text':
      return part.text === '' ? undefined : { type: 'text', text: part.text, ...own, ...breakpoint(part, options) }
    case 'refusal':
      return { type: 'text', text: part.text }
    case 'media': {
      noteLostMembers(part, path, options.context)
      const { image_url: _, ...members } = own ?? {}
      return { ...encodeMedia(part, path), ...members, ...breakpoint(part, options) }
    }
    case 'opaque':
      options.context.note({ action: 'dropped', field: path, detail: kindOfForeignPart(part.value) })
      return undefined
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      return undefined
  }
}

/** What Anthropic's documents say beside their content; the model does not get to see it here (dialects.md §2.3.3). */
function noteLostMembers({ extensions }: MediaPart, path: string, context: CodecContext): void {
  const { citations, context: about } = extensions?.anthropic ?? {}
  if (isObject(citations) && citations.enabled === true) context.note({ action: 'dropped', field: `${path}.citations` })
  if (typeof about === 'string' && about !== '') context.note({ action: 'dropped', field: `${path}.context` })
}

const breakpoint = (part: ContentPart, options: ContentOptions): JsonObject | undefined =>
  options.cacheBreakpoints && part.cache ? { prompt_cache_breakpoint: { mode: 'explicit' } } : undefined

/** One text without anything else on it is a plain string, which every server takes. */
export function simplestContent(parts: readonly JsonObject[]): string | JsonObject[] {
  const [only] = parts
  return parts.length === 1 && only && isPlain(only) ? (only.text as string) : [...parts]
}

/** Instructions as one string, for servers that take no parts in them, unless a part carries more than its text. */
export const joinedContent = (parts: readonly JsonObject[]): string | JsonObject[] =>
  parts.every(isPlain) ? parts.map(part => part.text as string).join('\n\n') : [...parts]

const isPlain = (part: JsonObject): boolean => part.type === 'text' && Object.keys(part).length === 2

export interface EncodedResult {
  /** The text of the `tool` message. */
  text: string
  /** What only a user message can show; its places in the text are marked. */
  media: JsonObject[]
}

/** A tool's result: `tool` messages take text only, so media follow in a user message (dialects.md §2.3.3). */
export function encodeToolResult(result: ToolResultPart, attached: number, path: string, options: ContentOptions): EncodedResult {
  const texts: string[] = []
  const media: JsonObject[] = []
  for (const [index, part] of result.content.entries()) {
    const wire = encodePart(part, partPath(path, index), { ...options, cacheBreakpoints: false })
    if (!wire) continue
    if (wire.type === 'text') texts.push(wire.text as string)
    else {
      media.push(wire)
      texts.push(`[${kindOfMedia(part)} ${attached + media.length} attached below]`)
    }
  }
  const text = texts.join('\n')
  return { text: result.isError ? TOOL_ERROR_PREFIX + text : text, media }
}

function kindOfMedia(part: ContentPart): string {
  const type = (part as MediaPart).mediaType
  return type.startsWith('image/') ? 'image' : type.startsWith('audio/') ? 'audio' : 'document'
}
