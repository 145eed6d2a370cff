import { invalidField } from '../../core/errors.ts'
import type { MediaPart } from '../../ir/message.ts'
import type { Block } from './wire.ts'

const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
const TEXT_TYPES = /^(text\/|application\/(json|xml|yaml|x-yaml|javascript|csv|markdown|x-ndjson)\b)|\+(json|xml)$/

/** A media part as an `image` or `document` block. @throws GatewayError `invalid-request` where Anthropic takes no such thing. */
export function encodeMedia(part: MediaPart, path: string): Block {
  const { source } = part
  switch (source.kind) {
    case 'base64':
      return encodeBase64(part, source.data, path)
    case 'text':
      return document(part, { type: 'text', media_type: 'text/plain', data: source.text })
    case 'url':
      return encodeUrl(part, source.url, path)
    case 'file':
      if (source.origin !== 'anthropic') throw invalidField(path, 'refers to a file of another provider; send its content instead')
      if (part.mediaType.startsWith('image/')) return { type: 'image', source: { type: 'file', file_id: source.id } }
      return document(part, { type: 'file', file_id: source.id })
  }
}

/** The longest title of a document. */
const LONGEST_TITLE = 500

function document(part: MediaPart, source: Block): Block {
  return part.name === undefined || part.name === ''
    ? { type: 'document', source }
    : { type: 'document', source, title: part.name.slice(0, LONGEST_TITLE) }
}

function encodeBase64(part: MediaPart, given: string, path: string): Block {
  const data = /\s/.test(given) ? given.replace(/\s+/g, '') : given
  const declared = normalType(part.mediaType)
  // Anthropic compares the type with the bytes, and clients often guess it from a file's name.
  const type = sniff(data, declared) ?? declared
  if (IMAGE_TYPES.has(type)) return { type: 'image', source: { type: 'base64', media_type: type, data } }
  if (type === 'application/pdf') return document(part, { type: 'base64', media_type: type, data })
  if (type.startsWith('image/'))
    throw invalidField(path, `images of type ${type} are not supported; use JPEG, PNG, GIF or WebP`, 'unsupported_value')
  if (TEXT_TYPES.test(type)) {
    const text = Buffer.from(data, 'base64').toString('utf8')
    return document(part, { type: 'text', media_type: 'text/plain', data: text })
  }
  const name = part.name ? `the file ${JSON.stringify(part.name)} ` : 'media '
  throw invalidField(path, `${name}of type ${type} is not supported by this model; send images, PDF or text`, 'unsupported_value')
}

function encodeUrl(part: MediaPart, url: string, path: string): Block {
  if (!/^https:\/\//i.test(url)) throw invalidField(path, 'must be an https URL, or the content itself')
  const type = normalType(part.mediaType)
  if (type.startsWith('image/')) return { type: 'image', source: { type: 'url', url } }
  if (type === 'application/pdf' || /\.pdf(?:$|[?#])/i.test(url)) return document(part, { type: 'url', url })
  throw invalidField(path, `a URL of type ${type} is not supported by this model; send its content instead`)
}

function normalType(mediaType: string): string {
  const type = (mediaType.split(';')[0] ?? '').trim().toLowerCase()
  return type === 'image/jpg' || type === 'image/pjpeg' ? 'image/jpeg' : type
}

/** First bytes of pictures that Anthropic takes under no name. */
const OTHER_IMAGES: readonly (readonly [RegExp, string])[] = [
  [/^BM/, 'image/bmp'],
  [/^(II\*\0|MM\0\*)/, 'image/tiff'],
  [/^.{4}ftyp(heic|heix|mif1)/s, 'image/heic'],
  [/^.{4}ftypavif/s, 'image/avif'],
  [/^\s*<(svg|\?xml)/, 'image/svg+xml'],
]

/** The type that the first bytes tell; undefined where they tell none. What `declared` says is a picture may be of more kinds. */
function sniff(base64: string, declared: string): string | undefined {
  const head = Buffer.from(base64.slice(0, 24), 'base64').toString('latin1')
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'image/gif'
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'image/webp'
  if (head.startsWith('%PDF-')) return 'application/pdf'
  return declared.startsWith('image/') ? OTHER_IMAGES.find(([start]) => start.test(head))?.[1] : undefined
}
