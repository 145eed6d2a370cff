import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { imageSize } from './image-size.ts'

/** A tile of an image that costs one token, in pixels (dialects.md §2.11). */
const TILE = 28

/** OpenAI's images in `detail: low`. */
const LOW_DETAIL = 85

/** A PDF is read as text and as a picture of each page; how many pages it has is told by its size. */
const PDF = { bytesPerPage: 50_000, tokensPerPage: 3000, mostPages: 100 }

/** A document that is somewhere else: nobody knows how long it is. */
const UNSEEN_PAGES = 5

/** Sound of usual quality: about ten tokens a second. */
const AUDIO_BYTES_PER_TOKEN = 1600

/** Bytes of plain text a token. */
const TEXT_BYTES_PER_TOKEN = 4

const bytesOf = (base64: string): number => Math.floor((base64.length * 3) / 4)

/** Base64 behind the comma of a data URL; the text itself where it is none. */
const withoutPrefix = (data: string): string => (data.startsWith('data:') ? data.slice(data.indexOf(',') + 1) : data)

/** An image of which only the bytes are given; `cap` is what the largest costs, and what one of unknown size is taken for. */
export function imageTokens(base64: string | undefined, cap: number): number {
  const size = base64 === undefined ? undefined : imageSize(withoutPrefix(base64))
  return size ? Math.min(Math.ceil(size.width / TILE) * Math.ceil(size.height / TILE), cap) : cap
}

const string = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined)

function documentTokens(base64: string | undefined, mediaType: string | undefined): number {
  if (base64 === undefined) return UNSEEN_PAGES * PDF.tokensPerPage
  const bytes = bytesOf(base64)
  if (mediaType?.startsWith('text/')) return bytes / TEXT_BYTES_PER_TOKEN
  return Math.min(Math.ceil(bytes / PDF.bytesPerPage), PDF.mostPages) * PDF.tokensPerPage
}

/** Who counts what media are made of. */
export interface InsideTokens {
  /** A document of blocks. */
  content(value: JsonValue): number
  /** A text document, and what is said about any. */
  text(text: string): number
}

/** What a part of another kind than text costs: images, documents, sound, in the words of both dialects. Undefined for every other part. */
export function mediaTokens(part: JsonObject, cap: number, inside: InsideTokens): number | undefined {
  const source = isObject(part.source) ? part.source : undefined
  const data = string(source?.data)
  switch (part.type) {
    case 'image':
      return imageTokens(source?.type === 'base64' ? data : undefined, cap)
    case 'image_url':
    case 'input_image': {
      const image = isObject(part.image_url) ? part.image_url : { url: part.image_url ?? null, detail: part.detail ?? null }
      if (image.detail === 'low') return LOW_DETAIL
      const url = string(image.url)
      return imageTokens(url?.startsWith('data:') ? url : undefined, cap)
    }
    case 'document': {
      const about = inside.text(`${string(part.title) ?? ''} ${string(part.context) ?? ''}`)
      if (source?.type === 'text') return about + inside.text(data ?? '')
      if (source?.type === 'content') return about + inside.content(source.content ?? null)
      return about + documentTokens(source?.type === 'base64' ? data : undefined, string(source?.media_type))
    }
    case 'file':
    case 'input_file': {
      const file = isObject(part.file) ? part.file : part
      const data = string(file.file_data)
      return documentTokens(data && withoutPrefix(data), /^data:([^;,]+)/.exec(data ?? '')?.[1])
    }
    case 'input_audio': {
      const sound = isObject(part.input_audio) ? string(part.input_audio.data) : undefined
      return bytesOf(sound ?? '') / AUDIO_BYTES_PER_TOKEN
    }
    default:
      return undefined
  }
}
