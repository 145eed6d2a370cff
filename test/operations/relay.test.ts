import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { unfoldResponse } from '../../src/ir/unfold.ts'
import { PassThroughRelay, type Relay, TranslationRelay } from '../../src/operations/relay.ts'
import { tinyClient, tinyDecoder, tinyEncoder, tinyPassThrough } from './tiny-dialect.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (output: string | Uint8Array | undefined) =>
  output instanceof Uint8Array ? new TextDecoder().decode(output) : (output ?? '')
const frames = (...words: string[]) => words.map(word => `data: ${word}\n\n`).join('')

const translation = () => new TranslationRelay(tinyDecoder(), tinyEncoder(), tinyClient, 'req_1')
const passThrough = () => new PassThroughRelay(tinyPassThrough(), tinyClient, 'req_1')

/** What a client gets of a stream cut at these places. */
function through(relay: Relay, text: string, cuts: readonly number[] = []): string {
  const bytes = bytesOf(text)
  const points = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let out = ''
  for (const [index, start] of [0, ...points].entries()) out += textOf(relay.push(bytes.subarray(start, points[index])))
  if (!relay.done) out += textOf(relay.end())
  return out
}

describe('a translated stream', () => {
  test('is one piece for everything that one read brought', () => {
    const relay = translation()
    expect(relay.push(bytesOf(frames('a', 'b', 'c')))).toBe(frames('(response-start)', '(block-start)', 'a', 'b', 'c'))
    expect(relay.push(bytesOf('data: d'))).toBeUndefined()
    expect(relay.push(bytesOf(`\n\n${frames('!')}`))).toBe(frames('d', '(block-end)', '(usage)', '(finish)', '(response-end)'))
    expect([relay.done, relay.error, relay.usage, relay.outputCharacters]).toEqual([
      true,
      undefined,
      { inputTokens: 1, outputTokens: 2 },
      4,
    ])
  })

  test('has content from the first block on', () => {
    const relay = translation()
    relay.push(bytesOf(frames('#')))
    expect(relay.content).toBe(false)
    relay.push(bytesOf(frames('a')))
    expect(relay.content).toBe(true)
  })

  test('ends in the client’s error where the upstream fails, and is deaf then', () => {
    const relay = translation()
    expect(relay.push(bytesOf(frames('a', '?', 'b', '!')))).toEndWith('data: a\n\nevent: error\ndata: overloaded req_1\n\n')
    expect([relay.done, relay.error?.kind]).toEqual([true, 'overloaded'])
    expect([relay.push(bytesOf(frames('c'))), relay.end()]).toEqual([undefined, undefined])
  })

  test('cut short is an error, never a finish', () => {
    expect(through(translation(), frames('a'))).toEndWith('data: a\n\nevent: error\ndata: bad-gateway req_1\n\n')
    expect(through(translation(), '')).toBe('event: error\ndata: bad-gateway req_1\n\n')
  })

  test('takes a last frame without its blank line', () => {
    expect(through(translation(), `${frames('a')}data: !`)).toEndWith('data: (response-end)\n\n')
  })

  test('may be a whole answer', () => {
    const relay = translation()
    const events = unfoldResponse({ choices: [{ content: [{ type: 'text', text: 'hi' }], finish: { reason: 'stop' } }] })
    expect(relay.replay(events)).toBe(frames('(response-start)', '(block-start)', 'hi', '(block-end)', '(finish)', '(response-end)'))
    expect([relay.done, relay.content]).toEqual([true, true])
  })
})

const endings = fc.constantFrom('\n\n', '\r\n\r\n', '\r\r')
const legal = fc.array(fc.tuple(fc.constantFrom('a', 'é😀', '漢字', '#', ': comment'), endings), { maxLength: 10 })

describe('a stream passed through', () => {
  test('hands the very bytes on where nothing is to be mended', () => {
    const chunk = bytesOf(`${frames('a', 'b')}: ping\r\n\r\n`)
    expect(passThrough().push(chunk)).toBe(chunk)
  })

  test('is the same bytes however they are cut', () => {
    fc.assert(
      fc.property(legal, fc.array(fc.nat(300), { maxLength: 12 }), (parts, cuts) => {
        const text = `${parts.map(([word, end]) => (word.startsWith(':') ? word : `data: ${word}`) + end).join('')}data: !\n\n`
        expect(through(passThrough(), text, cuts)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  test('mends a frame and leaves its neighbours to the byte', () => {
    const text = `:c\r\n\r\ndata:a\n\ndata: bad1\n\n${frames('drop')}event: x\rdata: é\r\rdata: !\n\n`
    const mended = ':c\r\n\r\ndata:a\n\ndata: good1\n\nevent: x\rdata: é\r\rdata: !\n\n'
    expect(through(passThrough(), text)).toBe(mended)
    // Where a cut falls between the CR and the LF that end a frame, that LF may be left out: to a reader the same line end.
    const lines = (of: string) => of.replace(/\r\n|\r/g, '\n')
    fc.assert(
      fc.property(fc.array(fc.nat(100), { maxLength: 8 }), cuts => expect(lines(through(passThrough(), text, cuts))).toBe(lines(mended))),
    )
  })

  test('ends at its end marker, whatever follows', () => {
    const relay = passThrough()
    expect(textOf(relay.push(bytesOf(frames('a', '!', 'b', 'c'))))).toBe(frames('a', '!'))
    expect([relay.done, relay.error, relay.usage]).toEqual([true, undefined, { inputTokens: 1, outputTokens: 2 }])
    expect(relay.push(bytesOf(frames('d')))).toBeUndefined()
  })

  test('keeps the upstream’s own error and ends there', () => {
    const relay = passThrough()
    expect(textOf(relay.push(bytesOf(frames('a', '?', 'b'))))).toBe(frames('a', '?'))
    expect([relay.done, relay.error?.kind]).toEqual([true, 'overloaded'])
  })

  test('without its end marker ends in the client’s error', () => {
    const relay = passThrough()
    expect(through(relay, frames('a'))).toBe(`${frames('a')}event: error\ndata: bad-gateway req_1\n\n`)
    expect(relay.error).toMatchObject({ kind: 'bad-gateway', upstream: { maybeExecuted: true } })
    expect(through(passThrough(), 'data: a\r\n\r\ndata: cut')).toBe('data: a\r\n\r\ndata: cut\n\nevent: error\ndata: bad-gateway req_1\n\n')
  })

  test.each([
    ['data: !', 'data: !\n\n'],
    ['data: !\n', 'data: !\n\n'],
    ['data: !\r\n', 'data: !\r\n\n'],
    ['data: bad', 'data: good\n\nevent: error\ndata: bad-gateway req_1\n\n'],
  ])('gives a last frame its blank line: %j', (text, expected) => {
    expect(through(passThrough(), text)).toBe(expected)
  })
})

test('an endless frame is the upstream’s fault', () => {
  const chunk = new Uint8Array(16 << 20).fill(0x78)
  for (const relay of [translation(), passThrough()]) {
    for (let count = 0; count < 4; count++) relay.push(chunk)
    expect(() => relay.push(chunk)).toThrow(expect.objectContaining({ kind: 'bad-gateway', upstream: {} }))
  }
})
