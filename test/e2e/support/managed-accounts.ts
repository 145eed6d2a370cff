import { expect } from 'bun:test'
import { isObject, type Json } from '../../checkers/json.ts'
import type { SimulatedAccount } from '../../simulators/jetbrains/account.ts'
import { startOpenAi } from '../../simulators/openai.ts'
import type { Simulator } from '../../simulators/simulator.ts'
import { admin, adminList } from './admin.ts'
import { CHAT, expectAnswer, post } from './client-routes.ts'
import { type JetbrainsStage, startJetbrainsStage } from './jetbrains.ts'
import { OPENAI } from './upstreams.ts'

/** A model that only JetBrains accounts serve. */
export const MODEL = 'google-chat-gemini-pro-2.5'

/** Stands in every secret of the simulated account of this licence. */
export const CANARY = 'canary7Qx'

interface ManagementAnswer {
  status: number
  json: Json
}

/** A gateway whose accounts are made through its management API. Simulated licences: ONE, TWO, THREE and `LIC-<CANARY>`. */
export class ManagedAccounts {
  /** Whatever management has answered. */
  told = ''

  private constructor(
    readonly stage: JetbrainsStage,
    readonly openai: Simulator,
  ) {}

  static async start(): Promise<ManagedAccounts> {
    const openai = startOpenAi()
    const stage = await startJetbrainsStage({
      accounts: [
        ...['ONE', 'TWO', 'THREE'].map(licenseId => ({ licenseId })),
        { licenseId: `LIC-${CANARY}`, refreshToken: `1//${CANARY}-refresh` },
      ],
      entry: () => undefined,
      config: {
        providers: [
          OPENAI.provider(openai, { name: 'OpenAI', models: ['gpt-4-turbo'], priority: 9 }),
          { name: 'Off', provider_type: 'openai', base_url: openai.url, api_key: 'sk-off-0123456789', is_active: false },
        ],
      },
    })
    return new ManagedAccounts(stage, openai)
  }

  get url(): string {
    return this.stage.gateway.url
  }

  stop = async (): Promise<void> => {
    await this.stage.stop()
    await this.openai.close()
  }

  call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ManagementAnswer> => {
    const init = { method, headers, ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }) }
    const response = await admin(this.url, path, init)
    const text = await response.text()
    this.told += `${JSON.stringify([...response.headers])}${text}\n`
    const json: unknown = text === '' ? {} : JSON.parse(text)
    if (!isObject(json)) throw new Error(`no object: ${text}`)
    return { status: response.status, json }
  }

  add = async (body: Json): Promise<Json> => {
    const { status, json } = await this.call('POST', '/admin/accounts', body)
    expect(status, JSON.stringify(json)).toBe(201)
    return json
  }

  get = async (id: string): Promise<Json> => (await this.call('GET', `/admin/accounts/${encodeURIComponent(id)}`)).json

  change = (id: string, body: Json, headers?: Record<string, string>): Promise<ManagementAnswer> =>
    this.call('PATCH', `/admin/accounts/${id}`, body, headers)

  check = async (id: string): Promise<Json> => {
    const { status, json } = await this.call('POST', `/admin/accounts/${id}/check`)
    expect(status, JSON.stringify(json)).toBe(200)
    return json
  }

  removeAll = async (): Promise<void> => {
    for (const { id, origin } of (await adminList(this.url, '/admin/accounts?limit=1000')).data) {
      if (origin === 'admin') expect((await this.call('DELETE', `/admin/accounts/${id}`)).status).toBe(204)
    }
  }

  /** Which account serves now. */
  servedBy = async (): Promise<string | null> => {
    const response = await post(this.url, CHAT, CHAT.body(MODEL))
    await expectAnswer(response.clone() as Response, CHAT)
    return response.headers.get('x-dragoman-account')
  }

  account = (licenseId: string): SimulatedAccount => this.stage.account(licenseId)

  staticJwt = (licenseId: string): Json => ({ kind: 'static_jwt', jwt: this.account(licenseId).jwt() })

  oauth = (licenseId: string): Json => ({ kind: 'jetbrains_oauth', licenseId, refresh_token: this.account(licenseId).refreshToken })
}
