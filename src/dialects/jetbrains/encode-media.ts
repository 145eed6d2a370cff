import type { ContentPart, MediaPart } from '../../ir/message.ts'
import type { Draft } from './draft.ts'

/** The members of a `media_message` beside its type. */
export interface WireMedia {
  mediaType: string
  /** Bare base64. */
  data: string
}

/** Seen to be taken (jetbrains-ai.md §2.3), where the profile's own list is not known. */
const KNOWN_TYPES: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']

/** How a part goes over: as text, as media, or not at all, with the reason. */
export type Carried = { text: string } | { media: WireMedia } | { problem: string }

/** Media as this wire carries it: base64 of a type that the model takes; text documents as text. */
export function carryMedia(part: MediaPart, { version, traits }: Draft): Carried {
  const { source } = part
  switch (source.kind) {
    case 'text':
      return { text: documentText(part.name, source.text) }
    case 'url':
      return { problem: `${kindOfMedia(part)}s by URL cannot be sent to this upstream; send the data instead` }
    case 'file':
      return { problem: 'names a file that only another vendor has' }
    case 'base64': {
      const mediaType = typeOf(part.mediaType, source.data)
      if (mediaType.startsWith('text/')) return { text: documentText(part.name, Buffer.from(source.data, 'base64').toString('utf8')) }
      const types = version.media ? (traits.mediaTypes ?? KNOWN_TYPES) : []
      if (types.length === 0) return { problem: `is of type ${mediaType}, and this upstream takes text only` }
      if (!isAmong(mediaType, types)) return { problem: `is of type ${mediaType}, and this model takes ${types.join(', ')}` }
      return { media: { mediaType, data: /\s/.test(source.data) ? source.data.replace(/\s+/g, '') : source.data } }
    }
  }
}

export function kindOfMedia(part: ContentPart): 'image' | 'audio' | 'document' {
  const type = part.type === 'media' ? part.mediaType : ''
  if (type.startsWith('audio/')) return 'audio'
  return type.startsWith('image/') || type === '*/*' ? 'image' : 'document'
}

/** A list may hold ranges: `image/*`. */
const isAmong = (type: string, types: readonly string[]): boolean =>
  types.some(entry => entry === type || (entry.endsWith('/*') && type.startsWith(entry.slice(0, -1))))

/** First bytes as base64 shows them: clients guess types from file names, and Claude compares. */
const SIGNATURES: readonly (readonly [RegExp, string])[] = [
  [/^\/9j\//, 'image/jpeg'],
  [/^iVBORw0KGgo/, 'image/png'],
  [/^R0lGOD[dl]/, 'image/gif'],
  [/^UklGR.{6}XRUJQ/, 'image/webp'],
  [/^JVBERi/, 'application/pdf'],
]

function typeOf(declared: string, data: string): string {
  const type = (declared.split(';')[0] ?? '').trim().toLowerCase()
  const start = data.slice(0, 64).replace(/\s+/g, '')
  const found = SIGNATURES.find(([signature]) => signature.test(start))?.[1]
  return found ?? (type === 'image/jpg' ? 'image/jpeg' : type)
}

/** A text document inside a text, its bounds and title visible to the model. */
const documentText = (title: string | undefined, text: string): string =>
  `<document${title === undefined ? '' : ` title=${JSON.stringify(title)}`}>\n${text}\n</document>`
