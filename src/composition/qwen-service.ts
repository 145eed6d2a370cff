import { createJsonCall, type JsonCall } from '../accounts/json-call.ts'
import type { CredentialPort, TokenEvents } from '../accounts/kept-credential.ts'
import type { QwenKept } from '../accounts/qwen/credential.ts'
import { DeviceFlow } from '../accounts/qwen/device-flow.ts'
import { qwenOAuth } from '../accounts/qwen/oauth.ts'
import { QwenToken, type QwenTokenOptions } from '../accounts/qwen/qwen-token.ts'
import { createQwenRefresh } from '../accounts/qwen/refresh.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import type { Send } from '../upstream/client.ts'

export interface QwenServiceOptions {
  settings(): Config['qwen']
  send: Send
  clock: Clock
  events: TokenEvents
}

const CALL_LIMITS = { connect: 5000, firstByte: 20_000, idle: 20_000 }

/** Less than a lock on a credentials file is good for. */
const CALL_MS = 25_000

/** Qwen's account server: signing in, and making new tokens. */
export class QwenService {
  readonly #call: JsonCall

  constructor(private readonly options: QwenServiceOptions) {
    const { send, clock } = options
    this.#call = createJsonCall({ send, clock, limits: CALL_LIMITS, standing: { 'user-agent': 'dragoman' }, timeoutMs: CALL_MS })
  }

  /** How an account signs in; of the settings in effect. */
  get flow(): DeviceFlow {
    return new DeviceFlow(this.#call, qwenOAuth(this.options.settings()), this.options.clock)
  }

  token(id: string, credential: QwenKept, ports: QwenTokenOptions['ports'] | CredentialPort<QwenKept>): QwenToken {
    const { clock, events, settings } = this.options
    // The settings of the moment: a token outlives a reload.
    const refresh = (refreshToken: string) => createQwenRefresh(this.#call, qwenOAuth(settings()))(refreshToken)
    return new QwenToken({ id, credential, ports, clock, events, refresh })
  }
}
