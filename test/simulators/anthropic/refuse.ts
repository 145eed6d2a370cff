import type { Json } from '../../checkers/json.ts'
import { newId } from '../ids.ts'
import { Refusal } from '../refusal.ts'

const TYPES: Record<number, string> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

/** Anthropic's envelope (dialects.md §5.1, §5.2). */
export function anthropicError(status: number, message: string): Json {
  const type = TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  return { type: 'error', error: { type, message }, request_id: newId('req_', 24) }
}

/** @throws {Refusal} 400 unless told otherwise. */
export function refuse(message: string, status = 400): never {
  throw new Refusal(status, anthropicError(status, message), message)
}

export const extraInput = (path: string): never => refuse(`${path}: Extra inputs are not permitted`)

export const required = (path: string): never => refuse(`${path}: Field required`)

export function onlyKnown(path: string, value: Json, allowed: readonly string[]): void {
  for (const name of Object.keys(value)) if (!allowed.includes(name)) extraInput(path === '' ? name : `${path}.${name}`)
}

export function checkString(path: string, value: unknown): asserts value is string {
  if (value === undefined) required(path)
  if (typeof value !== 'string') refuse(`${path}: Input should be a valid string`)
}

export function checkOneOf(path: string, value: unknown, allowed: readonly string[]): asserts value is string {
  if (value === undefined) required(path)
  if (typeof value === 'string' && allowed.includes(value)) return
  const quoted = allowed.map(item => `'${item}'`)
  refuse(`${path}: Input should be ${quoted.length > 1 ? `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}` : quoted[0]}`)
}

export function checkInteger(path: string, value: unknown, minimum: number): asserts value is number {
  if (value === undefined) required(path)
  if (typeof value !== 'number' || !Number.isInteger(value)) refuse(`${path}: Input should be a valid integer`)
  if (value < minimum) refuse(`${path}: Input should be greater than or equal to ${minimum}`)
}
