import type { Clock } from '../../core/clock.ts'
import { GatewayError, invalidField } from '../../core/errors.ts'
import { maskSecret } from '../../core/secret.ts'
import type { QwenCredential } from './credential.ts'
import { DEFAULT_EXPIRY_MS, DEFAULT_INTERVAL_MS, type DeviceFlow, type PolledSignIn } from './device-flow.ts'
import { DevicePolling } from './device-polling.ts'

/** A sign-in as it is shown to whoever began it (interface.md "Qwen sign-in over HTTP"); times in seconds. */
export interface BegunSignIn {
  device_code: string
  user_code: string
  verification_uri: string
  verification_uri_complete: string
  expires_in: number
  interval: number
  /** As the older proxy answered; we keep it, too. */
  code_verifier: string
}

export interface SignInPoll {
  deviceCode: string
  /** For a sign-in that was begun elsewhere, or before a restart. */
  codeVerifier?: string
  /** False: answers at once. */
  wait: boolean
  /** Whoever waits has left. */
  signal?: AbortSignal
}

export type SignInAnswer<T> =
  | { status: 'pending'; trouble?: string }
  /** `result` is what became of the credential; `accessToken` its last four characters. */
  | { status: 'approved'; result: T; accessToken: string }

export interface SignInsOptions<T> {
  flow: Pick<DeviceFlow, 'begin' | 'pollOnce'>
  clock: Clock
  /** Makes an account of the credential, once. Where it fails the credential is kept for the next poll. */
  accept(credential: QwenCredential): Promise<T>
}

interface Pending<T> {
  polling: DevicePolling
  accepted?: Promise<T>
  /** Nothing of it is told any more after this moment, in milliseconds since the epoch. */
  forgottenAt: number
}

/** How long a poll waits at most: as long as the older proxy's. */
const LONGEST_WAIT_MS = 300_000

/** What became of a sign-in can be asked for a while after its end. */
const REMEMBERED_MS = 600_000

/** Nobody signs in more accounts at once; the oldest are forgotten first. */
const MOST_PENDING = 100

/** Sign-ins that were begun over HTTP, in memory: their verifiers need not leave the server. */
export class SignIns<T> {
  readonly #pending = new Map<string, Pending<T>>()

  constructor(private readonly options: SignInsOptions<T>) {}

  /** @throws GatewayError where Qwen gives no code */
  async initiate(): Promise<BegunSignIn> {
    const signIn = await this.options.flow.begin()
    this.#add(signIn)
    return {
      device_code: signIn.deviceCode,
      user_code: signIn.userCode,
      verification_uri: signIn.verificationUri,
      verification_uri_complete: signIn.verificationUriComplete,
      expires_in: Math.round((signIn.expiresAt - this.options.clock.now()) / 1000),
      interval: signIn.intervalMs / 1000,
      code_verifier: signIn.verifier,
    }
  }

  /** @throws GatewayError `invalid-request` with OAuth's code where the sign-in was declined, has expired or is unknown; whatever `accept` throws; the signal's reason */
  async poll({ deviceCode, codeVerifier, wait, signal }: SignInPoll): Promise<SignInAnswer<T>> {
    const pending = this.#find(deviceCode, codeVerifier)
    const { polling } = pending
    const outcome = await (wait ? polling.wait({ forMs: LONGEST_WAIT_MS, signal }) : polling.ask())
    if (outcome.state === 'pending') return { status: 'pending', ...(outcome.trouble !== undefined && { trouble: outcome.trouble }) }
    if (outcome.state === 'ended') throw new GatewayError('invalid-request', outcome.reason, { code: outcome.code })
    const result = await this.#accept(pending, outcome.credential)
    return { status: 'approved', result, accessToken: maskSecret(outcome.credential.access_token) }
  }

  #accept(pending: Pending<T>, credential: QwenCredential): Promise<T> {
    pending.accepted ??= this.options.accept(credential).catch(error => {
      pending.accepted = undefined
      throw error
    })
    return pending.accepted
  }

  #find(deviceCode: string, codeVerifier: string | undefined): Pending<T> {
    this.#forget()
    const known = this.#pending.get(deviceCode)
    if (known) return known
    if (codeVerifier === undefined) {
      throw invalidField('device_code', 'belongs to no sign-in that is known here; begin anew, or send its code_verifier', 'invalid_grant')
    }
    const expiresAt = this.options.clock.now() + DEFAULT_EXPIRY_MS
    return this.#add({ deviceCode, verifier: codeVerifier, expiresAt, intervalMs: DEFAULT_INTERVAL_MS })
  }

  #add(signIn: PolledSignIn): Pending<T> {
    this.#forget()
    const { flow, clock } = this.options
    while (this.#pending.size >= MOST_PENDING) this.#pending.delete(this.#pending.keys().next().value as string)
    const pending = { polling: new DevicePolling(flow, clock, signIn), forgottenAt: signIn.expiresAt + REMEMBERED_MS }
    this.#pending.set(signIn.deviceCode, pending)
    return pending
  }

  #forget(): void {
    const now = this.options.clock.now()
    for (const [code, { forgottenAt }] of this.#pending) if (now >= forgottenAt) this.#pending.delete(code)
  }
}
