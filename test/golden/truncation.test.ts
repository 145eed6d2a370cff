import { expect, test } from 'bun:test'
import { checkChatStream } from '../checkers/chat.ts'
import { checkMessagesStream } from '../checkers/messages.ts'
import { readSse } from '../checkers/sse.ts'
import { asSse, describeRecordings, listRecordings, readChunks } from '../support/recordings.ts'
import { readStream } from './client-reading.ts'
import { bytesOf, FORMATS, type Format, passThrough, relayed, translation } from './relays.ts'
import { firstAnswer } from './said.ts'

/** Behind every frame of a long stream the stream is read anew: a busy machine takes its time. */
const SLOW_MS = 30_000

/** At most so many frames per transcript are cut within, all of them behind: the long ones would take the rest of the time. */
const MOST_CUTS = 60

const framesOf = (lines: readonly string[], format: Format): string[] =>
  asSse(lines, format)
    .split('\n\n')
    .slice(0, -1)
    .map(frame => `${frame}\n\n`)

/** Whether what is left of the stream says how the answer ended: before that, nobody may invent it. */
const FINISHED: Record<Format, RegExp> = { 'openai-chat': /"finish_reason":"/, anthropic: /"type":"message_stop"/ }

/** A stream of the client's own dialect as it came in, so that what the checkers object to in the upstream's own way is not the gateway's. */
function endsLegally(sse: string): boolean {
  const { frames, rest } = readSse(sse)
  const last = frames.at(-1)
  const error = last?.data?.includes('"error":{') ?? false
  return rest === '' && (error || last?.data === '[DONE]' || last?.event === 'message_stop')
}

for (const upstream of FORMATS) {
  describeRecordings(`recorded ${upstream} streams cut short`, () => {
    for (const { provider, name, path } of listRecordings({ suffix: '.chunks.txt', format: upstream })) {
      const frames = framesOf(firstAnswer(readChunks(path)), upstream)
      const stride = Math.max(1, Math.floor(frames.length / MOST_CUTS))
      const every = [...frames.keys()]
      const ends = every.filter(at => at % stride === 0 || at > frames.length - 5)

      for (const client of FORMATS) {
        test(
          `${provider}/${name}: behind any frame it ends legally for a client of ${client}`,
          () => {
            for (const end of every) {
              const left = frames.slice(0, end).join('')
              const told = readStream(client, relayed(translation(upstream, client), [bytesOf(left)]))
              const complete = FINISHED[upstream].test(left)
              expect({ end, complete: told.error === undefined }).toEqual({ end, complete })
              if (!complete) expect(told.finish).toBeUndefined()
            }
          },
          SLOW_MS,
        )

        test(`${provider}/${name}: within any frame it ends legally for a client of ${client}`, () => {
          for (const end of ends) {
            const whole = frames[end] ?? ''
            const left = frames.slice(0, end).join('') + whole.slice(0, Math.floor((whole.length * ((end % 7) + 1)) / 9))
            readStream(client, relayed(translation(upstream, client), [bytesOf(left)]))
          }
        })
      }

      test(
        `${provider}/${name}: behind any frame it ends legally when passed through`,
        () => {
          for (const end of every) {
            const left = frames.slice(0, end).join('')
            const relay = passThrough(upstream)
            const output = relayed(relay, [bytesOf(left)])
            expect({ end, legal: endsLegally(output) }).toEqual({ end, legal: true })
            expect({ end, complete: relay.error === undefined }).toEqual({ end, complete: FINISHED[upstream].test(left) })
          }
        },
        SLOW_MS,
      )
    }
  })

  describeRecordings(`unknown events among recorded ${upstream} streams`, () => {
    const unknown = [
      ': a comment of a proxy\n\n',
      'event: novelty\ndata: {"type":"novelty","index":0,"value":{"text":"never shown"}}\n\n',
      'id: 7\nretry: 100\n\n',
    ]
    for (const { provider, name, path } of listRecordings({ suffix: '.chunks.txt', format: upstream })) {
      const frames = framesOf(firstAnswer(readChunks(path)), upstream)
      const strewn = frames.flatMap((frame, at) => [unknown[at % unknown.length] ?? '', frame]).join('')

      test(`${provider}/${name}: change nothing`, () => {
        for (const client of FORMATS) {
          const plain = relayed(translation(upstream, client), [bytesOf(frames.join(''))])
          expect(relayed(translation(upstream, client), [bytesOf(strewn)])).toBe(plain)
        }
      })

      test(`${provider}/${name}: are passed on in their place, and the rest as ever`, () => {
        const plain = relayed(passThrough(upstream), [bytesOf(frames.join(''))])
        const output = relayed(passThrough(upstream), [bytesOf(strewn)])
        // Chat has chunks and nothing else, and its SDK takes every frame for one: a stranger is made into one that says nothing.
        const mended = output.replace(/event: novelty\ndata: (\{.*\})\n\n/g, (frame, data: string) => {
          const { choices } = JSON.parse(data) as { choices?: unknown }
          expect(choices).toEqual(upstream === 'openai-chat' ? [] : undefined)
          return upstream === 'openai-chat' ? '' : frame
        })
        expect(unknown.reduce((text, frame) => text.replaceAll(frame, ''), mended)).toBe(plain)
      })
    }
  })
}

test('nothing at all is an error, in the words of each dialect', () => {
  for (const upstream of FORMATS) {
    const messages = checkMessagesStream(relayed(translation(upstream, 'anthropic'), []))
    expect(messages.error).toMatchObject({ type: 'api_error', message: expect.stringContaining('ended') })
    const chat = checkChatStream(relayed(translation(upstream, 'openai-chat'), []), { includeUsage: true })
    expect(chat.error).toMatchObject({ type: 'api_error', message: expect.stringContaining('ended') })
  }
})

test('a chat stream passed through without its end marker is complete once every choice is', () => {
  const chunk = (index: number, delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index, delta, finish_reason: finish }] })}\n\n`
  const begun = chunk(0, { role: 'assistant', content: 'a' }) + chunk(1, { role: 'assistant', content: 'b' }) + chunk(0, {}, 'stop')
  const open = relayed(passThrough('openai-chat'), [bytesOf(begun)])
  expect(checkChatStream(open, { includeUsage: false }).error).toMatchObject({ message: expect.stringContaining('ended') })
  const whole = begun + chunk(1, {}, 'length')
  expect(relayed(passThrough('openai-chat'), [bytesOf(whole)])).toBe(`${whole}data: [DONE]\n\n`)
})
