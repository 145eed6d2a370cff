import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import { GatewayError } from '../core/errors.ts'
import { isObject, JsonError, type JsonObject, parseJson } from '../core/json.ts'
import type { HttpSettings } from './settings.ts'

const decompressors = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
} as Record<string, (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>>

const tooLarge = (limit: number) =>
  new GatewayError('too-large', `the request body is larger than ${limit} bytes`, { code: 'request_too_large' })

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * A request's body as text and as the object it holds. @throws GatewayError for what is no JSON object, is too large (before and after decompression), nested
 * too deep, not UTF-8, or of another media type.
 */
export async function readBody(request: Request, settings: HttpSettings): Promise<{ text: string; body: JsonObject }> {
  const { headers } = request
  checkMediaType(headers.get('content-type'))
  const encoding = headers.get('content-encoding')
  const declared = headers.get('content-length')
  const limit = settings.bodyLimit
  if (declared !== null && Number(declared) > limit) throw tooLarge(limit)
  const read =
    declared === null ? await readBytes(request, limit).catch(clientLeft) : new Uint8Array(await request.arrayBuffer().catch(clientLeft))
  const bytes = encoding === null ? read : await decompressed(read, encoding, limit)
  if (bytes.length === 0) throw new GatewayError('invalid-request', 'the request has no body; a JSON object is needed')
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new GatewayError('invalid-request', 'the request body is not valid UTF-8')
  }
  try {
    const body = parseJson(text, settings.depthLimit)
    if (isObject(body)) return { text, body }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const deep = error.kind === 'too-deep'
    throw new GatewayError(deep ? 'too-large' : 'invalid-request', `the request body is refused: ${error.reason}`)
  }
  throw new GatewayError('invalid-request', 'the request body must be a JSON object')
}

function checkMediaType(contentType: string | null): void {
  if (contentType === null || contentType === '' || contentType === 'application/json') return
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json' || type.endsWith('+json')) return
  throw new GatewayError('unsupported-media-type', 'content-type: must be application/json', { param: 'content-type' })
}

/** What reading a body fails by, other than a limit of ours, is that its connection is gone. */
const clientLeft = (error: unknown): never => {
  throw error instanceof GatewayError ? error : new GatewayError('cancelled', 'the client left before its request was whole')
}

/** A body of which nobody said how long it is. */
async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  if (!request.body) return new Uint8Array(0)
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of request.body) {
    length += piece.length
    if (length > limit) throw tooLarge(limit)
    pieces.push(piece)
  }
  return Buffer.concat(pieces, length)
}

async function decompressed(bytes: Uint8Array, encoding: string, limit: number): Promise<Uint8Array> {
  if (encoding === '' || encoding.toLowerCase() === 'identity') return bytes
  const decompress = decompressors[encoding.toLowerCase()]
  if (!decompress) {
    throw new GatewayError('unsupported-media-type', 'content-encoding: must be one of gzip, deflate, br, zstd, identity', {
      param: 'content-encoding',
      code: 'request_body_encoding_unsupported',
    })
  }
  try {
    return await decompress(bytes, { maxOutputLength: limit })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit)
    throw new GatewayError('invalid-request', 'the request body cannot be decompressed', { param: 'content-encoding' })
  }
}
