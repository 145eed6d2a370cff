import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { capabilitiesOf } from '../../../src/dialects/anthropic/capabilities.ts'
import { encodeRequest } from '../../../src/dialects/anthropic/encode-request.ts'
import { decodeRequest } from '../../../src/dialects/openai-chat/decode-request.ts'
import type { Reasoning } from '../../../src/ir/reasoning.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import { testContext } from '../../support/codec-context.ts'
import { openaiRequest } from './context.ts'

function encode(model: string, reasoning: Reasoning, fields: Partial<GenerateRequest> = {}) {
  const context = testContext()
  const { body } = encodeRequest(openaiRequest({ reasoning, ...fields }), { model, traits: {} }, context)
  return { thinking: body.thinking, effort: (body.output_config as { effort?: string } | undefined)?.effort, body, notes: context.fields() }
}
const adaptive = { type: 'adaptive', display: 'summarized' }

test.each([
  ['claude-opus-4-5-20251101', 64_000],
  ['claude-opus-4.5', 64_000],
  ['anthropic/claude-sonnet-4-5@20250929', 64_000],
  ['claude-opus-4-20250514', 32_000],
  ['claude-opus-4-0', 32_000],
  ['claude-opus-4-1-20250805', 32_000],
  ['claude-3-5-haiku-20241022', 8192],
  ['anthropic-claude-3.7-sonnet', 64_000],
  ['claude-3-opus-20240229', 4096],
  ['us.anthropic.claude-opus-5-v1:0', 128_000],
  ['claude-novel-9', 128_000],
  ['kimi-k2', undefined],
])('%s writes at most %p tokens', (model, most) => {
  expect(capabilitiesOf(model).maxOutput).toBe(most as number)
})

test('the newest version of the API takes sampling away from every model, an unknown later one too', () => {
  for (const version of ['2026-10-21', '2027-03-01']) {
    expect(capabilitiesOf('claude-sonnet-4-5', version)).toMatchObject({ sampling: false, assistantDocuments: false, userCitations: false })
  }
  expect(capabilitiesOf('claude-sonnet-4-5')).toMatchObject({ sampling: true, assistantDocuments: true, userCitations: true })
  expect(capabilitiesOf('claude-opus-5', '2023-06-01').sampling).toBe(false)
})

test.each([
  ['claude-opus-5-5', false],
  ['claude-opus-5', true],
  ['claude-opus-5-20260801', true],
  ['claude-fable-5-2', false],
  ['claude-fable-5', true],
])('%s takes a forced tool choice: %p', (model, forced) => {
  expect(capabilitiesOf(model).forcedTools).toBe(forced)
})

describe('effort', () => {
  test('adaptive models take it, and show their thinking to clients that asked', () => {
    expect(encode('claude-opus-5', { effort: 'high' })).toMatchObject({ thinking: adaptive, effort: 'high', notes: [] })
    expect(encode('claude-opus-5', { effort: 'minimal' })).toMatchObject({ effort: 'low', notes: [] })
    expect(encode('claude-opus-4-6', { effort: 'xhigh' })).toMatchObject({ effort: 'max', notes: ['approximated:reasoning_effort'] })
    expect(encode('claude-opus-5', { mode: 'adaptive' })).toMatchObject({ thinking: adaptive, effort: undefined })
    expect(encode('claude-opus-5', { effort: 'low' }, { origin: 'openai-responses' }).thinking).toEqual({ type: 'adaptive' })
  })

  test('a budget becomes an effort', () => {
    expect(encode('claude-opus-5', { mode: 'enabled', budgetTokens: 8000 })).toMatchObject({ thinking: adaptive, effort: 'medium' })
  })

  test('older models take a budget, within the output limit', () => {
    expect(encode('claude-sonnet-4-5', { effort: 'low' })).toMatchObject({
      thinking: { type: 'enabled', budget_tokens: 1024 },
      effort: undefined,
      notes: [],
    })
    expect(encode('claude-sonnet-4-5', { effort: 'high' }, { maxOutputTokens: 5000 }).thinking).toEqual({
      type: 'enabled',
      budget_tokens: 4999,
    })
    expect(encode('claude-sonnet-4-5', { effort: 'high' }, { maxOutputTokens: 1000 })).toMatchObject({
      thinking: undefined,
      notes: ['dropped:reasoning_effort'],
    })
    expect(encode('claude-3-5-sonnet', { effort: 'high' })).toMatchObject({ thinking: undefined, notes: ['dropped:reasoning_effort'] })
  })

  test('a budget is not sent with a step that has no thinking of its own', () => {
    const { thinking, notes } = encode(
      'claude-sonnet-4-5',
      { effort: 'low' },
      {
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'a' }] },
          { role: 'assistant', content: [{ type: 'tool-call', id: 't', name: 'f', arguments: '{}' }] },
          { role: 'tool', content: [{ type: 'tool-result', callId: 't', content: [], isError: false }] },
        ],
        tools: [{ type: 'function', name: 'f' }],
      },
    )
    expect(thinking).toBeUndefined()
    expect(notes).toEqual(['dropped:reasoning_effort'])
  })

  test('thinking takes temperature and top_k away on models that had them', () => {
    expect(encode('claude-sonnet-4-5', { effort: 'low' }, { temperature: 0.2, topP: 0.5, topK: 5 }).notes).toEqual([
      'dropped:temperature',
      'dropped:top_p',
      'dropped:top_k',
    ])
  })
})

