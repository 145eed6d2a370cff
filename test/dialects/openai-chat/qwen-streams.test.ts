import { describe, expect, test } from 'bun:test'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { isObject } from '../../../src/core/json.ts'
import type { UpstreamTraits } from '../../../src/dialects/dialect.ts'
import { openPassThrough } from '../../../src/dialects/openai-chat/pass-through.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import { createLifecycle } from '../../../src/ir/lifecycle.ts'
import type { StreamEvent } from '../../../src/ir/stream.ts'
import { VENDORS } from '../../../src/routing/vendors.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { testContext } from '../../support/codec-context.ts'
import { chunk, stream, upstream } from './context.ts'

const QWEN: UpstreamTraits = VENDORS.qwen
const DONE = '[DONE]'
const role = chunk({ role: 'assistant', content: '' })

/** The stream as a client of another dialect gets it, before its own words. */
function translated(sse: string, traits = QWEN): { events: StreamEvent[]; notes: string[] } {
  const context = testContext()
  const decoder = upstream.streamDecoder(context, traits)
  const lifecycle = createLifecycle()
  const events = parseFrames(sse).flatMap(frame => decoder.push(frame))
  return {
    events: [...[...events, ...decoder.end()].flatMap(event => lifecycle.push(event)), ...lifecycle.end()],
    notes: context.fields(),
  }
}

/** The stream as a client of the same dialect gets it: what was sent for each frame. */
function passed(sse: string, traits = QWEN) {
  const pass = openPassThrough({ stripUsage: false, repair: true, traits }, testContext())
  const data = parseFrames(sse).flatMap(frame => (pass.frame(frame) ?? [frame]).map(sent => sent.data ?? ''))
  const chunks = data.filter(text => text !== DONE).map(text => JSON.parse(text) as JsonObject)
  return { chunks, seen: pass.seen }
}

interface Call {
  id?: string
  name?: string
  arguments: string
}

const callsOf = (sse: string): Call[] =>
  foldEvents(translated(sse).events).choices.flatMap(({ content }) =>
    content.flatMap(part => (part.type === 'tool-call' ? [{ id: part.id, name: part.name, arguments: part.arguments }] : [])),
  )

/** Calls as a client puts them together by their index. */
function callsOfClient(sse: string): Call[] {
  const calls: Call[] = []
  for (const delta of passed(sse).chunks.flatMap(deltasOf)) {
    for (const wire of Array.isArray(delta.tool_calls) ? delta.tool_calls.filter(isObject) : []) {
      const inner = isObject(wire.function) ? wire.function : {}
      const call = calls[Number(wire.index)] ?? { arguments: '' }
      calls[Number(wire.index)] = call
      if (typeof wire.id === 'string' && wire.id !== '') call.id = wire.id
      if (typeof inner.name === 'string') call.name = inner.name
      if (typeof inner.arguments === 'string') call.arguments += inner.arguments
    }
  }
  return calls
}

const choicesOf = ({ choices }: JsonObject): JsonObject[] => (Array.isArray(choices) ? choices.filter(isObject) : [])
const deltasOf = (sent: JsonObject): JsonObject[] => choicesOf(sent).flatMap(({ delta }) => (isObject(delta) ? [delta] : []))
const finishesOf = (chunks: JsonObject[]): JsonValue[] =>
  chunks.flatMap(choicesOf).flatMap(({ finish_reason }) => (finish_reason ? [finish_reason] : []))

const calling = (...deltas: JsonObject[]): string => ending('tool_calls', ...deltas)
const ending = (finish: string, ...deltas: JsonObject[]): string =>
  stream(role, ...deltas.map(delta => chunk({ content: null, tool_calls: [delta] })), chunk({ content: '' }, finish), DONE)

const opening = (index: number, id: string, name = 'f', text = ''): JsonObject => ({
  index,
  id,
  type: 'function',
  function: { name, arguments: text },
})
const more = (index: number, text: string, id: string | undefined = ''): JsonObject => ({
  index,
  ...(id !== undefined && { id }),
  type: 'function',
  function: { arguments: text },
})

