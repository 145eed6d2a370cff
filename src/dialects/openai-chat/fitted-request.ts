import type { GenerateRequest } from '../../ir/request.ts'
import { fitTools, type ToolLimits } from '../../ir/tool-limits.ts'
import type { CodecContext, EncodedRequest, EncodeOptions } from '../dialect.ts'
import { encodeRequest } from './encode-request.ts'

/** OpenAI's form of names. Ids may be anything here: what form they need is the server's (`tool-call-ids.ts`), but they must differ. */
const LIMITS: ToolLimits = { name: /^[a-zA-Z0-9_-]{1,64}$/, id: /./, idPrefix: 'call_' }

/** The body for an upstream, with names of tools that it takes. */
export function encodeFittedRequest(given: GenerateRequest, options: EncodeOptions, context: CodecContext): EncodedRequest {
  const { request, names } = fitTools(given, LIMITS)
  const encoded: EncodedRequest = encodeRequest(request, options, context)
  return names ? { ...encoded, reversal: { names } } : encoded
}
