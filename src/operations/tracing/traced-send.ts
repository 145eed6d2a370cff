import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { UpstreamBody } from '../../upstream/body.ts'
import type { Send } from '../../upstream/client.ts'
import type { ClientSink } from '../pump.ts'
import type { RequestTrace, Via } from './request-trace.ts'

/** Where the bytes of a body are told of on their way. */
interface Listener {
  data(bytes: Uint8Array): void
  end(error?: GatewayError): void
}

/** `send`, with everything that goes out and comes in kept in the trace. */
export const tracedSend =
  (send: Send, trace: RequestTrace, via: Via): Send =>
  async request => {
    const { url, body, method = 'POST' } = request
    const call = trace.called(via, { method, url, body, headers: { ...request.headers, ...request.standing } })
    if (!call) return send(request)
    try {
      const response = await send(request)
      const kept = trace.answered(call, response.status, response.headers)
      const listener: Listener = {
        data(bytes) {
          kept.append(bytes)
          // Nobody reads on behind a length that was told.
          if (kept.total === response.body.length) trace.callEnded(call)
        },
        end: error => trace.callEnded(call, error),
      }
      return { status: response.status, headers: response.headers, body: heardBody(response.body, listener) }
    } catch (thrown) {
      trace.callEnded(call, asGatewayError(thrown))
      throw thrown
    }
  }

const UNREAD = new GatewayError('cancelled', 'the rest was not read')

function heardBody(body: UpstreamBody, { data, end }: Listener): UpstreamBody {
  return {
    async read() {
      try {
        const bytes = await body.read()
        if (bytes) data(bytes)
        else end()
        return bytes
      } catch (thrown) {
        end(asGatewayError(thrown))
        throw thrown
      }
    },
    flow(sink) {
      body.flow({
        data(bytes) {
          data(bytes)
          sink.data(bytes)
        },
        end() {
          end()
          sink.end()
        },
        broke(error) {
          end(error)
          sink.broke(error)
        },
      })
    },
    pause: () => body.pause(),
    resume: () => body.resume(),
    get length() {
      return body.length
    },
    release() {
      end(UNREAD)
      body.release()
    },
  }
}

/** The client's connection, with everything written to it kept in the trace. */
export const tracedSink = (sink: ClientSink, trace: RequestTrace): ClientSink => ({
  write(output) {
    trace.sent(output)
    return sink.write(output)
  },
  flush: () => sink.flush(),
  close: () => sink.close(),
})
