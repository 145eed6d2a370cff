import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Json } from '../checkers/json.ts'
import { SimulatedClock } from './clock.ts'
import type { QwenAnswer } from './qwen/answer.ts'
import type { Control, FaultOptions } from './qwen/control.ts'
import { type FaultName, faultOf } from './qwen/faults.ts'
import type { SimulatedKey } from './qwen/keys.ts'
import type { Plan } from './qwen/models.ts'
import type { DeviceCode } from './qwen/oauth.ts'
import { COUNTED, type Counts } from './qwen/routes.ts'
import { DEFAULT_RULES, type QwenRules } from './qwen/rules.ts'
import { QwenService } from './qwen/service.ts'
import { SimulatedUser } from './qwen/user.ts'
import { type RecordedRequest, type Simulator, startService } from './simulator.ts'

export interface QwenOptions {
  /** Default 0: any free port. */
  port?: number
  /** The time without what `clock` adds, in epoch milliseconds. Default: real time. */
  now?: () => number
  /** Names of people who have an account. */
  users?: readonly string[]
  rules?: Partial<QwenRules>
}

/** All of Qwen's hosts at one origin, `url`: that is `oauth_url`, and the `resource_url` of credentials. */
export interface QwenSimulator extends Omit<Simulator, 'key' | 'script'> {
  /** The base URL of the portal and of the Coding Plan. */
  readonly portalUrl: string
  /** The base URL of the standard and the token plan. */
  readonly compatibleUrl: string
  readonly clock: SimulatedClock
  /** How the service is from now on. */
  readonly rules: QwenRules
  /** Requests by route since the start, refused ones too. */
  readonly counts: Counts
  /** Sign-ins that were begun, the latest last. */
  readonly codes: readonly DeviceCode[]
  /** The person of that name, who has an account from now on. */
  user(name: string): SimulatedUser
  /** A key of a plan. */
  apiKey(plan?: Plan, key?: string): SimulatedKey
  /** What a sign-in of the user's writes to `oauth_creds.json`; with a negative lifetime, tokens that have run out. */
  credentials(user: SimulatedUser, lifetimeMs?: number): Json
  /** Writes `credentials` as the official CLI does: 2 spaces, no final newline, mode 0600 in a folder of mode 0700. */
  writeCredentials(file: string, user: SimulatedUser, lifetimeMs?: number): Json
  /** The person at the browser says yes to the sign-in with that code, or to the latest. Default: the first user, who is made where there is none. */
  approve(userCode?: string, user?: string): void
  deny(userCode?: string): void
  /** The code runs out now. */
  expire(userCode?: string): void
  /** The next requests get a fault by its name; on chat unless told otherwise. */
  fault(name: FaultName, options?: FaultOptions): void
  /** Requests that were made by this user or with this key, whatever came of them. */
  requestsOf(who: SimulatedUser | SimulatedKey): RecordedRequest[]
  /** Answers for the next chats; with `on` for other routes, with `forKey` for one user or key. Refused chats use none up. */
  script(...answers: QwenAnswer[]): void
}

/** Starts Qwen as strictly as it is known to be (qwen.md §6). */
export function startQwen(options: QwenOptions = {}): QwenSimulator {
  const clock = new SimulatedClock(options.now)
  const rules: QwenRules = { ...DEFAULT_RULES, ...options.rules }
  const service = new QwenService(clock, rules)
  for (const name of options.users ?? []) service.users.named(name)
  const { key: _, script, ...simulator } = startService(service, { port: options.port })
  const { url, requests } = simulator
  const credentials = (user: SimulatedUser, lifetimeMs?: number): Json =>
    SimulatedUser.credentials(user.signIn(lifetimeMs), rules.resourceUrl ?? url)
  const control: Control = { ...controlOf(service, clock, script), requests }
  service.origin = url
  service.control = control
  return {
    ...control,
    ...simulator,
    portalUrl: `${url}/v1`,
    compatibleUrl: `${url}/compatible-mode/v1`,
    rules,
    get counts() {
      return countsOf(requests)
    },
    codes: service.oauth.codes,
    user: name => service.users.named(name),
    apiKey: (plan = 'standard', key) => service.keys.add(plan, key),
    credentials,
    writeCredentials: (file, user, lifetimeMs) => {
      const written = credentials(user, lifetimeMs)
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      writeFileSync(file, JSON.stringify(written, null, 2), { mode: 0o600 })
      chmodSync(file, 0o600)
      return written
    },
    requestsOf: who => requests.filter(({ key }) => key === ('key' in who ? who.key : who.name)),
    script,
  }
}

function controlOf(
  { oauth, users }: QwenService,
  clock: SimulatedClock,
  script: (...answers: QwenAnswer[]) => void,
): Omit<Control, 'requests'> {
  return {
    clock,
    approve: (userCode, name) => {
      const code = oauth.pending(userCode)
      code.user = name === undefined ? (users.all[0] ?? users.named('user')) : users.named(name)
      code.state = 'approved'
    },
    deny: userCode => {
      oauth.pending(userCode).state = 'denied'
    },
    expire: userCode => {
      oauth.pending(userCode).expires = clock.now()
    },
    fault: (name, { times = 1, on, forKey, retryAfter } = {}) => {
      for (let left = times; left > 0; left--) {
        const answer = faultOf(name)
        script({
          ...answer,
          ...(on && { on }),
          ...(forKey !== undefined && { forKey }),
          ...(retryAfter !== undefined && { headers: { ...answer.headers, 'retry-after': String(retryAfter) } }),
        })
      }
    },
  }
}

function countsOf(requests: readonly RecordedRequest[]): Counts {
  const of = (name: keyof Counts): number => requests.filter(({ route }) => route === COUNTED[name]).length
  return {
    ...{ device: of('device'), poll: of('poll'), refresh: of('refresh'), authorize: of('authorize') },
    ...{ chat: of('chat'), embeddings: of('embeddings'), models: of('models'), search: of('search') },
  }
}
