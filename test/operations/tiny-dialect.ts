import { GatewayError } from '../../src/core/errors.ts'
import type { ClientCodec, PassThrough, PassThroughSeen, StreamDecoder, StreamEncoder } from '../../src/dialects/dialect.ts'
import type { SseFrame } from '../../src/sse/frame.ts'

/**
 * A dialect of one word a frame: text, or `!` for the end, `?` for an error, `#` for nothing. As a pass-through, `bad…` is mended to `good…`, and
 * `drop` taken out.
 */
export const tinyDecoder = (): StreamDecoder => {
  let open = false
  return {
    push({ data = '#' }) {
      if (data === '#') return []
      if (data === '?') return [{ type: 'error', error: new GatewayError('overloaded', 'the upstream is overloaded') }]
      if (data === '!')
        return [
          { type: 'finish', finish: { reason: 'stop' } },
          { type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } },
          { type: 'response-end' },
        ]
      const start = open ? [] : [{ type: 'block-start' as const, index: 0, block: { type: 'text' as const } }]
      open = true
      return [...start, { type: 'block-delta', index: 0, text: data }]
    },
    end: () => [],
  }
}

/** Writes each event by its type, or a delta by its text. */
export const tinyEncoder = (): StreamEncoder => ({
  push: event => [{ data: event.type === 'block-delta' ? event.text : `(${event.type})` }],
})

export const tinyClient = {
  encodeStreamError: (error: GatewayError, requestId: string): SseFrame[] => [{ event: 'error', data: `${error.kind} ${requestId}` }],
  encodeError: (error: GatewayError, requestId: string) => ({
    status: error.kind === 'model-not-found' ? 404 : 400,
    body: { error: { message: error.message, requestId } },
  }),
  heartbeat: ': ping\n\n',
} as unknown as ClientCodec

export function tinyPassThrough(): PassThrough {
  const seen: PassThroughSeen = { content: false, ended: false }
  return {
    seen,
    frame({ data }) {
      if (data === '!') {
        seen.ended = true
        seen.usage = { inputTokens: 1, outputTokens: 2 }
      } else if (data === '?') seen.error = new GatewayError('overloaded', 'the upstream is overloaded')
      else if (data !== undefined && data !== '#') seen.content = true
      if (data === 'drop') return []
      return data?.startsWith('bad') ? [{ data: data.replace('bad', 'good') }] : undefined
    },
    body: text => text,
  }
}
