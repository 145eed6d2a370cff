import { GatewayError } from '../../core/errors.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Encoding } from './request.ts'

const BYTES = 4

const isNumbers = (value: JsonValue | undefined): value is number[] => Array.isArray(value) && value.every(item => typeof item === 'number')

/** A vector as base64 of 32-bit floats, little-endian. */
export function toBase64(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * BYTES))
  for (const [index, value] of vector.entries()) view.setFloat32(index * BYTES, value, true)
  return Buffer.from(view.buffer).toString('base64')
}

/** The reverse. @throws GatewayError `bad-gateway` where the text does not hold whole floats. */
export function toFloats(text: string): number[] {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0 || bytes.length % BYTES !== 0) {
    throw new GatewayError('bad-gateway', 'the upstream sent a vector that is no base64 of 32-bit floats', { upstream: {} })
  }
  return Array.from({ length: bytes.length / BYTES }, (_, index) => bytes.readFloatLE(index * BYTES))
}

/**
 * An item of an answer with its vector written as asked; the same object where it is already, or where it is nothing that either
 * encoding has a form for.
 */
export function inEncoding(item: JsonObject, encoding: Encoding): JsonObject {
  const { embedding } = item
  if (encoding === 'base64') return isNumbers(embedding) ? { ...item, embedding: toBase64(embedding) } : item
  return typeof embedding === 'string' ? { ...item, embedding: toFloats(embedding) } : item
}
