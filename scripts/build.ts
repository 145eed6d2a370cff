import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { writeChecksums } from './building/checksums.ts'
import { compile, gitCommit } from './building/compile.ts'
import { TARGETS, type Target } from './building/targets.ts'

const USAGE = `usage: scripts/build [--all | --target NAME …]

Without an option: dist/dragoman for this machine.

  --all           an executable for every platform, dist/dragoman-<name>, and dist/SHA256SUMS
  --target NAME   the one for that platform (may be repeated)
  --help          this text

Platforms: ${TARGETS.map(({ name }) => name).join(', ')}
"musl" is for Alpine and its like (which need its package libstdc++ beside). The runtimes are fetched once, by Bun's package manager.
`

function wanted(args: string[]): Target[] | undefined {
  const { values } = parseArgs({
    args,
    options: { all: { type: 'boolean' }, target: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  if (values.all) return [...TARGETS]
  return values.target?.map(name => {
    const target = TARGETS.find(each => each.name === name)
    if (!target) throw new Error(`there is no target ${JSON.stringify(name)}`)
    return target
  })
}

function complain(error: unknown): void {
  // What the bundler complains of shows where it stands; what we say ourselves stands alone.
  for (const problem of error instanceof AggregateError ? error.errors : [error])
    console.error(problem?.constructor === Error ? problem.message : problem)
  process.exitCode = 1
}

async function main(targets: Target[] | undefined): Promise<void> {
  const dist = resolve(import.meta.dir, '..', 'dist')
  const commit = gitCommit()
  if (targets === undefined) return await compile(dist, 'dragoman', commit)
  // One platform that can't be had is no reason to go without the others.
  let built = 0
  for (const target of targets) await compile(dist, target.file, commit, target).then(() => built++, complain)
  if (built === 0) return
  await writeChecksums(
    dist,
    TARGETS.map(({ file }) => file),
  )
}

let targets: Target[] | undefined
try {
  targets = wanted(process.argv.slice(2))
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
  process.exit(2)
}
await main(targets).catch(complain)
