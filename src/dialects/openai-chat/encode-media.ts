import { invalidField } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { ContentPart, MediaPart } from '../../ir/message.ts'
import type { UpstreamTraits } from '../dialect.ts'
import { DIALECT } from './wire.ts'

const AUDIO_FORMAT: Record<string, string> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/mp3': 'mp3',
  'audio/mpeg': 'mp3',
}

/**
 * Media as a content part. What the dialect has no part for is refused rather than dropped: a question about a document that was not sent has no
 * honest answer. @throws GatewayError naming `path`.
 */
export function encodeMedia(part: MediaPart, path: string, documents: UpstreamTraits['documents'] = 'file'): JsonObject {
  const { source, mediaType } = part
  switch (source.kind) {
    case 'text':
      return { type: 'text', text: documentText(part.name, source.text) }
    case 'file':
      if (source.origin !== DIALECT && source.origin !== 'openai-responses')
        throw invalidField(path, 'names a file that only another vendor has')
      return { type: 'file', file: { file_id: source.id, ...(part.name !== undefined && { filename: part.name }) } }
    case 'url':
      if (isImage(part)) return image(part, source.url)
      if (documents === 'document_url') return documentUrl(part, source.url)
      throw invalidField(path, `${mediaType} by URL cannot be sent to this upstream; send its data instead`)
    case 'base64':
      return encodeInline(part, source.data, path, documents)
  }
}

/** Media without a stated type are taken for an image, which is what such a source nearly always is. */
export const isImage = (part: ContentPart): boolean =>
  part.type === 'media' && (part.mediaType.startsWith('image/') || part.mediaType === '*/*')

function encodeInline(part: MediaPart, data: string, path: string, documents: UpstreamTraits['documents']): JsonObject {
  const { mediaType } = part
  const format = AUDIO_FORMAT[mediaType]
  if (format !== undefined) return { type: 'input_audio', input_audio: { data, format } }
  if (isImage(part)) return image(part, `data:${mediaType.endsWith('*') ? 'image/png' : mediaType};base64,${data}`)
  if (/^(audio|video)\//.test(mediaType) || documents === 'none')
    throw invalidField(path, `${mediaType} cannot be sent to this upstream`, 'unsupported_value')
  const url = `data:${mediaType};base64,${data}`
  if (documents === 'document_url') return documentUrl(part, url)
  const filename = part.name ?? (mediaType === 'application/pdf' ? 'document.pdf' : 'document')
  return { type: 'file', file: { filename, file_data: url } }
}

/** Mistral's part for documents, by address or as a data URL. */
const documentUrl = (part: MediaPart, url: string): JsonObject => ({
  type: 'document_url',
  document_url: url,
  ...(part.name !== undefined && { document_name: part.name }),
})

function image(part: MediaPart, url: string): JsonObject {
  const own = part.extensions?.[DIALECT]?.image_url
  return { type: 'image_url', image_url: { url, ...(isObject(own) && own) } }
}

/** A text document inside a text part, its bounds and title visible to the model (dialects.md §2.3.3). */
export const documentText = (title: string | undefined, text: string): string =>
  `<document${title === undefined ? '' : ` title=${JSON.stringify(title)}`}>\n${text}\n</document>`
