import { describe, expect, test } from 'bun:test'
import { FramePattern } from '../../src/sse/frame-pattern.ts'

const HEAD = 'data: {"choices":[{"delta":{"content":"'
const REST = '"},"finish_reason":null}]}\n\n'
const frame = (inside: string) => HEAD + inside + REST
const pattern = new FramePattern(HEAD, REST)

describe('a pattern', () => {
  test.each(['', 'a', 'é😀\u2028', '\\"', '\\\\', '\\u00e9', '\\ud83d', '\\n'])('takes %j for the inside of a string', inside => {
    expect(pattern.match(frame(inside), 0)).toBe(frame(inside).length)
    expect([pattern.start, pattern.end]).toEqual([HEAD.length, HEAD.length + inside.length])
  })

  test.each(['\\', '\\x', '\\u12', '\n', '\u0000', '"', '","x":"y'])('does not take %j', inside => {
    expect(pattern.match(frame(inside), 0)).toBe(-1)
  })

  test('with padding takes it for any string', () => {
    const padded = new FramePattern(HEAD, '"},"obfuscation":"', '"}\n\n')
    const text = `${HEAD}a"},"obfuscation":"xY9"}\n\n`
    expect(padded.match(text, 0)).toBe(text.length)
    expect(padded.match(`${HEAD}a"},"obfuscation":"x\\"}\n\n`, 0)).toBe(-1)
    expect(padded.match(`${HEAD}a"},"obfuscation":"xY9","usage":{}}\n\n`, 0)).toBe(-1)
  })
})