describe('none', () => {
  test.each([
    ['claude-sonnet-5', { type: 'disabled' }, undefined, 0],
    ['claude-opus-4-5', { type: 'disabled' }, undefined, 0],
    ['claude-3-5-sonnet', undefined, undefined, 0],
    ['claude-fable-5', undefined, 'low', 1],
    ['claude-sonnet-5-5', { type: 'between_tools' }, undefined, 1],
  ])('%s', (model, thinking, effort, noted) => {
    const encoded = encode(model, { effort: 'none' })
    expect(encoded.thinking).toEqual(thinking as { type: string })
    expect(encoded.effort).toBe(effort as string)
    expect(encoded.notes).toHaveLength(noted)
  })

  test('with an effort above what may be disabled', () => {
    const encoded = encode('claude-opus-5', { mode: 'disabled', effort: 'max' })
    expect(encoded).toMatchObject({ thinking: { type: 'disabled' }, effort: 'high', notes: ['approximated:output_config.effort'] })
  })
})

describe("Anthropic's own clients", () => {
  const native = { origin: 'anthropic' } as const

  test('set an effort without thinking', () => {
    expect(encode('claude-opus-4-8', { effort: 'low' }, native)).toMatchObject({ thinking: undefined, effort: 'low' })
    expect(encode('claude-sonnet-4-5', { effort: 'low' }, native)).toMatchObject({
      effort: undefined,
      notes: ['dropped:output_config.effort'],
    })
  })

  test('keep budget and display where the model takes them', () => {
    expect(encode('claude-opus-4-6', { mode: 'enabled', budgetTokens: 2000, display: 'omitted' }, native).thinking).toEqual({
      type: 'enabled',
      budget_tokens: 2000,
      display: 'omitted',
    })
    expect(encode('claude-opus-5', { mode: 'enabled', budgetTokens: 2000 }, native)).toMatchObject({
      thinking: { type: 'adaptive' },
      effort: 'medium',
      notes: ['approximated:thinking.budget_tokens'],
    })
    const own = encode(
      'claude-sonnet-5-5',
      { mode: 'adaptive', effort: 'low' },
      { ...native, extensions: { anthropic: { thinking: { type: 'between_tools' } } } },
    )
    expect(own.thinking).toEqual({ type: 'between_tools' })
    const novel = { anthropic: { thinking: { type: 'novelty' } } }
    expect(encode('claude-sonnet-5', {}, { ...native, reasoning: undefined, extensions: novel }).thinking).toEqual({ type: 'novelty' })
  })
})

describe("Anthropic's thinking in an OpenAI request", () => {
  const sent = (body: JsonObject, model: string) => {
    const context = testContext()
    const request = decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...body })
    const { thinking, output_config } = encodeRequest(request, { model, traits: {} }, context).body
    return { thinking, output: output_config, notes: context.fields() }
  }

  test.each<[string, JsonObject, string, object]>([
    [
      'a budget where there are only efforts',
      { thinking: { type: 'enabled', budget_tokens: 3000 } },
      'claude-opus-5',
      { thinking: adaptive, output: { effort: 'medium' }, notes: ['approximated:thinking.budget_tokens'] },
    ],
    [
      'disabled where it cannot be',
      { thinking: { type: 'disabled' } },
      'claude-opus-5-5',
      { thinking: undefined, output: { effort: 'low' }, notes: ['approximated:thinking'] },
    ],
    [
      'between tools, where the model can',
      { thinking: { type: 'between_tools' } },
      'claude-sonnet-5-5',
      { thinking: { type: 'between_tools' }, output: { effort: 'low' }, notes: [] },
    ],
    [
      'between tools, where it cannot',
      { thinking: { type: 'between_tools' } },
      'claude-opus-5',
      { thinking: adaptive, output: { effort: 'low' }, notes: ['approximated:thinking'] },
    ],
    ['a form of others', { thinking: { type: 'auto' } }, 'claude-opus-5', { thinking: undefined, notes: ['dropped:thinking'] }],
    [
      "OpenRouter's effort",
      { reasoning: { effort: 'high' } },
      'claude-opus-5',
      { thinking: adaptive, output: { effort: 'high' }, notes: [] },
    ],
    [
      "OpenRouter's budget, not to be shown",
      { reasoning: { max_tokens: 9000, exclude: true } },
      'claude-opus-5',
      { thinking: { type: 'adaptive', display: 'omitted' }, output: { effort: 'high' }, notes: ['approximated:thinking.budget_tokens'] },
    ],
    ['OpenRouter: on', { reasoning: { enabled: true } }, 'claude-opus-5', { thinking: adaptive, output: undefined, notes: [] }],
    ['OpenRouter: off', { reasoning: { enabled: false } }, 'claude-sonnet-5', { thinking: { type: 'disabled' }, notes: [] }],
    [
      'an effort said beside it',
      { reasoning: { effort: 'low' }, reasoning_effort: 'max' },
      'claude-opus-5',
      { thinking: adaptive, output: { effort: 'max' }, notes: [] },
    ],
  ])('%s', (_name, body, model, expected) => {
    expect(sent(body, model)).toMatchObject(expected)
  })
})

test("Anthropic's thinking in an OpenAI request holds", () => {
  const context = testContext()
  const request = openaiRequest({ extensions: { 'openai-chat': { thinking: { type: 'enabled', budget_tokens: 3000 } } } })
  const { body } = encodeRequest(request, { model: 'claude-sonnet-4-5', traits: {} }, context)
  expect(body.thinking).toEqual({ type: 'enabled', budget_tokens: 3000 })
  expect(context.notes).toEqual([])
})
