import { isObject, type Json } from '../../checkers/json.ts'
import { checkOneOf, checkString, onlyKnown, refuse, required } from './refuse.ts'

const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** How the files of each type begin, in base64. */
const MAGIC: Record<string, string> = { 'image/jpeg': '/9j/', 'image/png': 'iVBORw0K', 'image/gif': 'R0lGOD', 'image/webp': 'UklGR' }

export function checkImage(at: string, source: unknown): void {
  const kind = sourceKind(at, source, ['base64', 'url', 'file'])
  if (!isObject(source)) return
  const path = `${at}.source.${kind}`
  if (kind === 'url') return checkUrl(path, source)
  if (kind === 'file') return checkFile(path, source)
  onlyKnown(path, source, ['type', 'media_type', 'data'])
  checkOneOf(`${path}.media_type`, source.media_type, IMAGE_TYPES)
  const data = checkBase64(path, source.data)
  const actual = Object.entries(MAGIC).find(([, start]) => data.startsWith(start))?.[0]
  if (actual && actual !== source.media_type) {
    refuse(`${path}: The image was specified using the ${source.media_type} media type, but the image appears to be a ${actual} image`)
  }
}

export function checkDocument(at: string, block: Json): void {
  const { source } = block
  const kind = sourceKind(at, source, ['base64', 'text', 'content', 'url', 'file'])
  if (!isObject(source)) return
  const path = `${at}.source.${kind}`
  if (kind === 'url') checkUrl(path, source)
  else if (kind === 'file') checkFile(path, source)
  else if (kind === 'base64') {
    checkOneOf(`${path}.media_type`, source.media_type, ['application/pdf'])
    const data = checkBase64(path, source.data)
    if (!data.startsWith('JVBERi')) refuse(`${path}: The PDF specified was not valid.`)
  } else if (kind === 'text') {
    checkOneOf(`${path}.media_type`, source.media_type, ['text/plain'])
    checkString(`${path}.data`, source.data)
  } else if (typeof source.content !== 'string' && !Array.isArray(source.content)) required(`${path}.content`)
  for (const field of ['title', 'context']) {
    if (block[field] !== undefined && block[field] !== null) checkString(`${at}.${field}`, block[field])
  }
}

function sourceKind(at: string, source: unknown, kinds: readonly string[]): string {
  if (source === undefined) required(`${at}.source`)
  if (!isObject(source)) return refuse(`${at}.source: Input should be an object`)
  checkOneOf(`${at}.source.type`, source.type, kinds)
  return source.type
}

function checkUrl(path: string, source: Json): void {
  onlyKnown(path, source, ['type', 'url'])
  checkString(`${path}.url`, source.url)
  if (!source.url.startsWith('https://')) refuse(`${path}.url: Only HTTPS URLs are supported.`)
}

function checkFile(path: string, source: Json): void {
  onlyKnown(path, source, ['type', 'file_id'])
  checkString(`${path}.file_id`, source.file_id)
}

function checkBase64(path: string, data: unknown): string {
  checkString(`${path}.data`, data)
  if (data === '' || !BASE64.test(data)) refuse(`${path}.data: The data is not valid base64`)
  return data
}
