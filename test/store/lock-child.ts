import { lockDataDir } from '../../src/store/lock.ts'
import { StoreError } from '../../src/store/store-error.ts'

/** Takes the lock of the data dir named on the command line and holds it until it is killed; or says who has it. */
try {
  lockDataDir(process.argv[2] ?? '')
  console.log(`held ${process.pid}`)
  setInterval(() => {}, 60_000)
} catch (error) {
  if (!(error instanceof StoreError)) throw error
  console.log(`${error.kind} ${error.holderPid}`)
}
