import type { Clock } from '../../core/clock.ts'
import type { Address } from '../address.ts'
import { type Connection, type Opening, openConnection } from './connection.ts'

/** An idle connection is not used any more after this: most servers close theirs after a minute or more. */
const LONGEST_IDLE_MS = 50_000

/** Per origin; what is beyond is closed. */
const MOST_IDLE = 1024

/** The connections that wait for their next exchange, the latest on top. */
export class Connections {
  readonly #idle = new Map<string, Connection[]>()

  constructor(private readonly clock: Clock) {}

  /** One that is open already, if there is one. */
  take({ origin }: Address): Connection | undefined {
    const idle = this.#idle.get(origin)
    for (let connection = idle?.pop(); connection; connection = idle?.pop()) {
      if (this.clock.elapsed() - connection.idleSince < LONGEST_IDLE_MS) return connection
      connection.destroy()
    }
    return undefined
  }

  open(address: Address): Opening {
    return openConnection(address, (connection, usable) => this.#freed(connection, usable))
  }

  #freed(connection: Connection, usable: boolean): void {
    let idle = this.#idle.get(connection.origin)
    if (!idle) {
      idle = []
      this.#idle.set(connection.origin, idle)
    }
    if (!usable) {
      const at = idle.indexOf(connection)
      if (at !== -1) idle.splice(at, 1)
      return
    }
    if (idle.length >= MOST_IDLE) return connection.destroy()
    connection.idleSince = this.clock.elapsed()
    idle.push(connection)
  }
}
