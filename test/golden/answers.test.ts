import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/core/json.ts'
import { chatStream, messageStream } from '../contract/answers.ts'
import { readBody, readStream } from './client-reading.ts'
import { expectGolden, notesText } from './golden.ts'
import { bytesOf, clientCodec, clientRequest, FORMATS, goldenContext, relayed, slices, translation, upstreamCodec } from './relays.ts'

const folder = join(import.meta.dir, 'answers')

for (const upstream of FORMATS) {
  const names = readdirSync(join(folder, upstream))
    .filter(name => name.endsWith('.json'))
    .map(name => name.slice(0, -'.json'.length))
    .sort()

  describe(`whole answers of ${upstream}`, () => {
    for (const name of names) {
      for (const client of FORMATS) {
        test(`${name} for a client of ${client}`, async () => {
          const given = (await Bun.file(join(folder, upstream, `${name}.json`)).json()) as JsonObject
          const context = goldenContext()
          const response = upstreamCodec(upstream).decodeResponse(given, context)
          const body = clientCodec(client).encodeResponse(response, clientRequest(client), context)
          const notes = context.notes.length > 0 ? `# notes\n${notesText(context.notes)}\n` : ''
          await expectGolden(join(folder, upstream, `${name}.${client}.golden`), `${notes}${JSON.stringify(body, null, 2)}\n`)

          // A stream of the same answer says the same.
          const sse = upstream === 'anthropic' ? messageStream(given) : chatStream(given)
          const streamed = readStream(client, relayed(translation(upstream, client), slices(bytesOf(sse), 64)))
          // A call that was cut off keeps the piece of JSON in a stream; a body has to hold an object.
          const { signatures: _, toolCalls, ...whole } = readBody(client, JSON.parse(JSON.stringify(body)))
          expect(streamed).toMatchObject(whole.finish === 'length' ? whole : { ...whole, toolCalls })
        })
      }
    }
  })
}
