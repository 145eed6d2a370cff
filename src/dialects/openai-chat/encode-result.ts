import type { JsonObject } from '../../core/json.ts'
import { partPath } from '../../ir/caller-paths.ts'
import type { ContentPart, ToolResultPart } from '../../ir/message.ts'
import { type ContentOptions, cacheMark, encodePart } from './encode-content.ts'
import { isImage } from './encode-media.ts'
import { TOOL_ERROR_PREFIX } from './wire.ts'

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
    const at = partPath(path, index)
    if (!options.images && isImage(part)) {
      // A tool's picture is nobody's question: the conversation goes on without it.
      options.context.note({ action: 'dropped', field: at, detail: 'image' })
      texts.push('[an image that this model cannot be shown]')
      continue
    }
    for (const wire of encodePart(part, at, { ...options, cache: undefined })) {
      if (wire.type === 'text') texts.push(wire.text as string)
      else {
        media.push(wire)
        texts.push(`[${kindOfMedia(part)} ${attached + media.length} attached below]`)
      }
    }
  }
  const text = texts.join('\n')
  return { text: result.isError ? TOOL_ERROR_PREFIX + text : text, media }
}

/** The content of the `tool` message: text, in a part of its own where it ends a prefix worth keeping. */
export function resultContent(result: ToolResultPart, text: string, options: ContentOptions): string | JsonObject[] {
  const mark = cacheMark({ cache: result.cache ?? result.content.findLast(part => part.cache)?.cache }, options)
  return mark && text !== '' ? [{ type: 'text', text, ...mark }] : text
}

function kindOfMedia(part: ContentPart): string {
  if (part.type === 'media' && part.mediaType.startsWith('audio/')) return 'audio'
  return isImage(part) ? 'image' : 'document'
}
