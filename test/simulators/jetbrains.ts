import { SimulatedClock } from './clock.ts'
import type { AccountOptions, SimulatedAccount } from './jetbrains/account.ts'
import type { JetbrainsAnswer } from './jetbrains/answer.ts'
import type { SignIn } from './jetbrains/oauth.ts'
import type { ProfileListOptions } from './jetbrains/profiles.ts'
import { COUNTED, type Counts } from './jetbrains/routes.ts'
import { JetbrainsService } from './jetbrains/service.ts'
import { type RecordedRequest, type Simulator, startService } from './simulator.ts'

export interface JetbrainsOptions {
  /** Default 0: any free port. */
  port?: number
  /** The time without what `clock` adds, in epoch milliseconds. Default: real time. */
  now?: () => number
  accounts?: readonly AccountOptions[]
  profiles?: ProfileListOptions
}

/** The one origin at which gateway, account server and sign-in page are is `url`: `base_url`, `oauth_url`, and `login_url` with `/oauth/login`. */
export interface JetbrainsSimulator extends Omit<Simulator, 'key' | 'script'> {
  /** Where a browser is sent to sign in. */
  readonly loginUrl: string
  readonly clock: SimulatedClock
  /** How the profile list looks from now on. */
  profiles: ProfileListOptions
  /** What the person at the browser does. */
  signIn: SignIn
  /** Requests by route since the start, refused ones too. */
  readonly counts: Counts
  account(options: AccountOptions): SimulatedAccount
  /** Requests that were made for this account, whatever came of them. */
  requestsOf(account: SimulatedAccount): RecordedRequest[]
  /**
   * Answers for the next chats, native ones too; with `on` for other routes, with `forKey` (a licence) for one account. Requests that the
   * service refuses use none up.
   */
  script(...answers: JetbrainsAnswer[]): void
  /** For `provide-access`. */
  scriptAccess(...answers: JetbrainsAnswer[]): void
  /** For the token endpoint. A fault on the way does not undo a rotation, a status from 400 on comes before it. */
  scriptOauth(...answers: JetbrainsAnswer[]): void
  /** For `quota/get`. */
  scriptQuota(...answers: JetbrainsAnswer[]): void
  /** For the profile list. */
  scriptProfiles(...answers: JetbrainsAnswer[]): void
}

/** Starts JetBrains AI as strictly as it is known to be (jetbrains-ai.md). Where that says "assumed", so does this. */
export function startJetbrains(options: JetbrainsOptions = {}): JetbrainsSimulator {
  const clock = new SimulatedClock(options.now)
  const service = new JetbrainsService(clock, options.profiles ?? {})
  for (const account of options.accounts ?? []) service.accounts.add(account)
  const { key: _, script, ...simulator } = startService(service, { port: options.port })
  const scriptOn = (on: JetbrainsAnswer['on']) => {
    return (...answers: JetbrainsAnswer[]): void => script(...answers.map(answer => ({ ...answer, on })))
  }
  return {
    ...simulator,
    loginUrl: `${simulator.url}/oauth/login`,
    clock,
    get profiles() {
      return service.profiles
    },
    set profiles(list) {
      service.profiles = list
    },
    get signIn() {
      return service.oauth.signIn
    },
    set signIn(signIn) {
      service.oauth.signIn = signIn
    },
    get counts() {
      return countsOf(simulator.requests)
    },
    account: given => service.accounts.add(given),
    requestsOf: ({ licenseId }) => simulator.requests.filter(({ key }) => key === licenseId),
    script,
    scriptAccess: scriptOn('access'),
    scriptOauth: scriptOn('token'),
    scriptQuota: scriptOn('quota'),
    scriptProfiles: scriptOn('models'),
  }
}

function countsOf(requests: readonly RecordedRequest[]): Counts {
  const of = (name: keyof Counts): number => requests.filter(({ route }) => route === COUNTED[name]).length
  return {
    ...{ chat: of('chat'), provideAccess: of('provideAccess'), register: of('register'), userInfo: of('userInfo'), oauth: of('oauth') },
    ...{ login: of('login'), quota: of('quota'), refill: of('refill'), profiles: of('profiles') },
  }
}
