import type { RecordedRequest } from '../simulator.ts'
import { refuse } from './errors.ts'
import type { Keys, SimulatedKey } from './keys.ts'
import type { Shelf } from './models.ts'
import { isCompatible } from './routes.ts'
import type { QwenRules } from './rules.ts'
import type { SimulatedUser, Users } from './user.ts'

/** Who calls, and what they may ask for. */
export type Caller = { shelf: 'portal'; user: SimulatedUser } | { shelf: Exclude<Shelf, 'portal'>; key: SimulatedKey }

export const bearerOf = (headers: Record<string, string>): string | undefined => /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]

/**
 * Whose request it is: tokens and keys of the Coding Plan below `/v1`, the other keys below `/compatible-mode/v1`.
 * @throws Refusal, also where the account may not call now
 */
export function admit(request: RecordedRequest, users: Users, keys: Keys, rules: QwenRules): Caller {
  const token = bearerOf(request.headers)
  const key = keys.find(token)
  if (key?.plan === 'coding' && isCompatible(request)) return refuse('wrong-path')
  if (key && isCompatible(request) !== (key.plan === 'coding')) return admitKey(key)
  if (isCompatible(request)) return refuse('incorrect-key')
  const user = users.ownerOf(token)
  if (!user || token === undefined || rules.mode === 'discontinued' || !user.accepts(token)) return refuse('token-expired')
  return { shelf: 'portal', user }
}

function admitKey(key: SimulatedKey): Caller {
  if (key.arrears) refuse('arrears')
  if (key.exhausted) refuse(`plan-${key.exhausted}`)
  return { shelf: key.plan, key }
}

/** The order of qwen.md §6.5 before the body is looked at. @throws Refusal */
export function checkUser(user: SimulatedUser, { headers }: RecordedRequest, rules: QwenRules): void {
  if (rules.strictHeaders && headers['x-dashscope-authtype'] === undefined) refuse('bare-429')
  if (user.calls.exhausted) refuse('free-quota')
  if (user.calls.throttled) refuse('token-limit')
}
