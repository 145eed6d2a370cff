import type { Dialect } from '../dialect.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { decodeError, encodeError, encodeStreamError } from './errors.ts'
import { withoutForeignThinking } from './foreign-seals.ts'
import { inspectRequest } from './inspect.ts'
import { MessagesPassThrough } from './pass-through.ts'
import { MessagesStreamDecoder } from './stream-decoder.ts'
import { HEARTBEAT, MessagesStreamEncoder } from './stream-encoder.ts'

export { inspectCountTokens } from './inspect.ts'

/** Anthropic Messages (`POST /v1/messages`, API version 2023-06-01), spoken by clients and by upstreams. */
export const anthropic: Dialect = {
  id: 'anthropic',
  client: {
    inspectRequest,
    decodeRequest,
    encodeResponse,
    streamEncoder: (request, context) => new MessagesStreamEncoder(request, context),
    encodeError,
    encodeStreamError,
    heartbeat: HEARTBEAT,
  },
  upstream: {
    path: '/v1/messages',
    encodeRequest,
    decodeResponse,
    streamDecoder: context => new MessagesStreamDecoder(context),
    decodeError,
  },
  passThrough: {
    changes(body) {
      const messages = withoutForeignThinking(body.messages)
      return { changes: new Map(messages && [['messages', JSON.stringify(messages)]]), stripUsage: false }
    },
    open: (options, context) => new MessagesPassThrough(options, context),
  },
}
