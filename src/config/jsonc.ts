import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { JsonObject, JsonValue } from '../core/json.ts'
import { type Path, pathText } from './problem.ts'

/** Both from 1; columns count characters. */
export interface Position {
  line: number
  column: number
}

/** A file's content with the places of its values. */
export interface JsoncDocument {
  /** Undefined where the file is not JSON. */
  value: JsonValue | undefined
  faults: { position: Position; path: string; message: string }[]
  /** Where the value at `path`, or the nearest thing around it that the file holds, stands; `key` asks for the key's place. */
  locate(path: Path, key?: boolean): Position
}

/** By the parser's own names for them. */
const FAULTS: Record<string, string> = {
  InvalidSymbol: 'unknown word',
  InvalidNumberFormat: 'malformed number',
  PropertyNameExpected: 'a key in double quotes is expected',
  ValueExpected: 'a value is expected',
  ColonExpected: 'a colon is expected',
  CommaExpected: 'a comma is expected',
  CloseBraceExpected: 'a closing brace is expected',
  CloseBracketExpected: 'a closing bracket is expected',
  EndOfFileExpected: 'nothing more is expected after the object',
  UnexpectedEndOfComment: 'the comment does not end',
  UnexpectedEndOfString: 'the string does not end',
  UnexpectedEndOfNumber: 'the number does not end',
  InvalidUnicode: 'malformed \\u escape',
  InvalidEscapeCharacter: 'unknown escape',
  InvalidCharacter: 'control character in a string',
}

/** Reads JSON with comments, trailing commas and a byte order mark. */
export function parseJsonc(source: string): JsoncDocument {
  const text = source.startsWith('\ufeff') ? ` ${source.slice(1)}` : source
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: false })
  const position = positions(text)
  const faults = errors.map(error => ({
    position: position(error.offset),
    path: '',
    message: `malformed JSON: ${FAULTS[printParseErrorCode(error.error)] ?? 'unexpected input'}`,
  }))
  const value =
    root && errors.length === 0
      ? plainValue(root, [], (node, path) => {
          faults.push({ position: position(node.offset), path: pathText(path), message: 'stands twice; the last one would win' })
        })
      : undefined
  return { value, faults, locate: (path, key = false) => position(offsetOf(root, path, key)) }
}

function positions(text: string): (offset: number) => Position {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return offset => {
    let line = starts.length
    while (line > 1 && (starts[line - 1] as number) > offset) line--
    return { line, column: offset - (starts[line - 1] as number) + 1 }
  }
}

/** The plain value; objects have no prototype, so that a key named `__proto__` is a key like any other. */
function plainValue(node: Node, path: Path, onDouble: (key: Node, path: Path) => void): JsonValue {
  if (node.type === 'array') return (node.children ?? []).map((item, index) => plainValue(item, [...path, index], onDouble))
  if (node.type !== 'object') return (node.value ?? null) as JsonValue
  const result: JsonObject = Object.create(null)
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? []
    if (!key || !value) continue
    const name = String(key.value)
    if (name in result) onDouble(key, [...path, name])
    result[name] = plainValue(value, [...path, name], onDouble)
  }
  return result
}

function offsetOf(root: Node | undefined, path: Path, wantsKey: boolean): number {
  let node = root
  let key: Node | undefined
  for (const step of path) {
    const property = node?.type === 'object' ? node.children?.findLast(child => child.children?.[0]?.value === step) : undefined
    const next = typeof step === 'number' && node?.type === 'array' ? node.children?.[step] : property?.children?.[1]
    if (!next) break
    key = property?.children?.[0]
    node = next
  }
  return (wantsKey && key ? key : node)?.offset ?? 0
}
