import { constants, existsSync } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TokenEvents } from '../accounts/kept-credential.ts'
import { isUsable, type QwenCredential } from '../accounts/qwen/credential.ts'
import { CredentialsFile } from '../accounts/qwen/credentials-file.ts'
import type { DeviceFlow } from '../accounts/qwen/device-flow.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError, GatewayError, invalidField } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { rfc3339 } from '../core/timestamps.ts'
import { createSend } from '../upstream/client.ts'
import { keptIn, labelOfFile, QwenFiles, qwenFileOf } from './qwen-files.ts'
import { qwenProviderName } from './qwen-provider.ts'
import { QwenService } from './qwen-service.ts'

export interface QwenSignInOptions {
  config: Config
  clock: Clock
  /** Which of several accounts; the Qwen CLI's own one unless told. */
  name?: string
}

/** What keeps the sign-in that is there from being used; undefined where there is none. */
export type StandingSignIn = { account: JsonObject } | { fault: string } | undefined

/** It becomes part of a file's name, and a label: no path, and nobody's address. */
const NAME = /^[\w-][\w.-]{0,63}$/

/** An operation's own; a command says by its result what went wrong. */
const NO_EVENTS: TokenEvents = { renewalFailed() {}, storeFailed() {}, skewed() {} }

/** A sign-in of the operator's own, kept where the Qwen CLI keeps its own: in a file that a server with the same settings finds by itself. */
export class QwenSignIn {
  readonly #service: QwenService
  readonly #file: CredentialsFile

  /** @throws GatewayError naming `--account` */
  constructor(private readonly options: QwenSignInOptions) {
    const { config, clock, name } = options
    if (name !== undefined && !NAME.test(name)) {
      throw invalidField('--account', 'must be a short name of letters, digits, dots, hyphens and underscores', 'invalid_value')
    }
    this.#service = new QwenService({ settings: () => config.qwen, send: createSend(clock), clock, events: NO_EVENTS })
    this.#file = new CredentialsFile(qwenFileOf(config.qwen.home, name), clock)
  }

  get path(): string {
    return this.#file.path
  }

  get flow(): DeviceFlow {
    return this.#service.flow
  }

  /** The sign-in that is there already, renewed where that was due. */
  async standing(): Promise<StandingSignIn> {
    if (!existsSync(this.path)) return undefined
    const kept = await keptIn(this.#file)
    if (!isUsable(kept)) return { fault: kept.problem }
    try {
      await this.#service.token(this.path, kept, this.#file).current()
      const now = await keptIn(this.#file)
      return { account: await this.#account(isUsable(now) ? now : kept) }
    } catch (thrown) {
      return { fault: asGatewayError(thrown).message }
    }
  }

  /** Finds out whether tokens can be kept, before anybody signs in. @throws GatewayError in words for people */
  async prepare(): Promise<void> {
    const folder = dirname(this.path)
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await access(folder, constants.W_OK | constants.X_OK)
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : ''
      throw new GatewayError('unavailable', `${folder} cannot be written${code}: choose another folder with QWEN_HOME`, { cause })
    }
  }

  async keep(credential: QwenCredential): Promise<JsonObject> {
    await this.#file.replace(credential)
    return this.#account(credential)
  }

  /** As a server with these settings will have it; `label` is null where it will not use the file. */
  async #account({ resource_url, expiry_date }: QwenCredential): Promise<JsonObject> {
    const { config, clock } = this.options
    const provider = qwenProviderName(config)
    const id = await this.#file.realPath()
    const files = await new QwenFiles(clock).read(config.qwen)
    const index = files.findIndex(file => file.id === id)
    const found = files[index]
    return {
      ...{ provider, label: found ? labelOfFile(found, provider, index + 1) : null, kind: 'qwen_oauth', file: this.path },
      ...{ resource_url: resource_url ?? null, token_expires_at: rfc3339(expiry_date) },
    }
  }
}
