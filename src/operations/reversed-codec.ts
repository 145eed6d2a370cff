import type { UpstreamCodec } from '../dialects/dialect.ts'
import { type Reversal, reverseResponse, StreamReverser } from '../ir/reversal.ts'

/** The codec whose answers are in the client's terms again; the same one where the request was sent as it was meant. */
export function reversedCodec(codec: UpstreamCodec, reversal: Reversal | undefined): UpstreamCodec {
  if (!reversal) return codec
  return {
    ...codec,
    decodeResponse: (body, context, traits) => reverseResponse(codec.decodeResponse(body, context, traits), reversal),
    streamDecoder(context, traits) {
      const decoder = codec.streamDecoder(context, traits)
      const reverser = new StreamReverser(reversal)
      return {
        push: frame => reverser.push(decoder.push(frame)),
        end: () => reverser.push(decoder.end()),
        // Only words go by the pattern, of which nothing is undone.
        get pattern() {
          return decoder.pattern
        },
      }
    },
  }
}
