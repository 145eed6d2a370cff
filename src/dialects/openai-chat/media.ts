import { readBase64Text } from '../../core/base64.ts'
import { invalidField } from '../../core/errors.ts'
import type { MediaSource } from '../../ir/message.ts'

/** Media as it stands in a data URL or in bare base64; `mediaType` is absent where nothing tells. */
export interface InlineMedia {
  mediaType?: string
  base64: string
}

/** First bytes of what vendors take, as base64 shows them. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['/9j/', 'image/jpeg'],
  ['iVBORw0KGgo', 'image/png'],
  ['R0lGOD', 'image/gif'],
  ['JVBERi', 'application/pdf'],
]

const OF_EXTENSION: Record<string, string> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  xml: 'text/xml',
  json: 'application/json',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
}

/**
 * A data URL (RFC 2397): any parameters, an absent media type, percent-encoding and white space in the base64 are all legal. Undefined where
 * `url` is none. @throws GatewayError naming `path` where the data is broken.
 */
export function readDataUrl(url: string, path: string): InlineMedia | undefined {
  if (!/^data:/i.test(url)) return undefined
  const comma = url.indexOf(',')
  if (comma === -1) throw invalidField(path, 'is a data URL without data', 'invalid_value')
  const [type = '', ...parameters] = url
    .slice(5, comma)
    .split(';')
    .map(item => item.trim().toLowerCase())
  const data = url.slice(comma + 1)
  const base64 = parameters.includes('base64') ? cleanBase64(data, path) : percentDecoded(data).toString('base64')
  return { mediaType: normalType(type) ?? sniff(base64), base64 }
}

/** Bare base64 (OpenAI takes it for images and files). @throws GatewayError naming `path` where it is none. */
export function readBase64(data: string, path: string): InlineMedia {
  const base64 = cleanBase64(data, path)
  return { mediaType: sniff(base64), base64 }
}

/** The source for the model: text stays text, so that every vendor can take it; the rest stays base64. */
export function sourceOf(mediaType: string, base64: string): MediaSource {
  const isText = mediaType.startsWith('text/') || mediaType === 'application/json'
  return isText ? { kind: 'text', text: Buffer.from(base64, 'base64').toString('utf8') } : { kind: 'base64', data: base64 }
}

/** The media type that a file's name suggests. */
export const typeOfName = (name: string | undefined): string | undefined => OF_EXTENSION[name?.split('.').at(-1)?.toLowerCase() ?? '']

function cleanBase64(data: string, path: string): string {
  let text = data
  if (text.includes('%')) text = percentDecoded(text).toString('latin1')
  if (text.includes('-') || text.includes('_')) text = text.replaceAll('-', '+').replaceAll('_', '/')
  return readBase64Text(text, path)
}

/** Each `%41` is one byte, whatever the bytes mean; other characters are their UTF-8 bytes. */
function percentDecoded(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  return Buffer.from(
    bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}

function normalType(type: string): string | undefined {
  if (!type.includes('/')) return undefined
  return type === 'image/jpg' ? 'image/jpeg' : type
}

function sniff(base64: string): string | undefined {
  const known = SIGNATURES.find(([start]) => base64.startsWith(start))
  if (known) return known[1]
  const head = Buffer.from(base64.slice(0, 16), 'base64').toString('latin1')
  return head.startsWith('RIFF') && head.endsWith('WEBP') ? 'image/webp' : undefined
}
