import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { InputSize } from '../../src/operations/input-size.ts'
import { textTokens } from '../../src/operations/text-tokens.ts'
import type { TokenCount, TokenCounter } from '../../src/operations/token-counting/token-counter.ts'
import type { ModelLimits } from '../../src/routing/model-data.ts'
import type { Target } from '../../src/routing/provider.ts'
import { paperProvider } from '../routing/providers.ts'

/** Estimates by rules until it has settled, and has counted then: `factor` tokens for one of the rules'. */
function lateCounter(factor = 1) {
  const seen = { opened: [] as string[], settled: 0, closed: 0 }
  const open = (model: string): TokenCount => {
    seen.opened.push(model)
    let tokens = 0
    let exact = false
    return {
      add(text) {
        tokens += textTokens(text)
      },
      cut() {},
      get tokens() {
        return exact ? tokens * factor : tokens
      },
      get exact() {
        return exact
      },
      async settled() {
        seen.settled++
        exact = true
        return tokens * factor
      },
      close: () => void seen.closed++,
    }
  }
  return { counter: { open } satisfies TokenCounter, seen }
}

const provider = paperProvider('Q', { type: 'qwen' })
const target = (limits?: ModelLimits, model = 'm'): Target => ({ provider, model, ...(limits && { limits }) })

function size(body: JsonObject, factor = 1) {
  const { counter, seen } = lateCounter(factor)
  return { size: new InputSize({ text: JSON.stringify(body), body }, counter), seen }
}

/** About so many tokens. */
const asking = (tokens: number): JsonObject => ({ messages: [{ role: 'user', content: 'word '.repeat(tokens) }] })

describe('the size of a request', () => {
  test('is nobody’s affair where no target has limits', () => {
    const { size: one, seen } = size(asking(1000))
    const targets = [target(), target()]
    expect(one.fitting(targets)).toBe(targets)
    expect(one.tokens).toBeUndefined()
    expect(seen.opened).toEqual([])
    one.close()
  })

  test('is counted without waiting where a short text surely fits', () => {
    const { size: one, seen } = size(asking(100))
    const targets = [target(), target({ maxInput: 1000 }, 'limited')]
    expect(one.fitting(targets)).toBe(targets)
    expect(one.tokens).toBeWithin(95, 130)
    expect(seen).toMatchObject({ opened: ['limited'], settled: 0, closed: 0 })
    one.close()
    expect(seen.closed).toBe(1)
  })

  test('that is far off is told by rules, one that is near by a count', async () => {
    const near = size(asking(1000))
    expect(await near.size.fitting([target({ maxInput: 1030 })])).toHaveLength(1)
    expect(near.seen.settled).toBe(1)
    const far = size(asking(1000))
    expect(await far.size.fitting([target({ maxInput: 2000 })])).toHaveLength(1)
    expect(far.seen.settled).toBe(0)
    const tooLong = size(asking(1000))
    const refused = tooLong.size.fitting([target({ contextWindow: 500 })])
    await expect(Promise.resolve(refused)).rejects.toMatchObject({
      kind: 'context-too-long',
      message: expect.stringContaining('is 500 tokens'),
    })
    expect(tooLong.seen.settled).toBe(0)
  })

  test('is what was counted, where that says otherwise than the rules', async () => {
    const more = size(asking(1000), 1.2)
    await expect(Promise.resolve(more.size.fitting([target({ maxInput: 1030 })]))).rejects.toThrow(/is 1030 tokens.*about 12\d\d tokens/)
    const fewer = size(asking(1150), 0.8)
    expect(await fewer.size.fitting([target({ maxInput: 1030 })])).toHaveLength(1)
  })

  test('leaves the targets that have room, and the largest is named where none has', async () => {
    const small = target({ maxInput: 100 }, 'small')
    const large = target({ maxInput: 100_000 }, 'large')
    const open = target(undefined, 'open')
    const { size: one } = size(asking(1000))
    expect(await one.fitting([small, large, open])).toEqual([large, open])
    const { size: two } = size(asking(1000))
    const refused = two.fitting([small, target({ maxInput: 300 }, 'medium')])
    await expect(Promise.resolve(refused)).rejects.toThrow('maximum context length is 300 tokens')
  })

  test('is taken anew for a model that counts differently, and the first count is given up', async () => {
    const { size: one, seen } = size(asking(1000))
    await one.fitting([target({ maxInput: 100_000 }, 'gpt-5'), target({ maxInput: 1100 }, 'claude-sonnet-4-5')])
    expect(seen.opened).toEqual(['gpt-5', 'claude-sonnet-4-5'])
    expect(seen.closed).toBe(1)
    one.close()
    expect(seen.closed).toBe(2)
  })

  test('does not count data for words', async () => {
    const data = Buffer.alloc(60_000, 7).toString('base64')
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }
    const { size: one } = size({ messages: [{ role: 'user', content: [image, { type: 'text', text: 'what is it?' }] }] })
    expect(await one.fitting([target({ maxInput: 1000 })])).toHaveLength(1)
  })
})

describe('what an attempt throws', () => {
  const tooLong = () => Promise.reject(new GatewayError('context-too-long', 'Range of input length should be [1, 900]'))

  test('gets both numbers where a target has limits', async () => {
    const { size: one } = size(asking(1000))
    await one.fitting([target({ maxInput: 100_000 })])
    await expect(one.explain(tooLong())).rejects.toThrow(/is 900 tokens.*about 10\d\d tokens/)
    expect(await one.explain(Promise.resolve(5))).toBe(5)
    const other = new Error('another')
    await expect(one.explain(Promise.reject(other))).rejects.toBe(other)
  })

  test('stays as it is elsewhere', async () => {
    const { size: one } = size(asking(1000))
    one.fitting([target()])
    await expect(one.explain(tooLong())).rejects.toThrow('Range of input length should be [1, 900]')
  })
})
