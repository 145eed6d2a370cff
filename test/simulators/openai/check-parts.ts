import { isObject, type Json } from '../../checkers/json.ts'
import { emptyArray, missing, onlyKnown, refuse, wrongType, wrongValue } from './refuse.ts'

const FIELDS: Record<string, readonly string[]> = {
  text: ['type', 'text', 'prompt_cache_breakpoint'],
  image_url: ['type', 'image_url', 'prompt_cache_breakpoint'],
  input_audio: ['type', 'input_audio', 'prompt_cache_breakpoint'],
  file: ['type', 'file', 'prompt_cache_breakpoint'],
  refusal: ['type', 'refusal'],
}

const PART_TYPES: Record<string, readonly string[]> = {
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
  system: ['text'],
  developer: ['text'],
  tool: ['text'],
}

/** Content of a message: text, or parts of the kinds that the role may have. */
export function checkContent(path: string, role: string, content: unknown): void {
  if (typeof content === 'string') return
  if (!Array.isArray(content)) return wrongType(path, 'one of a string or array of objects', content)
  if (content.length === 0) emptyArray(path)
  for (const [index, part] of content.entries()) checkPart(`${path}[${index}]`, part, PART_TYPES[role] ?? ['text'])
}

function checkPart(path: string, part: unknown, types: readonly string[]): void {
  if (!isObject(part)) return wrongType(path, 'an object', part)
  const { type } = part
  if (type === undefined) missing(`${path}.type`)
  if (typeof type !== 'string' || !types.includes(type)) return wrongValue(`${path}.type`, type, types)
  onlyKnown(path, part, FIELDS[type] ?? [])
  if (part[type] === undefined) missing(`${path}.${type}`)
  if (type === 'text' || type === 'refusal') {
    if (typeof part[type] !== 'string') wrongType(`${path}.${type}`, 'a string', part[type])
  } else checkMedia(path, type, part[type])
  if (part.prompt_cache_breakpoint !== undefined) checkBreakpoint(`${path}.prompt_cache_breakpoint`, part.prompt_cache_breakpoint)
}

function checkMedia(path: string, type: string, value: unknown): void {
  if (!isObject(value)) return wrongType(`${path}.${type}`, 'an object', value)
  if (type === 'image_url') checkImage(`${path}.image_url`, value)
  else if (type === 'file') checkFile(`${path}.file`, value)
  else {
    onlyKnown(`${path}.input_audio`, value, ['data', 'format'])
    if (typeof value.data !== 'string') wrongType(`${path}.input_audio.data`, 'a string', value.data)
    const formats = ['wav', 'mp3']
    if (!formats.includes(String(value.format))) wrongValue(`${path}.input_audio.format`, value.format, formats)
  }
}

function checkImage(path: string, image: Json): void {
  onlyKnown(path, image, ['url', 'detail'])
  if (typeof image.url !== 'string') return wrongType(`${path}.url`, 'a string', image.url)
  const details = ['auto', 'low', 'high', 'original']
  if (image.detail !== undefined && !details.includes(String(image.detail))) wrongValue(`${path}.detail`, image.detail, details)
  if (/^https?:\/\/\S+$/.test(image.url)) return
  const data = /^data:([^;,]*)(;[^,]*)?,(.*)$/s.exec(image.url)
  if (!data?.[2]?.endsWith(';base64')) {
    refuse(`Invalid '${path}.url'. Expected a valid URL, but got a value with an invalid format.`, `${path}.url`, 'invalid_value')
  }
  if (!/^image\/(png|jpe?g|gif|webp)$/i.test(data[1] ?? '')) {
    const formats = "['png', 'jpeg', 'gif', 'webp']"
    refuse(
      `You uploaded an unsupported image. Please make sure your image has one of the following formats: ${formats}.`,
      path,
      'invalid_image_format',
    )
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data[3] ?? '')) refuse('The image data is not valid base64.', path, 'invalid_base64')
}

function checkFile(path: string, file: Json): void {
  onlyKnown(path, file, ['file_data', 'file_id', 'filename'])
  if (file.file_id === undefined && file.file_data === undefined) missing(`${path}.file_id`)
  if (file.file_data !== undefined && typeof file.file_data !== 'string') wrongType(`${path}.file_data`, 'a string', file.file_data)
  if (file.file_data !== undefined && file.filename === undefined) missing(`${path}.filename`)
}

function checkBreakpoint(path: string, value: unknown): void {
  if (!isObject(value)) return wrongType(path, 'an object', value)
  onlyKnown(path, value, ['mode', 'ttl'])
  if (value.mode !== 'explicit') wrongValue(`${path}.mode`, value.mode, ['explicit'])
  if (value.ttl !== undefined && !['30m', '12h'].includes(String(value.ttl))) wrongValue(`${path}.ttl`, value.ttl, ['30m', '12h'])
}
