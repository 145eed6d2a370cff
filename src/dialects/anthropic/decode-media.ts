import { readBase64Text } from '../../core/base64.ts'
import { at, optionalString, requiredObject, requiredString } from '../../core/fields.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { ContentPart, MediaPart, PartBase } from '../../ir/message.ts'
import type { CodecContext } from '../dialect.ts'
import { partBase } from './part-base.ts'
import { STANDS_FOR } from './wire.ts'

const IMAGE_FIELDS = new Set(['type', 'source', 'cache_control'])
const DOCUMENT_FIELDS = new Set(['type', 'source', 'title', 'cache_control'])

/** An `image` block. A kind of source that we do not know stays whole, for Anthropic alone. */
export function decodeImage(block: JsonObject, path: string): ContentPart {
  return decodeSource(block, path, 'image/*', partBase(block, IMAGE_FIELDS, path)) ?? { type: 'opaque', origin: 'anthropic', value: block }
}

/** A `document` block. One made of blocks becomes its text (and images), with the document itself kept beside it. */
export function decodeDocument(block: JsonObject, path: string, context: CodecContext): ContentPart[] {
  const base: PartBase & { name?: string } = partBase(block, DOCUMENT_FIELDS, path)
  const name = optionalString(block, 'title', path)
  if (name !== undefined) base.name = name
  const source = requiredObject(block, 'source', path)
  if (source.type === 'content') return decodeBlocks(block, source, base, path, context)
  return [decodeSource(block, path, 'application/pdf', base) ?? { type: 'opaque', origin: 'anthropic', value: block }]
}

function decodeSource(block: JsonObject, path: string, mediaRange: string, base: PartBase & { name?: string }): MediaPart | undefined {
  const from = at(path, 'source')
  const source = requiredObject(block, 'source', path)
  switch (requiredString(source, 'type', from)) {
    case 'base64': {
      const mediaType = requiredString(source, 'media_type', from)
      const data = readBase64Text(requiredString(source, 'data', from), at(from, 'data'))
      return { type: 'media', mediaType, source: { kind: 'base64', data }, ...base }
    }
    case 'text': {
      const mediaType = optionalString(source, 'media_type', from) ?? 'text/plain'
      return { type: 'media', mediaType, source: { kind: 'text', text: requiredString(source, 'data', from) }, ...base }
    }
    case 'url':
      return { type: 'media', mediaType: mediaRange, source: { kind: 'url', url: requiredString(source, 'url', from) }, ...base }
    case 'file': {
      const id = requiredString(source, 'file_id', from)
      return { type: 'media', mediaType: mediaRange, source: { kind: 'file', id, origin: 'anthropic' }, ...base }
    }
    default:
      return undefined
  }
}

/** The first part stands for the whole document, images that follow stand for nothing more. */
function decodeBlocks(
  block: JsonObject,
  source: JsonObject,
  base: PartBase & { name?: string },
  path: string,
  context: CodecContext,
): ContentPart[] {
  const { content } = source
  const texts: string[] = typeof content === 'string' ? [content] : []
  const images: ContentPart[] = []
  for (const [index, item] of (Array.isArray(content) ? content : []).entries()) {
    if (!isObject(item)) continue
    if (typeof item.text === 'string') texts.push(item.text)
    else if (item.type === 'image') {
      images.push({ ...decodeImage(item, at(at(at(path, 'source'), 'content'), index)), extensions: { anthropic: { [STANDS_FOR]: [] } } })
    } else context.note({ action: 'dropped', field: at(path, 'source.content'), detail: 'a block of this document has no counterpart' })
  }
  const whole: MediaPart = {
    type: 'media',
    mediaType: 'text/plain',
    source: { kind: 'text', text: texts.join('\n') },
    ...base,
    extensions: { anthropic: { [STANDS_FOR]: [block] } },
  }
  return [whole, ...images]
}
