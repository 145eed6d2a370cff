import type { Json } from '../../checkers/json.ts'
import { Refusal } from '../refusal.ts'

const TYPES: Record<number, string> = {
  429: 'requests',
  500: 'server_error',
  502: 'server_error',
  503: 'server_error',
  504: 'server_error',
}
const CODES: Record<number, string> = { 401: 'invalid_api_key', 404: 'model_not_found', 429: 'rate_limit_exceeded' }

/** OpenAI's envelope (dialects.md §5.1, §5.2). */
export function openAiError(
  status: number,
  message: string,
  param: string | null = null,
  code: string | null = CODES[status] ?? null,
): Json {
  return { error: { message, type: TYPES[status] ?? 'invalid_request_error', param, code } }
}

/** @throws {Refusal} 400. */
export function refuse(message: string, param: string | null, code: string | null = null, status = 400): never {
  throw new Refusal(status, openAiError(status, message, param, code), message)
}

export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}

export const wrongType = (path: string, expected: string, value: unknown): never =>
  refuse(`Invalid type for '${path}': expected ${expected}, but got ${describe(value)} instead.`, path, 'invalid_type')

export const wrongValue = (path: string, value: unknown, allowed: readonly string[]): never =>
  refuse(`Invalid value: '${value}'. Supported values are: ${allowed.map(item => `'${item}'`).join(', ')}.`, path, 'invalid_value')

export const missing = (path: string): never => refuse(`Missing required parameter: '${path}'.`, path, 'missing_required_parameter')

export const emptyArray = (path: string): never =>
  refuse(`Invalid '${path}': empty array. Expected an array with minimum length 1, but got an empty array instead.`, path, 'empty_array')

export function checkLength(path: string, value: string, max: number): void {
  if (value.length <= max) return
  refuse(
    `Invalid '${path}': string too long. Expected a string with maximum length ${max}, ` +
      `but got a string with length ${value.length} instead.`,
    path,
    'string_above_max_length',
  )
}

export function checkCount(path: string, list: readonly unknown[], max: number): void {
  if (list.length <= max) return
  refuse(
    `Invalid '${path}': array too long. Expected an array with maximum length ${max}, but got an array with length ${list.length} instead.`,
    path,
    'array_above_max_length',
  )
}

/** Members beyond `allowed` are refused by their path. */
export function onlyKnown(path: string, value: Json, allowed: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (!allowed.includes(name)) refuse(`Unknown parameter: '${path}.${name}'.`, `${path}.${name}`, 'unknown_parameter')
  }
}
