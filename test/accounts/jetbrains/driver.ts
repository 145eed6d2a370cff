import type { JetbrainsCredential } from '../../../src/accounts/jetbrains/credential.ts'
import { JetbrainsToken } from '../../../src/accounts/jetbrains/jetbrains-token.ts'
import { createTokenChain } from '../../../src/accounts/jetbrains/token-chain.ts'
import { createJsonCall } from '../../../src/accounts/json-call.ts'
import type { CredentialPort } from '../../../src/accounts/kept-credential.ts'
import { GatewayError } from '../../../src/core/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { BASE_URL, FakeService, LIMITS, OAUTH_URL } from './fake-service.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** What outlives a process: the stored credential, and who may renew it. */
export class Disk {
  stored: JetbrainsCredential | undefined
  leased = false
  readonly saves: JetbrainsCredential[] = []
  /** Thrown by the next saves. */
  failures: Error[] = []

  readonly port: CredentialPort<JetbrainsCredential> = {
    load: async () => this.stored && { ...this.stored },
    save: async credential => {
      const failure = this.failures.shift()
      if (failure) throw failure
      this.stored = { ...credential }
      this.saves.push(this.stored)
    },
    acquire: async () => {
      if (this.leased) return false
      this.leased = true
      return true
    },
    release: async () => {
      this.leased = false
    },
  }
}

/** One account, its vendor and its store; `process` makes another process that uses them. */
export class Driver {
  readonly clock = new FakeClock()
  readonly service = new FakeService(this.clock)
  readonly disk = new Disk()
  readonly told: string[] = []
  readonly chain = createTokenChain(createJsonCall({ send: this.service.send, clock: this.clock, limits: LIMITS }), {
    baseUrl: BASE_URL,
    oauthUrl: `${OAUTH_URL}/`,
  })

  process(
    credential: JetbrainsCredential,
    ports: CredentialPort<JetbrainsCredential> = this.disk.port,
    chain = this.chain,
  ): JetbrainsToken {
    const events = {
      renewalFailed: (id: string, error: GatewayError) => void this.told.push(`${id} renewal: ${error.message}`),
      storeFailed: (id: string, step: string, error: unknown) => void this.told.push(`${id} ${step}: ${(error as Error).message}`),
      skewed: (id: string, ms: number) => void this.told.push(`${id} skew: ${ms}`),
    }
    return new JetbrainsToken({ id: 'acc', credential, chain, clock: this.clock, ports, events })
  }

  /** An account with a refresh token, as it was stored. */
  oauth(more: JetbrainsCredential = {}): JetbrainsToken {
    this.disk.stored = { licenseId: 'LIC1', refresh_token: this.service.refreshToken, ...more }
    return this.process(this.disk.stored)
  }

  jwt(lifetimeMs: number): string {
    return this.service.token(lifetimeMs)
  }
}

/** What a call for a token fails with. */
export async function refusalOf(token: string | undefined | Promise<string | undefined>): Promise<GatewayError> {
  try {
    await token
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('there was a token')
}

export const verdictOf = async (token: string | undefined | Promise<string | undefined>) => (await refusalOf(token)).upstream?.verdict
