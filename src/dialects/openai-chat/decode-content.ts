import { invalidField } from '../../core/errors.ts'
import { asObject, at, optionalEnum, optionalString, required, requiredObject, requiredString, unknownFields } from '../../core/fields.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { CacheMark, ContentPart, MediaPart } from '../../ir/message.ts'
import { readBase64, readDataUrl, sourceOf, typeOfName } from './media.ts'
import { DIALECT, ownExtensions } from './wire.ts'

type PartType = 'text' | 'refusal' | 'image_url' | 'input_audio' | 'file' | 'thinking'

/** The part types that each role takes. Images in tool results and `thinking` (Mistral) are vendors' additions. */
export const PARTS_OF_ROLE = {
  system: ['text'],
  developer: ['text'],
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal', 'thinking'],
  tool: ['text', 'image_url', 'file'],
} as const satisfies Record<string, readonly PartType[]>

/** `content` as parts: a string is one text part, an empty one none. `path` is the message's. */
export function decodeContent(message: JsonObject, allowed: readonly PartType[], path: string): ContentPart[] {
  const { content } = message
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  const at = `${path}.content`
  if (!Array.isArray(content)) throw invalidField(at, 'must be a string or an array of parts', 'invalid_type')
  return content.map((part, index) => decodePart(part, allowed, `${at}.${index}`))
}

function decodePart(value: JsonValue, allowed: readonly PartType[], path: string): ContentPart {
  const wire = asObject(value, path)
  const type = optionalEnum(wire, 'type', allowed, path) ?? required(at(path, 'type'))
  const cache = readCacheMark(wire, path)
  switch (type) {
    case 'text':
      return { type, text: requiredString(wire, 'text', path), cache, extensions: rest(wire, 'text') }
    case 'refusal':
      return { type, text: requiredString(wire, 'refusal', path), cache, extensions: rest(wire, 'refusal') }
    case 'thinking':
      return { type: 'reasoning', text: textOf(wire.thinking), extensions: rest(wire, 'thinking') }
    case 'image_url':
      return { ...decodeImage(wire, path), cache }
    case 'input_audio':
      return { ...decodeAudio(wire, path), cache }
    case 'file':
      return { ...decodeFile(wire, path), cache }
  }
}

const rest = (wire: JsonObject, key: string) => ownExtensions(unknownFields(wire, new Set(['type', key])))

/** Text of Mistral's nested parts, or a string. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return ''
  return value.map(part => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

/** `cache_control` (Anthropic's, as OpenRouter and LiteLLM carry it) or OpenAI's own `prompt_cache_breakpoint`. */
export function readCacheMark(wire: JsonObject, path: string): CacheMark | undefined {
  for (const key of ['cache_control', 'prompt_cache_breakpoint'] as const) {
    const mark = wire[key]
    if (mark === undefined || mark === null) continue
    const object = asObject(mark, at(path, key))
    return { ttl: optionalString(object, 'ttl', at(path, key)) }
  }
  return undefined
}

function decodeImage(wire: JsonObject, path: string): MediaPart {
  const field = at(path, 'image_url')
  const image = typeof wire.image_url === 'string' ? { url: wire.image_url } : requiredObject(wire, 'image_url', path)
  const url = requiredString(image, 'url', field)
  const unknown = unknownFields(image, new Set(['url']))
  const extensions = ownExtensions({ ...unknownFields(wire, new Set(['type', 'image_url'])), ...(unknown && { image_url: unknown }) })
  if (/^https?:\/\//i.test(url))
    return { type: 'media', mediaType: 'image/*', source: { kind: 'url', url }, extensions: filled(extensions) }
  const urlField = at(field, 'url')
  const inline = readDataUrl(url, urlField) ?? (url.includes(':') ? undefined : readBase64(url, urlField))
  if (!inline) throw invalidField(urlField, 'must be an http, https or data URL', 'invalid_value')
  return {
    type: 'media',
    mediaType: inline.mediaType ?? 'image/*',
    source: { kind: 'base64', data: inline.base64 },
    extensions: filled(extensions),
  }
}

/** Extensions without any member are none. */
function filled(extensions: ReturnType<typeof ownExtensions>) {
  return extensions && Object.keys(extensions[DIALECT] ?? {}).length > 0 ? extensions : undefined
}

function decodeAudio(wire: JsonObject, path: string): MediaPart {
  const field = at(path, 'input_audio')
  const audio = requiredObject(wire, 'input_audio', path)
  const data = requiredString(audio, 'data', field)
  const format = optionalEnum(audio, 'format', ['wav', 'mp3'], field) ?? required(at(field, 'format'))
  const inline = readDataUrl(data, at(field, 'data')) ?? readBase64(data, at(field, 'data'))
  return {
    type: 'media',
    mediaType: `audio/${format}`,
    source: { kind: 'base64', data: inline.base64 },
    extensions: rest(wire, 'input_audio'),
  }
}

function decodeFile(wire: JsonObject, path: string): MediaPart {
  const field = at(path, 'file')
  const file = requiredObject(wire, 'file', path)
  const name = optionalString(file, 'filename', field)
  const extensions = rest(wire, 'file')
  const id = optionalString(file, 'file_id', field)
  if (id !== undefined) {
    return { type: 'media', mediaType: typeOfName(name) ?? '*/*', source: { kind: 'file', id, origin: DIALECT }, name, extensions }
  }
  const data = optionalString(file, 'file_data', field)
  if (data === undefined) throw invalidField(field, 'must have file_data or file_id', 'missing_required_parameter')
  const inline = readDataUrl(data, at(field, 'file_data')) ?? readBase64(data, at(field, 'file_data'))
  const mediaType = inline.mediaType ?? typeOfName(name) ?? 'application/octet-stream'
  return { type: 'media', mediaType, source: sourceOf(mediaType, inline.base64), name, extensions }
}
