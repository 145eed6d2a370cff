import { isObject, type JsonValue, tryParseJson } from '../../core/json.ts'

/** What a validator found first. */
export interface ListedProblem {
  message: string
  param?: string
}

/** Python's way to write the same list, as vLLM and its like put it into `message`. */
const PYTHON = /'loc': \(([^)]{0,300})\), 'msg': (?:'([^']{1,300})'|"([^"]{1,300})")/

/**
 * The first of the problems that FastAPI's validator lists, wherever servers put the list: `detail`, `message`, `message.detail` (Mistral), or any of these as
 * text. Undefined where `value` holds none.
 */
export function listedProblem(value: JsonValue | undefined, depth = 0): ListedProblem | undefined {
  if (depth > 3) return undefined
  if (typeof value === 'string') return ofText(value, depth)
  if (isObject(value)) return listedProblem(value.detail ?? value.message, depth + 1)
  const [first] = Array.isArray(value) ? value : []
  if (!isObject(first) || typeof first.msg !== 'string') return undefined
  return problem(first.msg, Array.isArray(first.loc) ? first.loc.map(String) : [])
}

function ofText(value: string, depth: number): ListedProblem | undefined {
  if (!/^\s*[[{]/.test(value)) return undefined
  const parsed = tryParseJson(value)
  if (parsed !== undefined) return listedProblem(parsed, depth + 1)
  const [, loc, single, double] = PYTHON.exec(value) ?? []
  const message = single ?? double
  if (message === undefined) return undefined
  return problem(message, loc?.split(',').map(item => item.trim().replace(/^'|'$/g, '')) ?? [])
}

function problem(message: string, loc: readonly string[]): ListedProblem {
  const param = loc.filter((item, index) => item !== '' && !(index === 0 && item === 'body')).join('.')
  return param === '' ? { message } : { message: `${param}: ${message}`, param }
}
