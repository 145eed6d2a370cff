import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { readExecutable } from './executable.ts'
import { runtimeFor } from './runtime.ts'
import type { Target } from './targets.ts'

const HEADER_BYTES = 65_536

const root = resolve(import.meta.dir, '..', '..')

/** What goes into the executable: a thread's code is a program of its own. */
export const ENTRYPOINTS: readonly string[] = [
  join(root, 'src/main.ts'),
  join(root, 'src/store/usage-worker.ts'),
  join(root, 'src/operations/token-counting/counting-worker.ts'),
]

/** The checked-out commit, `unknown` where the project is not a git work tree of its own. */
export function gitCommit(): string {
  try {
    const git = Bun.spawnSync(['git', 'rev-parse', '--show-prefix', '--short=12', 'HEAD'], { cwd: root, stderr: 'ignore' })
    const [prefix, commit] = git.stdout.toString().split('\n')
    return git.success && prefix === '' && commit ? commit : 'unknown'
  } catch {
    return 'unknown'
  }
}

function checkHeader(path: string, { name, header }: Target): void {
  const file = openSync(path, 'r')
  const start = Buffer.alloc(HEADER_BYTES)
  readSync(file, start)
  closeSync(file)
  const found = readExecutable(start)
  if (found !== header) throw new Error(`what was built for ${name} is ${found}, not ${header}`)
}

/**
 * Compiles `<dist>/<name>` for this machine, or for a target. Built in a folder of its own and moved at the end: a running server keeps its file, a failed
 * build leaves the old one, and the source map, which is inside the executable too, is not shipped a second time.
 */
export async function compile(dist: string, name: string, commit: string, target?: Target): Promise<void> {
  const folder = join(dist, `.building-${process.pid}`)
  const outfile = join(folder, name)
  const executablePath = target && (await runtimeFor(target))
  mkdirSync(folder, { recursive: true })
  try {
    await Bun.build({
      entrypoints: [...ENTRYPOINTS],
      compile: {
        outfile,
        ...(target && { target: target.compile }),
        ...(executablePath !== undefined && { executablePath }),
        // Whatever lies in the working directory must not change what the program is.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
      format: 'esm',
      bytecode: true,
      sourcemap: 'linked',
      // Elysia reads the source of handlers, so names stay. `bun build --production` would shorten them whatever else is said: NODE_ENV is set by hand.
      minify: { whitespace: true, syntax: true, identifiers: false },
      define: {
        'process.env.NODE_ENV': '"production"',
        DRAGOMAN_VERSION: JSON.stringify(manifest.version),
        DRAGOMAN_COMMIT: JSON.stringify(commit),
      },
    })
    if (target) checkHeader(outfile, target)
    renameSync(outfile, join(dist, name))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`dist/${name}  ${manifest.version} (${commit})`)
}
