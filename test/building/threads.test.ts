import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENTRYPOINTS } from '../../scripts/building/compile.ts'

/** Stands in for the program: counts with a thread, and says what came out. */
const PROGRAM = `
import { systemClock } from './core/clock.ts'
import { CountingThread } from './operations/token-counting/counting-thread.ts'

const log = { warn: (details: object, message: string) => console.log(message, details) }
const thread = new CountingThread({ clock: systemClock, log, patienceMs: 20_000 })
const said: number[] = []
for (const model of ['gpt-4o', 'gpt-4']) {
  const count = thread.open(model)
  count.add('昨天我们走过森林 to look for mushrooms 🎈')
  said.push(await count.settled())
}
console.log(JSON.stringify(said))
thread.stop()
`

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-threads-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('an executable has the thread that counts tokens, and both vocabularies, inside', async () => {
  const [main = '', ...threads] = ENTRYPOINTS
  const outfile = join(folder, 'program')
  await Bun.build({ entrypoints: [main, ...threads], files: { [main]: PROGRAM }, compile: { outfile }, format: 'esm', bytecode: true })
  // Away from the sources and packages.
  const child = Bun.spawn([outfile], { cwd: folder, stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const { countTokens: o200k } = await import('gpt-tokenizer/encoding/o200k_base')
  const { countTokens: cl100k } = await import('gpt-tokenizer/encoding/cl100k_base')
  const text = '昨天我们走过森林 to look for mushrooms 🎈'
  expect([stdout.trim(), stderr]).toEqual([JSON.stringify([o200k(text), cl100k(text)]), ''])
}, 30_000)
