import { newId } from '../ids.ts'
import type { Plan } from './models.ts'

/** An API key and the plan that pays for it. */
export class SimulatedKey {
  /** The account is overdue. */
  arrears = false
  /** The allowance that is used up (Coding Plan). */
  exhausted?: 'hour' | 'week' | 'month'

  constructor(
    readonly plan: Plan,
    readonly key: string,
  ) {}
}

/** Every key of the service. */
export class Keys {
  readonly #byKey = new Map<string, SimulatedKey>()

  add(plan: Plan, key = newId(plan === 'standard' ? 'sk-' : 'sk-sp-', 32)): SimulatedKey {
    const added = new SimulatedKey(plan, key)
    this.#byKey.set(key, added)
    return added
  }

  find(key: string | undefined): SimulatedKey | undefined {
    return this.#byKey.get(key ?? '')
  }
}
