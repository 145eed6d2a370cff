import { GatewayError } from '../core/errors.ts'
import type { UpstreamBody } from './body.ts'

/** A whole body. @throws GatewayError `bad-gateway` when it is longer than `limit` bytes; the rest is let go. */
export async function readAll(body: UpstreamBody, limit: number): Promise<Uint8Array> {
  const first = await body.read()
  if (first === undefined) return new Uint8Array(0)
  if (first.length === body.length && first.length <= limit) return first
  const pieces = [first]
  let length = first.length
  for (;;) {
    if (length > limit) {
      body.release()
      throw new GatewayError('bad-gateway', `the upstream's answer is longer than ${limit} bytes`)
    }
    const piece = await body.read()
    if (piece === undefined) break
    pieces.push(piece)
    length += piece.length
  }
  return pieces.length === 1 ? first : Buffer.concat(pieces, length)
}

/** The beginning of an error's body as text: never more than `limit` bytes, never an exception. */
export async function readSome(body: UpstreamBody, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  try {
    while (length < limit) {
      const piece = await body.read()
      if (piece === undefined) break
      pieces.push(piece)
      length += piece.length
    }
  } catch {
    // What came before the break is all there is to show.
  }
  body.release()
  return Buffer.concat(pieces, length).subarray(0, limit)
}
