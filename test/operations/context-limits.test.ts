import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { anthropic } from '../../src/dialects/anthropic/index.ts'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'
import type { Note } from '../../src/ir/note.ts'
import type { GenerateRequest } from '../../src/ir/request.ts'
import {
  clampOutput,
  contextTooLong,
  fittedRequest,
  fittedTraits,
  isTooLong,
  marginsOf,
  withBothNumbers,
} from '../../src/operations/context-limits.ts'

const CAP = 1000

const words = (error: GatewayError) => ({
  openai: openaiChat.client?.encodeError(error, 'req_1'),
  anthropic: anthropic.client?.encodeError(error, 'req_1'),
})

describe('the refusal of a long prompt', () => {
  test('is a 400 that says both numbers in the words of either dialect', () => {
    const { openai, anthropic } = words(contextTooLong(1_200_000, 983_616))
    expect(openai).toMatchObject({ status: 400, body: { error: { code: 'context_length_exceeded', type: 'invalid_request_error' } } })
    expect(JSON.stringify(openai?.body)).toMatch(/983616 tokens.*1200000 tokens/)
    expect(anthropic).toMatchObject({
      status: 400,
      body: { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 1200000 tokens > 983616 maximum' } },
    })
  })

  test("an upstream's complaint gets the number that it leaves out", () => {
    const said = '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 983616]'
    const error = new GatewayError('context-too-long', said, { upstream: { status: 400 }, quotes: true })
    const known = withBothNumbers(error, { tokens: 1_100_000 }, { maxInput: 5 })
    expect(known.message).toContain('maximum context length is 983616 tokens')
    expect(known.message).toContain('about 1100000 tokens')
    expect(known).toMatchObject({ kind: 'context-too-long', upstream: { status: 400 } })
    // It knows better than our estimate that there are more than fit.
    expect(withBothNumbers(error, { tokens: 900_000 }, {}).message).toContain('about 983617 tokens')
    const mute = new GatewayError('context-too-long', 'context length exceeded')
    expect(withBothNumbers(mute, { tokens: 7 }, { contextWindow: 5 }).message).toMatch(/is 5 tokens.*about 7 tokens/)
    expect(withBothNumbers(mute, { tokens: 7 }, {})).toBe(mute)
  })

  test('one with both numbers, and any other error, stays as it is', () => {
    const both = new GatewayError('context-too-long', 'prompt is too long: 210000 tokens > 200000 maximum')
    const another = new GatewayError('rate-limit', 'slow down')
    for (const error of [both, another]) expect(withBothNumbers(error, { tokens: 1 }, { maxInput: 1 })).toBe(error)
  })
})

describe('whether a prompt is surely too long', () => {
  const plain = marginsOf('plain words')
  const rules = (tokens: number, media = 0) => isTooLong({ tokens, media, exact: false }, CAP, plain)
  const counted = (tokens: number, media = 0) => isTooLong({ tokens, media, exact: true }, CAP, plain)

  test('by rules: beyond their error either way, else it has to be counted', () => {
    expect(rules(1500)).toBe(true)
    expect(rules(700)).toBe(false)
    expect([rules(900), rules(1000), rules(1150)]).toEqual([undefined, undefined, undefined])
  })

  test('by a tokenizer: beyond what vocabularies differ in', () => {
    expect([counted(1000), counted(1040), counted(1070)]).toEqual([false, false, true])
  })

  test('what images come to is no proof', () => {
    expect(rules(5000, 4500)).toBe(false)
    expect(counted(5000, 4000)).toBe(false)
    expect(counted(5000, 3000)).toBe(true)
  })

  test('other writing leaves more doubt, also where it is escaped', () => {
    const chinese = '今天天气很好我们去公园散步'
    const escaped = JSON.stringify([...chinese]).replace(/[^\0-\x7f]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    expect(marginsOf(`"${chinese.repeat(3000)}"`).counted).toBeGreaterThan(plain.counted)
    expect(marginsOf(escaped.repeat(3000)).counted).toBeGreaterThan(plain.counted)
    expect(marginsOf(`${'word '.repeat(3000)}“${chinese}”`)).toEqual(plain)
    expect(marginsOf('')).toEqual(plain)
  })
})

describe('an output limit', () => {
  const through = (body: JsonObject, changes: [string, string | null][] = [], maxOutput: number | undefined = 100) => {
    const made = new Map(changes)
    const notes = clampOutput(body, { maxOutput }, made)
    return { changes: [...made], notes: notes.map(({ action, field }) => `${action}:${field}`) }
  }

  test('that is too high is lowered on its way through, under the name that the caller gave it', () => {
    expect(through({ max_tokens: 101 })).toEqual({ changes: [['max_tokens', '100']], notes: ['approximated:max_tokens'] })
    expect(through({ max_completion_tokens: 1e9 })).toEqual({
      changes: [['max_completion_tokens', '100']],
      notes: ['approximated:max_completion_tokens'],
    })
    const renamed: [string, string | null][] = [
      ['max_completion_tokens', null],
      ['max_tokens', '500'],
    ]
    expect(through({ max_completion_tokens: 500 }, renamed)).toEqual({
      changes: [
        ['max_completion_tokens', null],
        ['max_tokens', '100'],
      ],
      notes: ['approximated:max_completion_tokens'],
    })
  })

  test('that the model can give stays, and so does one that is none', () => {
    const nothing = { changes: [], notes: [] }
    for (const body of [{}, { max_tokens: 100 }, { max_tokens: null }, { max_tokens: 'many' }]) expect(through(body)).toEqual(nothing)
    const unlimited = new Map<string, string | null>()
    expect(clampOutput({ max_tokens: 1e9 }, undefined, unlimited)).toEqual([])
    expect(clampOutput({ max_tokens: 1e9 }, { contextWindow: 5 }, unlimited)).toEqual([])
    expect(unlimited.size).toBe(0)
  })

  test("takes Anthropic's budget for thinking with it, which must be less", () => {
    const body = { max_tokens: 500, thinking: { type: 'enabled', budget_tokens: 400 } }
    expect(through(body)).toEqual({
      changes: [
        ['max_tokens', '100'],
        ['thinking', '{"type":"enabled","budget_tokens":99}'],
      ],
      notes: ['approximated:max_tokens', 'approximated:thinking.budget_tokens'],
    })
    expect(through({ ...body, thinking: { type: 'enabled', budget_tokens: 50 } }).changes).toEqual([['max_tokens', '100']])
  })

  test('of a translated request is lowered before it is encoded', () => {
    const request = { origin: 'openai-chat', model: 'm', messages: [], maxOutputTokens: 500 } as unknown as GenerateRequest
    const notes: Note[] = []
    expect(fittedRequest(request, { max_completion_tokens: 500 }, { maxOutput: 100 }, notes)).toEqual({ ...request, maxOutputTokens: 100 })
    expect(notes).toMatchObject([{ action: 'approximated', field: 'max_completion_tokens' }])
    expect(request.maxOutputTokens).toBe(500)
    for (const limits of [undefined, {}, { maxOutput: 500 }]) expect(fittedRequest(request, {}, limits, notes)).toBe(request)
    expect(notes).toHaveLength(1)
  })

  test('goes to encoders that have to choose one', () => {
    const traits = { maxOutput: 50, tools: false }
    expect(fittedTraits(traits, { maxOutput: 10 })).toEqual({ maxOutput: 10, tools: false })
    expect(fittedTraits(traits, { maxOutput: 60 })).toBe(traits)
    expect(fittedTraits(traits, undefined)).toBe(traits)
    expect(fittedTraits({}, { maxOutput: 60 })).toEqual({ maxOutput: 60 })
  })
})
