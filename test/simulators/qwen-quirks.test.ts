import { afterAll, describe, expect, test } from 'bun:test'
import { type Json, objectsOf } from '../checkers/json.ts'
import type { QwenAnswer } from './qwen/answer.ts'
import { answerOf, ask, chatWith, SYSTEM } from './qwen/ask.ts'
import type { FaultName } from './qwen/faults.ts'
import { argumentsOf, callsOf, choiceOf, chunksOf, deltasOf, finishesOf, objectOf } from './qwen/read.ts'
import { startQwen } from './qwen.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000

const sim = startQwen({ now: () => START, rules: { callsPerMinute: 1000 } })
const ann = sim.user('ann')
const standard = sim.apiKey()
afterAll(() => sim.close())

const PORTAL = `${sim.portalUrl}/chat/completions`
const post = (body: Json): Promise<Response> => ask(PORTAL, ann.signIn().accessToken, body)

async function whole(text: string, change: Json = {}): Promise<Json> {
  return objectOf((await answerOf(await post(chatWith(text, change))))[1])
}
const messageOf = (body: Json): Json => objectOf(objectsOf(body.choices)[0]?.message)

async function textOfStream(text: string, change: Json = {}): Promise<string> {
  const response = await post(chatWith(text, { stream: true, stream_options: { include_usage: true }, ...change }))
  return response.text()
}
const streamed = async (text: string, change: Json = {}): Promise<Json[]> => chunksOf(await textOfStream(text, change))

const tool = (name: string): Json => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
})
const off = { enable_thinking: false }

describe('streams with a quirk', () => {
  /** The stream that a fault makes of two tool calls, by a script and by a marker in the message alike. */
  async function both(name: FaultName, check: (text: string, chunks: Json[]) => void): Promise<void> {
    const change = { tools: [tool('a'), tool('b')], ...off }
    sim.fault(name)
    for (const message of ['use tools', `use tools [qwen:${name}]`]) {
      const text = await textOfStream(message, change)
      check(text, chunksOf(text))
    }
  }

  test('ids left out', () =>
    both('absent-ids', (_, chunks) => expect(callsOf(chunks).filter(({ id }) => id !== undefined)).toHaveLength(2)))

  test('an index used again', () =>
    both('reused-index', (_, chunks) => {
      expect(callsOf(chunks).map(({ index }) => index)).toEqual(Array(8).fill(0))
      expect(new Set(callsOf(chunks).map(({ id }) => id)).size).toBe(3)
    }))

  test('arguments sent again', () =>
    both('resent-arguments', (_, chunks) => expect(callsOf(chunks).map(argumentsOf).join('')).toBe('{"city":"sample"}'.repeat(4))))

  test('a broken tail', () =>
    both('broken-tail', (_, chunks) => expect(callsOf(chunks).map(argumentsOf).join('')).toBe('{"city":"sample"'.repeat(2))))

  test('calls that end with stop', () =>
    both('stop-with-calls', (_, chunks) => expect([finishesOf(chunks), callsOf(chunks).length]).toEqual([['stop'], 8])))

  test('usage on the chunk that finishes', () =>
    both('usage-on-finish', (_, chunks) =>
      expect([choiceOf(chunks.at(-1)).finish_reason, objectOf(chunks.at(-1)?.usage).completion_tokens]).toEqual(['tool_calls', 6]),
    ))

  test('no finish reason', () =>
    both('no-finish', (text, chunks) => expect([finishesOf(chunks), text.endsWith('[DONE]\n\n')]).toEqual([[], true])))

  test('nothing at all', () => both('empty-stream', text => expect(text).toBe('data: [DONE]\n\n')))

  test('error_finish', () =>
    both('error-finish', (text, chunks) => {
      expect(finishesOf(chunks)).toEqual(['error_finish'])
      expect(deltasOf(chunks).at(-1)?.content).toBe('Throttling: TPM(10680324/10000000)')
      expect(text).toEndWith('data: [DONE]\n\n')
    }))

  test('an error as data, at once and late', async () => {
    const error = {
      type: 'Throttling',
      code: 'Throttling.AllocationQuota',
      param: null,
      message: expect.stringContaining('Allocated quota'),
    }
    await both('error-frame', (_, chunks) => expect(chunks).toEqual([{ error, id: expect.stringContaining('chatcmpl-') }]))
    await both('late-error-frame', (text, chunks) => {
      expect([deltasOf(chunks).at(-1)?.content, chunks.at(-1)?.error]).toEqual(['The an', error])
      expect(text).not.toContain('[DONE]')
    })
    await both('max-tokens-frame', (_, chunks) =>
      expect(chunks[0]?.error).toMatchObject({ message: expect.stringContaining('max_tokens') }),
    )
  })

  test('an error as an event with its status in a comment, at once and late', async () => {
    const frame =
      /^id:1\nevent:error\n:HTTP_STATUS\/429\ndata:\{"request_id":"[0-9a-f-]{36}","code":"Throttling.AllocationQuota","message":"[^"]+"\}\n\n$/
    await both('error-event', text => expect(text).toMatch(frame))
    await both('late-error-event', text =>
      expect([text.startsWith('data: '), text.includes('\nevent:error\n:HTTP_STATUS/429\n')]).toEqual([true, true]),
    )
  })

  test('a cut', async () => {
    sim.fault('cut')
    const whole = await textOfStream('hi').catch(() => 'cut')
    expect(whole).toBe('cut')
    expect(await textOfStream('hi [qwen:cut]').catch(() => 'cut')).toBe('cut')
  })

  test('a stall, until the client leaves', async () => {
    sim.fault('stall')
    const seen = sim.requests.length
    const gone = new AbortController()
    const { accessToken } = ann.signIn()
    const response = await fetch(PORTAL, {
      method: 'POST',
      signal: gone.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
      body: JSON.stringify(chatWith('hi', { stream: true })),
    })
    await response.body?.getReader().read()
    gone.abort()
    const request = sim.requests[seen]
    await request?.closed
    expect([request?.framesSent, request?.aborted]).toEqual([2, true])
  })

  test('one wire after another by script', async () => {
    const quirks: QwenAnswer = { reasoningMember: true, usageOnFinish: true, reasoning: 'r', text: 't', chunkBytes: 7, lineEnding: '\r\n' }
    sim.script(quirks)
    const chunks = await streamed('x')
    expect(deltasOf(chunks)[1]).toEqual({ content: null, reasoning: 'r' })
    expect(objectsOf(chunks.at(-1)?.choices)).toHaveLength(1)
  })

  test('errors by a marker, which a script goes before', async () => {
    sim.script({ text: 'scripted' })
    expect(messageOf(await whole('[qwen:inspection]')).content).toBe('scripted')
    const response = await post(chatWith('[qwen:timeout-504]'))
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([504, 'text/plain', 'stream timeout'])
    expect(objectOf((await whole('[qwen:inspection]')).error).code).toBe('data_inspection_failed')
    expect(messageOf(await whole('[qwen:nonsense]')).content).toBe('You said: [qwen:nonsense]')
  })

  test('faults and scripts for one user alone', async () => {
    sim.fault('free-quota', { forKey: 'bob' })
    expect((await post(chatWith('hi'))).status).toBe(200)
    expect((await ask(PORTAL, sim.user('bob').signIn().accessToken, chatWith('hi'))).status).toBe(429)
    expect(sim.requestsOf(sim.user('bob'))).toHaveLength(1)
  })
})

