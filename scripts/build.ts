import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import manifest from '../package.json' with { type: 'json' }

/** The platforms that a release has executables for, by the suffix of the file's name. */
const TARGETS: Readonly<Record<string, Bun.Build.CompileTarget>> = {
  'linux-x64': 'bun-linux-x64',
  'linux-arm64': 'bun-linux-arm64',
  'linux-x64-musl': 'bun-linux-x64-musl',
  'linux-arm64-musl': 'bun-linux-arm64-musl',
  'darwin-x64': 'bun-darwin-x64',
  'darwin-arm64': 'bun-darwin-arm64',
  'windows-x64.exe': 'bun-windows-x64',
}

const root = resolve(import.meta.dir, '..')
const dist = join(root, 'dist')

/** The checked-out commit, `unknown` where the project is not a git work tree of its own. */
function gitCommit(): string {
  try {
    const git = Bun.spawnSync(['git', 'rev-parse', '--show-prefix', '--short=12', 'HEAD'], { cwd: root, stderr: 'ignore' })
    const [prefix, commit] = git.stdout.toString().split('\n')
    return git.success && prefix === '' && commit ? commit : 'unknown'
  } catch {
    return 'unknown'
  }
}

/**
 * Compiles `dist/<name>`. Built in a folder of its own and moved at the end: a running server keeps its file, a failed build leaves the old one, and the
 * source map, which is inside the executable too, is not shipped a second time.
 */
async function compile(name: string, commit: string, target?: Bun.Build.CompileTarget): Promise<void> {
  const folder = join(dist, `.building-${process.pid}`)
  const outfile = join(folder, name)
  mkdirSync(folder, { recursive: true })
  try {
    await Bun.build({
      entrypoints: [join(root, 'src/main.ts')],
      compile: {
        outfile,
        ...(target && { target }),
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
    renameSync(outfile, join(dist, name))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`dist/${name}  ${manifest.version} (${commit})`)
}

const options = process.argv.slice(2)
if (options.some(option => option !== '--all')) {
  console.error('usage: scripts/build [--all]')
  process.exit(2)
}
try {
  const commit = gitCommit()
  if (options.length === 0) await compile('dragoman', commit)
  else for (const [suffix, target] of Object.entries(TARGETS)) await compile(`dragoman-${suffix}`, commit, target)
} catch (error) {
  const problems = error instanceof AggregateError ? error.errors : [error]
  for (const problem of problems) console.error(problem)
  process.exit(1)
}
