import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { Json } from '../../checkers/json.ts'
import type { SimulatedUser } from '../../simulators/qwen/user.ts'
import { type QwenOptions, type QwenSimulator, startQwen } from '../../simulators/qwen.ts'
import { Wire } from '../sdk/wire.ts'
import { adminList } from './admin.ts'
import { CLIENT_KEY, type GatewayOptions, newFolder, type RunningGateway, startGateway } from './gateway.ts'

/** Where the Qwen CLI of that person keeps its sign-in, below a home folder: the first one's own file, and those of further accounts. */
export const credentialsFile = (home: string, account?: string): string =>
  join(home, '.qwen', account === undefined ? 'oauth_creds.json' : `oauth_creds_${account}.json`)

export const readCredentials = (file: string): Json => JSON.parse(readFileSync(file, 'utf8')) as Json

/** Signs somebody in, with a file as the CLI writes it. A negative lifetime: the token has run out. */
export function signIn(sim: QwenSimulator, name: string, file: string, lifetimeMs?: number): SimulatedUser {
  const user = sim.user(name)
  sim.writeCredentials(file, user, lifetimeMs)
  return user
}

export interface QwenStage {
  sim: QwenSimulator
  gateway: RunningGateway
  /** The home folder, which is the gateway's working folder too. */
  home: string
  /** The file of one of `users`. */
  file(name: string): string
  user(name: string): SimulatedUser
  openai: OpenAI
  anthropic: Anthropic
  /** What the two clients sent and got. */
  wire: Wire
  /** The account of that label, as the management API shows it. */
  account(label: string): Promise<Json>
  stop(): Promise<void>
}

export interface QwenStageOptions extends Pick<QwenOptions, 'rules'> {
  /** Who is signed in: the first by the CLI's own file (label `qwen-1`), the others by `oauth_creds_<name>.json` (their names). */
  users: readonly string[]
  /** How long the tokens in the files are good. */
  lifetimeMs?: number
  /** Members of the config's `qwen`. */
  qwen?: Json
  /** Further members of the config, which may have to know the simulator. */
  config?(sim: QwenSimulator): Json
  gateway?: Omit<GatewayOptions, 'config' | 'folder'>
}

/** Signed-in people at a simulated Qwen, a gateway in whose home their files lie, and both SDKs in front of it. */
export async function startQwenStage(options: QwenStageOptions): Promise<QwenStage> {
  const { users, lifetimeMs, rules, qwen, config, gateway: more } = options
  const sim = startQwen({ rules: { callsPerMinute: 100_000, callsPerDay: 100_000, ...rules } })
  const home = newFolder()
  const fileOf = (name: string): string => credentialsFile(home, name === users[0] ? undefined : name)
  for (const name of users) signIn(sim, name, fileOf(name), lifetimeMs)
  const gateway = await startGateway({ ...more, folder: home, config: { qwen: { oauth_url: sim.url, ...qwen }, ...config?.(sim) } })
  const wire = new Wire()
  const shared = { apiKey: CLIENT_KEY, maxRetries: 0, fetch: wire.fetch }
  return {
    ...{ sim, gateway, home, wire },
    file: fileOf,
    user: name => sim.user(name),
    openai: new OpenAI({ ...shared, baseURL: `${gateway.url}/v1` }),
    anthropic: new Anthropic({ ...shared, baseURL: gateway.url }),
    account: label => accountOf(gateway, label),
    async stop() {
      await gateway.stop()
      await sim.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The account of that label, as the management API shows it. @throws where there is none */
export async function accountOf({ url }: Pick<RunningGateway, 'url'>, label: string): Promise<Json> {
  const { data } = await adminList(url, '/admin/accounts')
  const found = data.find(account => account.label === label)
  if (!found) throw new Error(`no account ${label} among ${data.map(account => account.label).join(', ')}`)
  return found
}

/** Chats of a person's, refused ones too. */
export const chatsOf = (stage: QwenStage, name: string): number =>
  stage.sim.requestsOf(stage.user(name)).filter(({ route }) => route === 'generate').length
