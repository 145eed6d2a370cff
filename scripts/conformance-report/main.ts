import { readFileSync, writeFileSync } from 'node:fs'
import { END, START, tableOf, withTable } from './table.ts'

const usage = 'usage: scripts/conformance [--json] [--write FILE]'

/** The options; undefined where they make no sense. */
function readOptions(args: string[]): { json: boolean; write?: string } | undefined {
  const options: { json: boolean; write?: string } = { json: false }
  while (args.length > 0) {
    const option = args.shift()
    if (option === '--json') options.json = true
    else if (option === '--write') {
      options.write = args.shift()
      if (options.write === undefined) return undefined
    } else return undefined
  }
  return options
}

const options = readOptions(process.argv.slice(2))
if (!options) {
  console.error(usage)
  process.exit(2)
}
// What the gateway is started from is decided by the environment, as the module is loaded.
const { runReport } = await import('./run.ts')
const report = await runReport()
const table = tableOf(report)
await Bun.write(Bun.stdout, `${options.json ? JSON.stringify(report, null, 2) : table}\n`)
if (options.write !== undefined && report.mismatches.length === 0) {
  const text = withTable(readFileSync(options.write, 'utf8'), table)
  if (text === undefined) {
    console.error(`${options.write} has no ${START} and ${END}`)
    process.exit(1)
  }
  writeFileSync(options.write, text)
}
for (const mismatch of report.mismatches) console.error(`mismatch: ${mismatch}`)
// The gateway's own watchdog timers would hold the process up.
process.exit(report.mismatches.length === 0 ? 0 : 1)
