import type { Dialect } from '../dialect.ts'
import { decodeResponse } from './decode-response.ts'
import { encodeRequest } from './encode-request.ts'
import { ChatStreamDecoder } from './stream-decoder.ts'
import { decodeError } from './upstream-error.ts'
import { DIALECT, V7, V8, type Version } from './wire.ts'

export { behindJetbrains } from './native.ts'

const chatOf = (version: Version): Dialect => ({
  id: DIALECT,
  upstream: {
    path: version.path,
    reportsUsage: false,
    encodeRequest: (request, options, context) => encodeRequest(request, version, options, context),
    decodeResponse,
    streamDecoder: context => new ChatStreamDecoder(context),
    decodeError,
  },
})

/** JetBrains AI's chat endpoint, which speaks for models of several vendors and always streams (jetbrains-ai.md §2, §3). Upstreams only. */
export const jetbrains: Dialect = chatOf(V8)

/** The version before, whose tools are functions called one at a time, and which takes text only. */
export const jetbrainsV7: Dialect = chatOf(V7)
