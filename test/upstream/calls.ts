import { systemClock } from '../../src/core/clock.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { BodySink } from '../../src/upstream/body.ts'
import { createSend, type Send, type UpstreamLimits, type UpstreamResponse } from '../../src/upstream/client.ts'
import { readAll } from '../../src/upstream/read-all.ts'

export interface CallOptions {
  send?: Send
  body?: string
  limits?: Partial<UpstreamLimits>
  signal?: AbortSignal
}

const LIMITS: UpstreamLimits = { connect: 5000, firstByte: 5000, idle: 5000 }

/** A call with connections of its own, unless `send` says otherwise. */
export function call(url: string, options: CallOptions = {}): Promise<UpstreamResponse> {
  const { send = createSend(systemClock), body = '{}', limits, signal = new AbortController().signal } = options
  return send({ url, headers: {}, standing: {}, body, limits: { ...LIMITS, ...limits }, client: { signal } })
}

/** What a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => new Error('did not fail'),
    thrown => thrown as unknown,
  )
  if (error instanceof GatewayError) return error
  throw error
}

export const textOf = async ({ body }: UpstreamResponse): Promise<string> => Buffer.from(await readAll(body, 1 << 26)).toString()

export const OK = 'HTTP/1.1 200 OK\r\n'
export const ANSWER = `${OK}content-length: 2\r\n\r\nok`
export const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`
export const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

/** Takes a body that flows, and tells how it ended. */
export class Taker implements BodySink {
  text = ''
  ends = 0
  readonly #done = Promise.withResolvers<GatewayError | undefined>()
  readonly done: Promise<GatewayError | undefined> = this.#done.promise

  constructor(private readonly onData: (text: string, taker: Taker) => void = () => {}) {}

  data(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1')
    this.text += text
    this.onData(text, this)
  }

  end(): void {
    this.ends++
    this.#done.resolve(undefined)
  }

  broke(error: GatewayError): void {
    this.ends++
    this.#done.resolve(error)
  }
}

/** Waits until something is so. */
export async function until(what: () => boolean): Promise<void> {
  for (let count = 0; !what(); count++) {
    if (count > 2000) throw new Error('it did not come to pass')
    await systemClock.sleep(1)
  }
}
