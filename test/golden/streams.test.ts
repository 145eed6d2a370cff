import { describe, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readStream } from './client-reading.ts'
import { expectGolden, notesText } from './golden.ts'
import { bytesOf, FORMATS, goldenContext, relayed, slices, translation } from './relays.ts'

const folder = join(import.meta.dir, 'streams')

/** Network pieces of these streams: every character of more than one byte gets cut somewhere. */
const PIECE = 5

for (const upstream of FORMATS) {
  const cases = readdirSync(join(folder, upstream))
    .filter(name => name.endsWith('.sse'))
    .map(name => name.slice(0, -'.sse'.length))
    .sort()

  describe(`hand-made streams of ${upstream}`, () => {
    for (const name of cases) {
      for (const client of FORMATS) {
        test(`${name} for a client of ${client}`, async () => {
          const sse = await Bun.file(join(folder, upstream, `${name}.sse`)).text()
          const context = goldenContext()
          const output = relayed(translation(upstream, client, context), slices(bytesOf(sse), PIECE))
          readStream(client, output)
          const notes = context.notes.length > 0 ? `# notes\n${notesText(context.notes)}\n` : ''
          await expectGolden(join(folder, upstream, `${name}.${client}.golden`), `${notes}${output}`)
        })
      }
    }
  })
}
