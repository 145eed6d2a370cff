import type { Migration } from '../migrate.ts'
import { start } from './0001-start.ts'
import { accounts } from './0002-accounts.ts'

/** In the order in which they run. One that was released is never changed: its checksum is in people's databases. */
export const migrations: readonly Migration[] = [start, accounts]
