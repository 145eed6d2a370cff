import assert from 'node:assert/strict'
import { isObject, type Json, objectsOf } from '../../../test/checkers/json.ts'
import type { Outcome } from '../feature.ts'

/** The value at a path like `messages.0.content`; negative numbers count from the end. */
export function valueAt(from: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value.at(Number(key))
    return isObject(value) ? value[key] : undefined
  }, from)
}

/** Holds where these paths of the request have these values. */
export const has =
  (...expected: [path: string, value: unknown][]) =>
  (body: Json): void => {
    for (const [path, value] of expected) assert.deepEqual(valueAt(body, path), value, `${path} at the upstream`)
  }

/** Holds where the request's text holds these words, wherever. */
export const mentions =
  (...words: string[]) =>
  (body: Json): void => {
    const text = JSON.stringify(body)
    for (const word of words) assert.ok(text.includes(word), `${word} did not get to the upstream: ${text}`)
  }

/** Holds where the answer said this. */
export const says =
  (expected: Partial<NonNullable<Outcome['read']>>) =>
  ({ read }: Outcome): void => {
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(valueAt(read, name), value, `${name} of the answer`)
  }

/** Messages of the request with this role. */
export const messagesOf = (body: Json, role: string): Json[] => objectsOf(body.messages).filter(message => message.role === role)

/** Blocks or parts of all messages with this type. */
export const blocksOf = (body: Json, type: string): Json[] =>
  objectsOf(body.messages).flatMap(message => objectsOf(message.content).filter(block => block.type === type))

/** JSON texts of a stream's frames. */
export const framesOf = (text: string): Json[] =>
  text.split('\n').flatMap(line => {
    const data = line.startsWith('data: {') ? (JSON.parse(line.slice(6)) as unknown) : undefined
    return isObject(data) ? [data] : []
  })
