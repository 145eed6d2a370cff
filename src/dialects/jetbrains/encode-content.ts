import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonValue } from '../../core/json.ts'
import { partPath } from '../../ir/caller-paths.ts'
import { isCompaction } from '../../ir/compaction.ts'
import type { ContentPart, MediaPart, ToolResultPart } from '../../ir/message.ts'
import type { Draft } from './draft.ts'
import { carryMedia, kindOfMedia, type WireMedia } from './encode-media.ts'
import { TOOL_ERROR_PREFIX } from './wire.ts'

/** What was said in one turn: text, and media, which stands before it. */
export interface Content {
  text: string
  media: WireMedia[]
}

/** Claude Code's attribution entry: it changes with every version and means nothing to anyone else. */
const ATTRIBUTION = 'x-anthropic-billing-header:'

/** A user's parts, or instructions. @throws GatewayError `invalid-request` for media that cannot be sent, where any could */
export function readContent(parts: readonly ContentPart[], path: string, draft: Draft): Content {
  const texts: string[] = []
  const media: WireMedia[] = []
  let runs = 0
  let inText = false
  for (const [index, part] of parts.entries()) {
    const at = partPath(path, index)
    if (part.type === 'media') {
      const about = wordsAbout(part, at, draft)
      if (about !== undefined) texts.push(about)
      const carried = carryMedia(part, draft)
      if ('media' in carried) {
        media.push(carried.media)
        inText = false
        continue
      }
      texts.push('text' in carried ? carried.text : standIn(part, carried.problem, at, draft))
    } else {
      const text = textOf(part, at, draft)
      if (text.trim() === '' || text.startsWith(ATTRIBUTION)) continue
      texts.push(text)
    }
    if (!inText) runs++
    inText = true
  }
  if (runs > 1) draft.context.note({ action: 'approximated', field: path, detail: 'media stands before the text' })
  return { text: texts.join('\n\n'), media }
}

/** Upstreams without any media are told of them; elsewhere a question about a picture that was not sent has no honest answer. */
function standIn(part: MediaPart, problem: string, path: string, { version, context }: Draft): string {
  if (version.media) throw invalidField(path, problem, 'unsupported_value')
  context.note({ action: 'dropped', field: path, detail: kindOfMedia(part) })
  return withheld(part)
}

const withheld = (part: ContentPart): string => `[${kindOfMedia(part)} that this model cannot be shown]`

/** A tool's result as text; its media, marked there, are to follow. */
export function readResult(result: ToolResultPart, attached: number, path: string, draft: Draft): Content {
  const texts: string[] = []
  const media: WireMedia[] = []
  for (const [index, part] of result.content.entries()) {
    const at = partPath(path, index)
    if (part.type !== 'media') {
      const text = textOf(part, at, draft)
      if (text !== '') texts.push(text)
      continue
    }
    const carried = carryMedia(part, draft)
    if ('text' in carried) texts.push(carried.text)
    else if ('media' in carried) {
      media.push(carried.media)
      texts.push(`[${kindOfMedia(part)} ${attached + media.length} attached below]`)
      draft.context.note({ action: 'approximated', field: at, detail: 'media stands behind the results' })
    } else {
      // A tool's picture is nobody's question: the conversation goes on without it.
      draft.context.note({ action: 'dropped', field: at, detail: carried.problem })
      texts.push(withheld(part))
    }
  }
  const text = texts.join('\n')
  return { text: result.isError ? TOOL_ERROR_PREFIX + text : text, media }
}

function textOf(part: ContentPart, path: string, { context }: Draft): string {
  switch (part.type) {
    case 'text': {
      const stands = standsFor(part.extensions?.anthropic?.stands_for)
      if (stands?.type === 'search_result') context.note({ action: 'approximated', field: path, detail: 'search_result as text' })
      return part.text
    }
    case 'refusal':
      return part.text
    case 'opaque':
      noteForeign(part, path, { context })
      return ''
    default:
      return ''
  }
}

/** A part that only another vendor understands. Compactions were dealt with, and Anthropic's `fallback` is a mark for the books. */
export function noteForeign(part: ContentPart, path: string, { context }: Pick<Draft, 'context'>): void {
  if (part.type !== 'opaque' || isCompaction(part)) return
  const kind = isObject(part.value) && typeof part.value.type === 'string' ? part.value.type : 'opaque'
  if (kind !== 'fallback') context.note({ action: 'dropped', field: path, detail: kind })
}

const standsFor = (blocks: JsonValue | undefined) => {
  const [block] = Array.isArray(blocks) ? blocks : []
  return isObject(block) ? block : undefined
}

/** What Anthropic's documents say beside their content; that they can be cited is lost. */
function wordsAbout({ extensions }: MediaPart, path: string, { context }: Draft): string | undefined {
  const from = extensions?.anthropic
  const { citations, context: about } = standsFor(from?.stands_for) ?? from ?? {}
  if (isObject(citations) && citations.enabled === true) context.note({ action: 'dropped', field: `${path}.citations` })
  return typeof about === 'string' && about !== '' ? about : undefined
}
