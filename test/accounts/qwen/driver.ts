import { createJsonCall } from '../../../src/accounts/json-call.ts'
import type { CredentialPort } from '../../../src/accounts/kept-credential.ts'
import type { QwenCredential, QwenKept } from '../../../src/accounts/qwen/credential.ts'
import { DeviceFlow } from '../../../src/accounts/qwen/device-flow.ts'
import { qwenOAuth } from '../../../src/accounts/qwen/oauth.ts'
import { QwenToken, type QwenTokenOptions } from '../../../src/accounts/qwen/qwen-token.ts'
import { createQwenRefresh, type QwenRefresh } from '../../../src/accounts/qwen/refresh.ts'
import type { GatewayError } from '../../../src/core/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LIMITS } from '../jetbrains/fake-service.ts'
import { FakeQwen, OAUTH_URL } from './fake-qwen.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** What outlives a process: the stored credential, and who may renew it. */
export class Disk {
  stored: QwenKept | undefined
  leased = false
  isChanged: boolean | undefined

  readonly port: CredentialPort<QwenKept> & { isChanged(): Promise<boolean> } = {
    load: async () => this.stored && { ...this.stored },
    save: async credential => {
      this.stored = { ...credential }
    },
    acquire: async () => {
      if (this.leased) return false
      this.leased = true
      return true
    },
    release: async () => {
      this.leased = false
    },
    isChanged: async () => this.isChanged ?? false,
  }
}

/** One account, its vendor and its store; `process` makes another process that uses them. */
export class Driver {
  readonly clock: FakeClock
  readonly qwen: FakeQwen
  readonly disk = new Disk()
  readonly told: string[] = []
  readonly refresh: QwenRefresh
  readonly flow: DeviceFlow

  constructor(clock = new FakeClock()) {
    this.clock = clock
    this.qwen = new FakeQwen(clock)
    const call = createJsonCall({ send: this.qwen.send, clock, limits: LIMITS })
    const oauth = qwenOAuth({ oauth_url: `${OAUTH_URL}/` })
    this.refresh = createQwenRefresh(call, oauth)
    this.flow = new DeviceFlow(call, oauth, clock)
  }

  process(
    credential: QwenKept,
    ports: QwenTokenOptions['ports'] = this.disk.port,
    refresh = this.refresh,
    clock: FakeClock = this.clock,
  ): QwenToken {
    const events = {
      renewalFailed: (id: string, error: GatewayError) => void this.told.push(`${id} renewal: ${error.message}`),
      storeFailed: (id: string, step: string, error: unknown) => void this.told.push(`${id} ${step}: ${(error as Error).message}`),
      skewed: (id: string, ms: number) => void this.told.push(`${id} skew: ${ms}`),
    }
    return new QwenToken({ id: 'acc', credential, refresh, clock, ports, events })
  }

  credential(leftMs: number, more: Partial<QwenCredential> = {}): QwenCredential {
    return {
      access_token: 'access-token-0',
      refresh_token: this.qwen.refreshToken,
      token_type: 'Bearer',
      resource_url: 'portal.qwen.ai',
      expiry_date: this.clock.now() + leftMs,
      ...more,
    }
  }

  /** An account as it was stored, whose token ends in so many milliseconds. */
  stored(leftMs: number, more: Partial<QwenCredential> = {}): QwenToken {
    this.disk.stored = this.credential(leftMs, more)
    return this.process(this.disk.stored)
  }
}

/** Lets time pass until a promise is settled: for what waits by the clock and for the disk in turn. */
export async function passing<T>(clock: FakeClock, awaited: Promise<T>, stepMs = 20): Promise<T> {
  let isSettled = false
  const settled = () => {
    isSettled = true
  }
  awaited.then(settled, settled)
  while (!isSettled) await clock.tick(stepMs)
  return awaited
}
