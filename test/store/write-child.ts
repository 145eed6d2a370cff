import { systemClock } from '../../src/core/clock.ts'
import { openDatabase } from '../../src/store/database.ts'

/** Writes to the database named on the command line until it is killed, and names each row once it is kept. */
const store = await openDatabase({ path: process.argv[2] ?? '', clock: systemClock })
for (let i = 0; ; i++) {
  const name = `row-${i}`
  await store.durable(tx => tx.insertInto('settings').values({ name, value: '1', updated_at: 0 }).execute())
  console.log(name)
}
