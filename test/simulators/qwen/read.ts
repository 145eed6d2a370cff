import { expect } from 'bun:test'
import { isObject, type Json, objectsOf, parseOrUndefined, stringOf } from '../../checkers/json.ts'
import { readSse } from '../../checkers/sse.ts'
import { answerOf } from './ask.ts'
import { ERRORS, type ErrorName } from './errors.ts'

export const objectOf = (value: unknown): Json => (isObject(value) ? value : {})

/** The chunks, whatever stands between them. */
export const chunksOf = (text: string): Json[] => objectsOf(readSse(text).frames.map(({ data }) => parseOrUndefined(data ?? '')))
export const choiceOf = (chunk: Json | undefined): Json => objectOf(objectsOf(chunk?.choices)[0])
export const deltasOf = (chunks: readonly Json[]): Json[] =>
  chunks.flatMap(chunk => objectsOf(chunk.choices).map(({ delta }) => objectOf(delta)))
export const callsOf = (chunks: readonly Json[]): Json[] => deltasOf(chunks).flatMap(({ tool_calls: calls }) => objectsOf(calls))
export const argumentsOf = (call: Json): string => stringOf(objectOf(call.function).arguments)
export const finishesOf = (chunks: readonly Json[]): unknown[] =>
  chunks.flatMap(chunk => objectsOf(chunk.choices).flatMap(({ finish_reason: finish }) => finish ?? []))

/** An answer of the sign-in: status and body. */
export type Said = [number, Json | string]

export const bodyOf = ([, body]: Said): Json => objectOf(body)
export const member = ([, body]: Said, name: string): string => stringOf(objectOf(body)[name])
export const errorOf = ([status, body]: Said): [number, unknown] => [status, objectOf(body).error]

/** An answer of the API, as far as its error goes. `text` where it is no JSON. */
export interface Judged {
  status: number
  error: Json
  text: string
}

export async function judged(response: Response): Promise<Judged> {
  const [status, body] = await answerOf(response)
  return { status, error: objectOf(objectOf(body).error), text: typeof body === 'string' ? body : '' }
}

/** What the catalogue says in a case, with another message where the case has its own. */
export function like(name: ErrorName, message?: string): Partial<Judged> {
  const { status, body } = ERRORS[name]
  if (typeof body === 'string') return { status, text: body }
  return { status, error: { ...body, param: null, ...(message !== undefined && { message: expect.stringContaining(message) }) } }
}
