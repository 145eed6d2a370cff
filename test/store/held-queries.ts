import type { KyselyPlugin } from 'kysely'
import type { Store } from '../../src/store/database.ts'

/** The same store with a plugin in its queries. */
export const storeWith = (store: Store, plugin: KyselyPlugin): Store => ({
  db: store.db.withPlugin(plugin),
  dataVersion: () => store.dataVersion(),
  durable: work => store.durable(work),
  onChange: listener => store.onChange(listener),
  close: () => store.close(),
})

/** Lets answers through, or holds them back until they are let go, as a database with several connections may do. */
export class HeldAnswers implements KyselyPlugin {
  #waiting: (() => void)[] | undefined

  transformQuery: KyselyPlugin['transformQuery'] = ({ node }) => node

  transformResult: KyselyPlugin['transformResult'] = async ({ result }) => {
    const waiting = this.#waiting
    if (waiting) await new Promise<void>(resolve => waiting.push(resolve))
    return result
  }

  /** From now on answers wait; the function that comes back lets go of those that came since. */
  hold(): () => void {
    const waiting: (() => void)[] = []
    this.#waiting = waiting
    return () => {
      for (const resolve of waiting) resolve()
    }
  }

  pass(): void {
    this.#waiting = undefined
  }
}

/** Counts the times that all the keys are read. */
export class CountedKeyLoads implements KyselyPlugin {
  loads = 0

  transformQuery: KyselyPlugin['transformQuery'] = ({ node }) => {
    // Only reading all of them has a limit and no hash.
    if (node.kind === 'SelectQueryNode' && node.limit !== undefined) this.loads++
    return node
  }

  transformResult: KyselyPlugin['transformResult'] = async ({ result }) => result
}

/** Makes the write of daily sums with this number fail as one on a locked database does. */
export function failingSums(number: number): KyselyPlugin {
  let writes = 0
  return {
    transformQuery({ node }) {
      const isSums = node.kind === 'InsertQueryNode' && node.into?.table.identifier.name === 'usage_daily'
      if (isSums && ++writes === number) {
        throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })
      }
      return node
    },
    transformResult: async ({ result }) => result,
  }
}
