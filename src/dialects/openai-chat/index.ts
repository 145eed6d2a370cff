import type { Dialect } from '../dialect.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { encodeResponse } from './encode-response.ts'
import { encodeError, encodeStreamError } from './errors.ts'
import { encodeFittedRequest } from './fitted-request.ts'
import { inspectRequest } from './inspect.ts'
import { openPassThrough } from './pass-through.ts'
import { passThroughChanges } from './pass-through-request.ts'
import { streamDecoder } from './stream-decoder.ts'
import { streamEncoder } from './stream-encoder.ts'
import { decodeError } from './upstream-error.ts'
import { DIALECT } from './wire.ts'

/** OpenAI Chat Completions, which most servers speak in one way or another. */
export const openaiChat: Dialect = {
  id: DIALECT,
  client: {
    inspectRequest,
    decodeRequest,
    encodeResponse,
    streamEncoder,
    encodeError,
    encodeStreamError,
    heartbeat: ': keep-alive\n\n',
  },
  upstream: {
    path: '/chat/completions',
    encodeRequest: encodeFittedRequest,
    decodeResponse,
    streamDecoder,
    decodeError,
  },
  passThrough: { changes: passThroughChanges, open: openPassThrough },
}
