import { systemClock } from '../../src/core/clock.ts'
import { createAccounts } from '../../src/store/accounts.ts'
import { openDatabase } from '../../src/store/database.ts'
import { openSealer } from '../../src/store/sealing.ts'
import { SECRET } from './account-stores.ts'

/** Renews the credential of the account named on the command line until it is killed, and names each one once it is kept. */
const store = await openDatabase({ path: process.argv[2] ?? '', clock: systemClock })
const sealer = await openSealer({ store, secret: SECRET })
const accounts = createAccounts({
  ...{ store, sealer, clock: systemClock },
  onError: error => {
    throw error
  },
})
const { id, credential } = await accounts.get(process.argv[3] ?? '')
for (let serial = Number(credential.serial) + 1; ; serial++) {
  await accounts.saveCredential(id, { serial, token: `${serial}-`.repeat(2000) })
  console.log(serial)
}
