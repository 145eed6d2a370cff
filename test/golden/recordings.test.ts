import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { isObject } from '../checkers/json.ts'
import { asSse, describeRecordings, listRecordings, type Recording, readChunks, readBody as readRecorded } from '../support/recordings.ts'
import { readBody, readStream } from './client-reading.ts'
import {
  bytesOf,
  clientCodec,
  clientRequest,
  FORMATS,
  type Format,
  goldenContext,
  passedBody,
  passThrough,
  relayed,
  translation,
  upstreamCodec,
} from './relays.ts'
import { firstAnswer, type Said, saidInChatBody, saidInChunks, saidInEvents, saidInMessage } from './said.ts'

const streams = (format: Format): Recording[] => listRecordings({ suffix: '.chunks.txt', format }).filter(isGenerated)
const bodies = (format: Format): Recording[] => listRecordings({ suffix: '.json', format })

/** Transcripts of servers that began anew in mid-stream: what they say does not follow from the lines one by one. */
const BROKEN = new Set(['duplicate-message-start', 'spliced-message-start'])
const isGenerated = ({ name }: Recording): boolean => !BROKEN.has(name)

/** The only frames that break their dialect, and what is put right in them (interface.md "What passes unchanged"). */
const MENDED: Record<string, (line: string) => string> = {
  'mistral-incremental-tool-call': line =>
    line.replace('"name":"webSearchTool","arguments":""},"index":0}],"index":0,"content":""', '$&,"role":"assistant"'),
  'perplexity-citations': line => line.replace('chat.completion.done', 'chat.completion.chunk'),
}

/**
 * What a client is told. A refusal's explanation goes where Chat has a place for it. Calls that Anthropic's code execution answered itself stand beside
 * `end_turn`; to a Chat client a call is a call.
 */
function expected(said: Said, client: Format): object {
  const chat = client === 'openai-chat'
  const refusal = said.finish === 'refused' && chat ? expect.any(String) : said.refusal
  const finish = said.finish === 'stop' && said.toolCalls.length > 0 && chat ? 'tools' : said.finish
  return { ...said, refusal, finish, error: undefined }
}

for (const upstream of FORMATS) {
  const saidIn = upstream === 'anthropic' ? saidInEvents : saidInChunks

  describeRecordings(`recorded ${upstream} streams`, () => {
    test('there are some', () => {
      expect(streams(upstream).length).toBeGreaterThan(10)
    })

    for (const { provider, name, path } of streams(upstream)) {
      const lines = readChunks(path)
      const sse = asSse(lines, upstream)

      for (const client of FORMATS) {
        test(`${provider}/${name}: says the same to a client of ${client}`, () => {
          const output = relayed(translation(upstream, client), [bytesOf(sse)])
          expect(readStream(client, output)).toEqual(expected(saidIn(lines), client) as never)
        })
      }

      test(`${provider}/${name}: passes unchanged to a client of its own dialect`, () => {
        const relay = passThrough(upstream)
        const output = relayed(relay, [bytesOf(sse)])
        expect(output).toBe(asSse(firstAnswer(lines).map(MENDED[name] ?? (line => line)), upstream))
        const { tokens } = saidIn(lines)
        expect({ input: relay.usage?.inputTokens, output: relay.usage?.outputTokens }).toEqual({
          input: tokens?.input,
          output: tokens?.output,
        })
        expect(relay.error).toBeUndefined()
      })
    }
  })

  describeRecordings(`recorded ${upstream} bodies`, () => {
    for (const { provider, name, path } of bodies(upstream)) {
      const body = readRecorded(path)
      if (!isObject(body)) throw new Error(`${provider}/${name} is no JSON object`)
      for (const client of FORMATS) {
        test(`${provider}/${name}: says the same to a client of ${client}`, () => {
          if (isObject(body.error)) {
            const error = upstreamCodec(upstream).decodeError(400, new Headers(), JSON.stringify(body))
            const told = clientCodec(client).encodeError(error, 'req_golden')
            expect(told.status).toBe(400)
            expect(told.body.error).toMatchObject({ type: 'invalid_request_error', message: expect.stringContaining("'max_tokens'") })
            return
          }
          const context = goldenContext()
          const answer = upstreamCodec(upstream).decodeResponse(body as never, context)
          const said = (upstream === 'anthropic' ? saidInMessage : saidInChatBody)(body)
          const told = readBody(client, clientCodec(client).encodeResponse(answer, clientRequest(client), context))
          expect(told).toEqual(expected(said, client) as never)
        })
      }
      test(`${provider}/${name}: passes unchanged to a client of its own dialect`, () => {
        const text = readFileSync(path, 'utf8')
        expect(passedBody(upstream, text)).toBe(text)
      })
    }
  })
}

describeRecordings('transcripts that begin anew', () => {
  const read = (name: string, client: Format) => {
    const [recording] = listRecordings({ suffix: '.chunks.txt', format: 'anthropic' }).filter(entry => entry.name === name)
    const sse = asSse(readChunks(recording?.path ?? ''), 'anthropic')
    return [translation('anthropic', client), ...(client === 'anthropic' ? [passThrough('anthropic')] : [])].map(relay =>
      readStream(client, relayed(relay, [bytesOf(sse)])),
    )
  }

  for (const client of FORMATS) {
    test(`a start that comes twice changes nothing for a client of ${client}`, () => {
      for (const told of read('duplicate-message-start', client)) {
        expect(told).toMatchObject({ text: 'Hello, World!', finish: 'stop', error: undefined, tokens: { input: 17, output: 227 } })
      }
    })

    test(`a second answer follows the abandoned one, whose call cannot run, for a client of ${client}`, () => {
      for (const told of read('spliced-message-start', client)) {
        expect(told).toMatchObject({ reasoning: 'I will call the tool.Let me call the tool.', finish: 'tools', error: undefined })
        expect(told.signatures).toEqual(['sig-first', 'sig-second'])
        const [abandoned, real] = told.toolCalls
        expect(abandoned?.input).toHaveProperty('_invalid_json')
        expect(real).toEqual({ id: 'toolu_second', name: 'test-tool', input: { value: 'Sparkle Day' } })
      }
    })
  }
})