describe('tool calls', () => {
  const both = (sse: string, expected: Call[]) => {
    expect(callsOf(sse)).toEqual(expected)
    expect(callsOfClient(sse)).toEqual(expected)
  }

  test('continued with an empty id, or none', () => {
    for (const id of ['', undefined])
      both(calling(opening(0, 'a'), more(0, '{"x"', id), more(0, ':1}', id)), [{ id: 'a', name: 'f', arguments: '{"x":1}' }])
  })

  test('an index used again by a call with another id', () => {
    both(calling(opening(0, 'a'), more(0, '{"x":1}'), opening(0, 'b', 'g'), more(0, '{"y"'), more(0, ':2}')), [
      { id: 'a', name: 'f', arguments: '{"x":1}' },
      { id: 'b', name: 'g', arguments: '{"y":2}' },
    ])
  })

  test('a piece sent to a call that is whole is of the one that is not', () => {
    both(calling(opening(0, 'a', 'f', '{"x":1}'), opening(1, 'b', 'g'), more(0, '{"y":2}')), [
      { id: 'a', name: 'f', arguments: '{"x":1}' },
      { id: 'b', name: 'g', arguments: '{"y":2}' },
    ])
  })

  test('a call without an id gets one, which a later one does not change', () => {
    const sse = calling({ index: 0, function: { name: 'f', arguments: '{' } }, more(0, '}', 'late'))
    expect(callsOf(sse)).toMatchObject([{ name: 'f', arguments: '{}' }])
    expect(callsOf(sse)[0]?.id).not.toBe('')
    expect(callsOfClient(sse)).toEqual([{ id: 'call_1', name: 'f', arguments: '{}' }])
  })

  test('arguments sent once more, whole', () => {
    const sse = calling(opening(0, 'a'), more(0, '{"x":'), more(0, '1}'), more(0, '{"x":1}'))
    both(sse, [{ id: 'a', name: 'f', arguments: '{"x":1}' }])
    expect(translated(sse).notes).toEqual(['approximated:tool_calls'])
  })

  test.each([
    ['brackets behind the end', ['{"x":1', '}}'], '{"x":1}'],
    ['a quote behind the end', ['{"x":"y"}', '"}'], '{"x":"y"}'],
    ['brackets that are missing', ['{"x":{"y":[1,"z"'], '{"x":{"y":[1,"z"]}}'],
    ['a string that is open', ['{"x":"y'], '{"x":"y'],
    ['a number that may go on', ['{"x":1'], '{"x":1'],
    ['a member without its value', ['{"x"'], '{"x"'],
    ['another object behind the end', ['{}', '{"x":1}'], '{}{"x":1}'],
    ['spaces behind the end', ['{}', ' \n'], '{} \n'],
  ])('%s: mended where there is one reading only', (_, pieces, expected) => {
    both(calling(opening(0, 'a'), ...pieces.map(piece => more(0, piece))), [{ id: 'a', name: 'f', arguments: expected }])
  })

  test('an answer that was cut off lacks more than a bracket', () => {
    for (const finish of ['length', 'content_filter'])
      both(ending(finish, opening(0, 'a'), more(0, '{"x":"y"')), [{ id: 'a', name: 'f', arguments: '{"x":"y"' }])
  })

  test('a finish of "stop" is told as what clients go on for', () => {
    const sse = ending('stop', opening(0, 'a', 'f', '{}'))
    expect(foldEvents(translated(sse).events).choices[0]?.finish.reason).toBe('tool-calls')
    expect(finishesOf(passed(sse).chunks)).toEqual(['tool_calls'])
    // OpenAI itself says so where a tool was forced.
    expect(finishesOf(passed(sse, VENDORS.openai).chunks)).toEqual(['stop'])
  })

  test('in a whole answer', () => {
    const call = { id: '', type: 'function', index: 0, function: { name: 'f', arguments: '{"x":"y"}}' } }
    const body = (finish: string) => ({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', content: '', tool_calls: [call] } }],
    })
    const answer = upstream.decodeResponse(body('stop'), testContext(), QWEN)
    expect(answer.choices[0]).toMatchObject({ finish: { reason: 'tool-calls' }, content: [{ id: 'call_1', arguments: '{"x":"y"}' }] })
    const pass = openPassThrough({ stripUsage: false, repair: true, traits: QWEN }, testContext())
    expect(JSON.parse(pass.body(JSON.stringify(body('stop'))))).toMatchObject({
      choices: [{ finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'call_1', function: { arguments: '{"x":"y"}' } }] } }],
    })
    expect(upstream.decodeResponse(body('length'), testContext(), QWEN).choices[0]?.content).toMatchObject([{ arguments: '{"x":"y"}}' }])
  })
})

