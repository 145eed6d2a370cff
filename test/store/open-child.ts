import { systemClock } from '../../src/core/clock.ts'
import { openDatabase } from '../../src/store/database.ts'

/** Opens the database named on the command line, and says so. */
const store = await openDatabase({ path: process.argv[2] ?? '', clock: systemClock })
await store.close()
console.log('opened')
