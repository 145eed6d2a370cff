import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { TokensSaid } from '../../golden/said.ts'
import { asking, MODES } from './question.ts'
import { ask, MODEL, PAIRS, type Stage, startStage, type Vendor } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.stop())

/** The same answer's cost in each vendor's own counting (dialects.md §3.2): 100 prompt tokens of which 75 were cached and 10 written. */
const REPORTED: Record<Vendor, Record<string, unknown>> = {
  openai: {
    prompt_tokens: 100,
    completion_tokens: 40,
    prompt_tokens_details: { cached_tokens: 75, cache_write_tokens: 10 },
    completion_tokens_details: { reasoning_tokens: 25 },
  },
  anthropic: {
    input_tokens: 15,
    cache_read_input_tokens: 75,
    cache_creation_input_tokens: 10,
    cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 0 },
    output_tokens: 40,
    output_tokens_details: { thinking_tokens: 25 },
  },
}

const INCLUSIVE: TokensSaid = { input: 100, output: 40, cached: 75, written: 10, reasoning: 25 }

for (const { client, upstream } of PAIRS) {
  describe(`${client} SDK, ${upstream} upstream`, () => {
    for (const mode of MODES) {
      test(`${mode}: cached, written and reasoning tokens are counted by the client's convention`, async () => {
        stage.upstream[upstream].script({ text: 'Well.', usage: REPORTED[upstream] })
        const { tokens } = await ask(stage, client, asking(MODEL[upstream], 'How much?'), mode)
        expect(tokens).toEqual(INCLUSIVE)
        await stage.wire.check()
      })
    }

    test('a prompt that comes again is read from the cache', async () => {
      const system = `Nonce ${client} ${upstream}. ${'Remember this. '.repeat(40)}`
      const question = { ...asking(MODEL[upstream], 'Hi'), system }
      const marked = async (): Promise<TokensSaid | undefined> => {
        if (upstream === 'openai') return (await ask(stage, client, question, 'create')).tokens
        // Anthropic caches what is marked.
        if (client === 'openai') {
          const answer = await stage.openai.chat.completions.create({
            model: question.model,
            messages: [
              { role: 'system', content: [{ type: 'text', text: system, prompt_cache_breakpoint: { mode: 'explicit' } }] },
              { role: 'user', content: 'Hi' },
            ],
          } as never)
          const { usage } = answer as { usage?: { prompt_tokens: number; prompt_tokens_details?: { cached_tokens?: number } } }
          return {
            input: usage?.prompt_tokens ?? 0,
            cached: usage?.prompt_tokens_details?.cached_tokens ?? 0,
            output: 0,
            written: 0,
            reasoning: 0,
          }
        }
        const { usage } = await stage.anthropic.messages.create({
          model: question.model,
          max_tokens: 100,
          system: [{ type: 'text', text: system, cache_control: { type: 'ephemeral' } }],
          messages: [{ role: 'user', content: 'Hi' }],
        })
        const cached = usage.cache_read_input_tokens ?? 0
        const written = usage.cache_creation_input_tokens ?? 0
        return { input: usage.input_tokens + cached + written, cached, output: 0, written, reasoning: 0 }
      }
      const first = await marked()
      const second = await marked()
      expect(first?.cached).toBe(0)
      expect(second?.cached).toBeGreaterThan(100)
      expect(second?.input).toBe(first?.input ?? -1)
    })
  })
}

describe('usage that the client did not ask for', () => {
  for (const upstream of ['openai', 'anthropic'] as const) {
    test(`an OpenAI client gets none in its stream from ${upstream}, and the record has it all the same`, async () => {
      stage.upstream[upstream].script({ text: ['a', 'b'], usage: REPORTED[upstream] })
      const chunks = []
      for await (const chunk of await stage.openai.chat.completions.create({
        model: MODEL[upstream],
        messages: [{ role: 'user', content: 'Hi' }],
        stream: true,
      })) {
        chunks.push(chunk)
      }
      expect(chunks.filter(chunk => chunk.usage)).toEqual([])
      expect(chunks.every(chunk => chunk.choices.length === 1)).toBe(true)
      expect(await stage.wire.check()).toBe(1)
    })
  }

  test('a server that reports nothing leaves counts that say they are estimates', async () => {
    const lines = [
      '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}',
      '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
    ]
    stage.upstream.openai.script({ lines })
    const message = await stage.anthropic.messages
      .stream({ model: MODEL.openai, max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] })
      .finalMessage()
    expect(message.content).toMatchObject([{ type: 'text', text: 'Hello' }])
    expect(message.usage.output_tokens).toBeGreaterThanOrEqual(0)
  })
})
