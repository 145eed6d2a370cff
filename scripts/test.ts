import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readTestReport, type SkippedTest } from './test-report.ts'

const root = resolve(import.meta.dir, '..')
const binary = join(root, 'dist/dragoman')
const temporary = mkdtempSync(join(tmpdir(), 'dragoman-test-'))

/** What describeRecordings (test/support/recordings.ts) calls its stand-in: the recordings lie beside the project and may be absent. */
const NEEDS_RECORDINGS = /needs \.\.\/shared\/recordings$/

const total = { passed: 0, failed: 0 }
const failures: string[] = []
const skipped: SkippedTest[] = []

function fail(what: string, count = 1): void {
  total.failed += count
  failures.push(what)
}

async function run(command: string[], environment: Record<string, string> = {}): Promise<number> {
  const child = Bun.spawn(command, { cwd: root, env: { ...process.env, ...environment }, stdio: ['ignore', 'inherit', 'inherit'] })
  return await child.exited
}

const heading = (title: string): void => console.log(`\n── ${title} ──`)

/** One check that either holds or not. The package scripts are JavaScript, and there may be no Node: Bun runs them. */
async function check(title: string, ...command: string[]): Promise<boolean> {
  heading(title)
  const holds = (await run([process.execPath, ...command])) === 0
  if (holds) total.passed++
  else fail(title)
  return holds
}

/** Runs test files. A file that does not appear in the report is a failure: it could not be loaded or holds no test. */
async function runTests(title: string, files: string[], environment: Record<string, string> = {}): Promise<void> {
  heading(`${title} (${files.length} files)`)
  const path = join(temporary, `${title}.xml`)
  const options = ['--only-failures', '--reporter=junit', `--reporter-outfile=${path}`]
  const exitCode = await run([process.execPath, 'test', ...options, ...files.map(file => `./${file}`)], environment)
  if (!existsSync(path)) {
    return fail(`${title}: ended early (exit code ${exitCode}), so none of the ${files.length} files counts`, files.length)
  }
  const report = readTestReport(readFileSync(path, 'utf8'))
  const lost = files.filter(file => !report.files.includes(file))
  total.passed += report.passed
  skipped.push(...report.skipped)
  if (report.failed > 0) fail(`${title}: ${report.failed} of the tests`, report.failed)
  for (const file of lost) fail(`${title}: ${file} did not run`)
  if (exitCode !== 0 && report.failed === 0 && lost.length === 0) fail(`${title}: bun test ended with exit code ${exitCode}`)
}

function testFiles(names: string[]): { source: string[]; endToEnd: string[] } {
  const all = [...new Bun.Glob('test/**/*.test.ts').scanSync(root)].map(file => file.replaceAll('\\', '/')).sort()
  const wanted = names.length === 0 ? all : all.filter(file => names.some(name => file.includes(name)))
  const isEndToEnd = (file: string): boolean => file.startsWith('test/e2e/')
  return { source: wanted.filter(file => !isEndToEnd(file)), endToEnd: wanted.filter(isEndToEnd) }
}

/** Skipped tests are named, whoever runs this; where nobody watches they fail the run. */
function judgeSkipped(): void {
  if (skipped.length === 0) return
  const haveRecordings = existsSync(join(root, '../shared/recordings'))
  const strict = process.env.CI === 'true'
  heading(`SKIPPED: ${skipped.length}`)
  for (const { file, name } of skipped) {
    console.log(`  ${file}: ${name}`)
    if (strict && (haveRecordings || !NEEDS_RECORDINGS.test(name))) fail(`skipped in CI: ${file}: ${name}`)
  }
}

async function main(options: string[]): Promise<void> {
  const fast = options.includes('--fast')
  const names = options.filter(option => option !== '--fast')
  const unknown = names.find(name => name.startsWith('-'))
  if (unknown) return fail(`${unknown} is not an option; there are --fast and names of test files`)
  const { source, endToEnd } = testFiles(names)
  if (names.length === 0) {
    await check('format and lint', 'node_modules/@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '.')
    await check('types', 'node_modules/typescript/bin/tsc', '--noEmit')
  }
  if (source.length > 0) await runTests('tests', source)
  if (!fast && (endToEnd.length > 0 || names.length === 0)) {
    const built = await check('build', 'scripts/build.ts')
    if (built && endToEnd.length > 0) await runTests('end-to-end tests', endToEnd, { DRAGOMAN_BINARY: binary })
    else fail(built ? 'there are no end-to-end tests' : 'end-to-end tests: not run, the build failed')
  }
  if (source.length === 0 && (endToEnd.length === 0 || fast)) fail('there are no tests by that name')
  judgeSkipped()
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error)
  fail('the test script itself')
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
if (failures.length > 0) {
  heading('FAILED')
  for (const failure of failures) console.log(`  ${failure}`)
}
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1