describe('errors in a stream', () => {
  const said = chunk({ content: 'The an' })
  const error = { code: 'Throttling.AllocationQuota', message: 'Allocated quota exceeded, please increase your quota limit.' }
  const FORMS: Record<string, string> = {
    'as a finish reason': stream(chunk({ content: 'Throttling: TPM(10680324/10000000)' }, 'error_finish'), DONE),
    'as a finish reason, in JSON': stream(chunk({ content: JSON.stringify({ error }) }, 'error_finish'), DONE),
    'as data': stream({ error: { ...error, param: null, type: 'Throttling' }, id: 'chatcmpl-1' }),
    'as an event': `id:1\nevent:error\n:HTTP_STATUS/429\ndata:${JSON.stringify({ request_id: '1', ...error })}\n\n`,
    'as an event, told by its comment alone': `id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"request_id":"1","message":"Slow down."}\n\n`,
  }

  test.each(Object.entries(FORMS))('%s: before content nothing has been said', (_, sse) => {
    const { events } = translated(stream(role) + sse)
    expect(events.filter(({ type }) => type === 'block-start' || type === 'finish')).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'rate-limit', retryAfterMs: 60_000 } })
    const { seen } = passed(stream(role) + sse)
    expect(seen).toMatchObject({ content: false, ended: false, error: { kind: 'rate-limit', retryAfterMs: 60_000 } })
  })

  test.each(Object.entries(FORMS))('%s: behind content the stream ends in an error, with none of its text', (_, sse) => {
    const { events } = translated(stream(role, said) + sse)
    expect(events.flatMap(event => (event.type === 'block-delta' ? [event.text] : []))).toEqual(['The an'])
    expect(events.at(-1)?.type).toBe('error')
    const { chunks, seen } = passed(stream(role, said) + sse)
    expect(seen).toMatchObject({ content: true, error: { kind: 'rate-limit' } })
    expect(chunks.at(-1)).toMatchObject({ error: { message: expect.any(String) } })
    expect(finishesOf(chunks)).toEqual([])
  })

  test('what nobody knows is a failure of the upstream', () => {
    expect(translated(stream(chunk({ content: 'Oops.' }, 'error_finish'), DONE)).events.at(-1)).toMatchObject({
      error: { kind: 'bad-gateway', message: 'Oops.' },
    })
  })

  test('the limit of the output, by its text', () => {
    const text = '<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 65536]'
    expect(translated(stream(chunk({ content: text }, 'error_finish'))).events.at(-1)).toMatchObject({
      error: { kind: 'invalid-request', param: 'max_tokens', upstream: { status: 400 } },
    })
  })

  test('in a whole answer', () => {
    const body = { choices: [{ index: 0, finish_reason: 'error_finish', message: { content: 'Throttling: TPM(2/1)' } }] }
    expect(() => upstream.decodeResponse(body, testContext(), QWEN)).toThrow('Throttling: TPM(2/1)')
    const pass = openPassThrough({ stripUsage: false, repair: true, traits: QWEN }, testContext())
    pass.body(JSON.stringify(body))
    expect(pass.seen.error?.kind).toBe('rate-limit')
  })
})

describe('the end', () => {
  test.each([
    ['the end marker alone', stream(DONE)],
    ['an opening alone', stream(role, DONE)],
    ['usage alone', stream({ ...role, choices: [], usage: { prompt_tokens: 1, completion_tokens: 0 } }, DONE)],
  ])('%s is no answer', (_, sse) => {
    for (const traits of [QWEN, {}]) {
      expect(translated(sse, traits).events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad-gateway' } })
      expect(passed(sse, traits).seen).toMatchObject({ content: false, ended: false, error: { kind: 'bad-gateway' } })
    }
  })

  test('an answer of nothing is one where the server says that it has finished', () => {
    expect(translated(stream(role, chunk({}, 'stop'), DONE)).events.at(-1)?.type).toBe('response-end')
    expect(passed(stream(role, chunk({}, 'stop'), DONE)).seen).toMatchObject({ ended: true, error: undefined })
  })

  test('without a finish reason it was broken off, where every answer has one', () => {
    const sse = stream(role, chunk({ content: 'a' }), DONE)
    expect(translated(sse).events.at(-1)?.type).toBe('error')
    expect(passed(sse).seen).toMatchObject({ ended: false, error: { kind: 'bad-gateway' } })
    expect(translated(sse, {}).events.at(-1)?.type).toBe('response-end')
    expect(passed(sse, {}).seen).toMatchObject({ ended: true, error: undefined })
  })

  test('usage on the chunk that finishes, or on one of its own', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
    for (const end of [[chunk({ content: '' }, 'stop', { usage })], [chunk({}, 'stop'), { ...role, choices: [], usage }]]) {
      const sse = stream(role, chunk({ content: 'a' }), ...end, DONE)
      expect(foldEvents(translated(sse).events).usage).toMatchObject({ inputTokens: 3, outputTokens: 2 })
      expect(passed(sse).seen.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 })
    }
  })
})
