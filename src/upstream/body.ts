import { asGatewayError, type GatewayError } from '../core/errors.ts'

/** Takes a body as it comes. */
export interface BodySink {
  data(bytes: Uint8Array): void
  end(): void
  broke(error: GatewayError): void
}

/** The answer's bytes. Next to nothing is read ahead: what is not asked for stays with the sender. */
export interface UpstreamBody {
  /** The next bytes; undefined at the end. @throws GatewayError when the connection breaks or falls silent. */
  read(): Promise<Uint8Array | undefined>
  /** Hands on everything that is still to come, the rest of what was read first; instead of any further `read`. */
  flow(sink: BodySink): void
  /** While flowing: no more for now; what is on its way may still come. */
  pause(): void
  resume(): void
  /** How many bytes there will be, where the upstream said so. */
  readonly length?: number
  /** Lets go of what was not read. Safe to call more than once; never throws. */
  release(): void
}

/** A body that only knows how to give its next piece. */
export function pulledBody(read: () => Promise<Uint8Array | undefined>, release: () => void): UpstreamBody {
  let paused = false
  let sink: BodySink | undefined
  let running = false
  let released = false
  async function run(): Promise<void> {
    if (running) return
    running = true
    try {
      while (sink && !paused && !released) {
        const bytes = await read()
        if (released) return
        if (bytes) sink.data(bytes)
        else return sink.end()
      }
    } catch (error) {
      if (!released) sink?.broke(asGatewayError(error))
    } finally {
      running = false
    }
  }
  return {
    read,
    flow(taker) {
      sink = taker
      void run()
    },
    pause() {
      paused = true
    },
    resume() {
      paused = false
      void run()
    },
    release() {
      released = true
      release()
    },
  }
}