describe('the explicit cache', () => {
  const mark = { cache_control: { type: 'ephemeral' } }
  const system = (size: number, name: string): Json => ({
    role: 'system',
    content: [{ type: 'text', text: name.padEnd(size, '.'), ...mark }],
  })
  const cached = async (messages: Json[], user = ann): Promise<unknown[]> => {
    const body = { model: 'coder-model', messages }
    const [, answer] = await answerOf(await ask(PORTAL, user.signIn().accessToken, body))
    const details = objectOf(objectOf(objectOf(answer).usage).prompt_tokens_details)
    return [Number(details.cached_tokens) > 0, Number(details.cache_creation_input_tokens) > 0]
  }
  const question = (text: string): Json => ({ role: 'user', content: text })

  test('writes first and reads then, for five minutes from the last use', async () => {
    const prompt = (text: string): Json[] => [system(5000, 'five minutes'), question(text)]
    expect(await cached(prompt('a'))).toEqual([false, true])
    sim.clock.advance(4 * MINUTE_MS)
    expect(await cached(prompt('b'))).toEqual([true, false])
    sim.clock.advance(4 * MINUTE_MS)
    expect(await cached(prompt('c'))).toEqual([true, false])
    sim.clock.advance(5 * MINUTE_MS)
    expect(await cached(prompt('d'))).toEqual([false, true])
  })

  test('grows with the conversation, belongs to one user, and needs 1024 tokens', async () => {
    const grown = { role: 'user', content: [{ type: 'text', text: 'x'.repeat(5000), ...mark }] }
    const first = [system(5000, 'growing'), question('a')]
    expect(await cached(first)).toEqual([false, true])
    expect(await cached([...first, grown])).toEqual([true, true])
    expect(await cached([...first, grown])).toEqual([true, false])
    expect(await cached(first, sim.user('bob'))).toEqual([false, true])
    expect(await cached([system(3000, 'short'), question('a')])).toEqual([false, false])
  })

  test('finds a prefix at most twenty items back', async () => {
    const end = (text: string, change: object = mark): Json => ({ role: 'user', content: [{ type: 'text', text, ...change }] })
    const turns = (count: number): Json[] => Array.from({ length: count }, (_, at) => question(`turn ${at}`))
    const first = (name: string): Json[] => [SYSTEM, question(name.padEnd(5000, '.'))]
    for (const [count, found] of [
      [19, true],
      [20, false],
    ] as const) {
      const name = `${count} turns`
      expect(await cached([...first(name), end('one')])).toEqual([false, true])
      expect(await cached([...first(name), end('one', {}), ...turns(count), end('two')])).toEqual([found, true])
    }
  })

  test('says nothing of it without markers', async () => {
    const messages = [question('hi')]
    const [, answer] = await answerOf(await ask(`${sim.compatibleUrl}/chat/completions`, standard.key, { model: 'qwen-plus', messages }))
    expect(objectOf(objectOf(answer).usage).prompt_tokens_details).toEqual({ cached_tokens: 0 })
  })
})
