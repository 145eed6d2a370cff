import { describe, expect, test } from 'bun:test'
import { type Overflow, readOverflow, speaksOfOverflow } from '../../src/core/context-overflow.ts'

/** What vendors and servers say, and the numbers in it. */
const SAID: readonly (readonly [string, Overflow])[] = [
  ['prompt is too long: 20 tokens > 10 maximum', { input: 20, limit: 10 }],
  ['input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000', { input: 188_240, output: 21_333, limit: 200_000 }],
  ["This model's maximum context length is 8192 tokens. However, your messages resulted in 10000 tokens.", { input: 10_000, limit: 8192 }],
  [
    "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (5000 in the messages, 4000 in the completion).",
    { input: 5000, output: 4000, limit: 8192 },
  ],
  [
    "This model's maximum context length is 16385 tokens. However, you requested 17000 tokens (5000 in the messages, 200 in the functions, and 11800 in the completion).",
    { input: 5200, output: 11_800, limit: 16_385 },
  ],
  [
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 150000 tokens (140000 of text input, 2000 of tool input, 8000 in the output).",
    { input: 142_000, output: 8000, limit: 131_072 },
  ],
  [
    "'max_tokens' is too large: 4000. This model's maximum context length is 4096 tokens and your request has 1000 input tokens",
    { input: 1000, output: 4000, limit: 4096 },
  ],
  [
    'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    { input: 40_000, limit: 32_768 },
  ],
  ["This model's maximum prompt length is 131072 but the request contains 150000 tokens.", { input: 150_000, limit: 131_072 }],
  ['The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).', { input: 1_200_000, limit: 1_048_576 }],
  ['request (8000 tokens) exceeds the available context size (4096 tokens)', { input: 8000, limit: 4096 }],
  ['Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192', { input: 9000, limit: 8192 }],
  ['prompt token count of 130000 exceeds the limit of 128000', { input: 130_000, limit: 128_000 }],
  ['Range of input length should be [1, 129024]', { limit: 129_024 }],
  ['Your input exceeds the context window of this model.', {}],
  ['Input is too long for requested model.', {}],
]

describe('a context that is too long', () => {
  test.each(SAID)('%s', (message, overflow) => {
    expect(speaksOfOverflow(message)).toBe(true)
    expect(readOverflow(message)).toEqual(overflow)
  })

  test.each([
    'max_tokens exceeds the maximum number of output tokens',
    'max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for claude',
    'Rate limit reached: limit 30000 tokens, used 29000',
    'the context of this error is not known',
    '',
  ])('is not meant by: %s', message => {
    expect(speaksOfOverflow(message)).toBe(false)
    expect(readOverflow(message)).toEqual({})
  })

  test('is looked for in linear time', () => {
    for (const piece of ['maximum context length is 1 tokens ', 'exceeds the maximum ', 'exceed the the the ', '1,', '(1 tokens) ']) {
      const started = performance.now()
      const message = piece.repeat(100_000 / piece.length)
      speaksOfOverflow(message)
      readOverflow(message)
      expect(performance.now() - started).toBeLessThan(500)
    }
  })
})
