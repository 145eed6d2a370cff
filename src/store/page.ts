import { GatewayError, invalidField } from '../core/errors.ts'

/** One page of a list, newest first; `next` is the cursor of the page after it, or null at the end. */
export interface Page<T> {
  data: T[]
  next: string | null
}

export interface PageOptions {
  /** 50 unless told, at most 1000. */
  limit?: number
  /** The `next` of the page before. */
  cursor?: string
}

/** A place in a list that is ordered by time and, within a millisecond, by id. */
export interface Position {
  at: number
  id: string
}

const DEFAULT_LIMIT = 50
export const MAX_LIMIT = 1000

/** @throws {GatewayError} naming `limit` */
export function pageLimit(limit: number = DEFAULT_LIMIT): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw invalidField('limit', `must be an integer from 1 to ${MAX_LIMIT}`, 'invalid_value')
  }
  return limit
}

const encodeCursor = ({ at, id }: Position): string => Buffer.from(`${at}.${id}`).toString('base64url')

/** @throws {GatewayError} naming `cursor` */
export function pageStart(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined
  const match = /^(\d{1,15})\.(.+)$/s.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) throw new GatewayError('invalid-request', 'cursor: is not one of this list', { param: 'cursor', code: 'invalid_value' })
  return { at: Number(match[1]), id: match[2] as string }
}

/** `rows` were read with one row more than `limit`, which tells whether there is a page after this one. */
export function toPage<Row, T>(rows: readonly Row[], limit: number, position: (row: Row) => Position, decode: (row: Row) => T): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { data: shown.map(decode), next: last && rows.length > limit ? encodeCursor(position(last)) : null }
}
