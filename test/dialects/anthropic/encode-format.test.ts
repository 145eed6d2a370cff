import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { encodeRequest } from '../../../src/dialects/anthropic/encode-request.ts'
import { outputSchema } from '../../../src/dialects/anthropic/schema.ts'
import { isUnbounded, SchemaBudget } from '../../../src/dialects/anthropic/schema-limits.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { ToolChoice } from '../../../src/ir/tools.ts'
import { testContext } from '../../support/codec-context.ts'
import { openaiRequest } from './context.ts'

const CLOSED: JsonObject = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
const ENDLESS: JsonObject = { type: 'object', properties: { next: { $ref: '#' } } }
const OLDER = 'claude-sonnet-4-20250514'
const f = { type: 'function', name: 'f' } as const

function encode(schema: JsonObject, model: string, fields: Partial<GenerateRequest> = {}) {
  const context = testContext()
  const request = openaiRequest({ responseFormat: { type: 'json-schema', schema, name: 'x' }, ...fields })
  const { body, reversal } = encodeRequest(request, { model, traits: {} }, context)
  const way = body.output_config ? 'enforced' : reversal?.answerTool ? 'tool' : body.system ? 'words' : 'none'
  return { way, body, reversal, notes: context.fields() }
}

describe('a schema for the answer', () => {
  test.each<[string, JsonObject, string, Partial<GenerateRequest>, string]>([
    ['that the model enforces', CLOSED, 'claude-opus-5', {}, 'enforced'],
    ['on a model that enforces none', CLOSED, OLDER, {}, 'tool'],
    ['while that thinks with a budget', CLOSED, OLDER, { reasoning: { effort: 'low' } }, 'words'],
    ['while that could think', CLOSED, OLDER, { reasoning: { effort: 'none' } }, 'tool'],
    ['without end', ENDLESS, 'claude-opus-5', {}, 'tool'],
    ['without end on a model that cannot be forced', ENDLESS, 'claude-fable-5-1', {}, 'words'],
    ['that is of no object', { anyOf: [{ $ref: '#' }] }, 'claude-opus-5', {}, 'words'],
    ['behind a reference', { $ref: '#/$defs/a', $defs: { a: CLOSED } }, OLDER, {}, 'tool'],
    [
      'while one of some tools is demanded',
      CLOSED,
      OLDER,
      { tools: [f], toolChoice: { type: 'allowed', mode: 'required', names: ['f'] } },
      'words',
    ],
    ['while a tool is demanded', CLOSED, OLDER, { tools: [f], toolChoice: { type: 'required' } }, 'words'],
  ])('%s', (_name, schema, model, fields, way) => {
    const encoded = encode(schema, model, fields)
    expect(encoded.way).toBe(way)
    expect(encoded.notes).toEqual(way === 'enforced' ? [] : ['approximated:response_format'])
  })

  test.each<[ToolChoice | undefined, JsonObject]>([
    [undefined, { type: 'any', disable_parallel_tool_use: true }],
    [{ type: 'auto' }, { type: 'any', disable_parallel_tool_use: true }],
    [{ type: 'none' }, { type: 'tool', name: 'json_tool_call', disable_parallel_tool_use: true }],
  ])('by a tool beside the client’s own under %j', (toolChoice, choice) => {
    const { body } = encode(CLOSED, OLDER, { tools: [f], toolChoice })
    expect(body.tool_choice).toEqual(choice)
    expect(body.tools).toMatchObject([{ name: 'f' }, { name: 'json_tool_call', input_schema: CLOSED }])
  })

  test('its tool takes no name that is taken', () => {
    const { reversal } = encode(CLOSED, OLDER, { tools: [{ type: 'function', name: 'json_tool_call' }] })
    expect(reversal).toEqual({ answerTool: 'json_tool_call_2' })
  })

  test('that is more than can be compiled is not enforced, and leaves strict tools what they need', () => {
    const properties = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`p${n}`, {}]))
    const { way, body } = encode({ type: 'object', properties }, 'claude-opus-5', {
      tools: [{ ...f, parameters: { ...CLOSED, required: [] }, strict: true }],
    })
    expect(way).toBe('tool')
    expect(body.tools).toMatchObject([{ strict: true }, { name: 'json_tool_call' }])
  })
})

describe('what is compiled', () => {
  test.each<[string, JsonObject, JsonObject, string[]]>([
    [
      'limits become words, names of properties are none',
      { type: 'object', description: 'd', properties: { pattern: { type: 'string', pattern: '^a', format: 'phone' } } },
      {
        type: 'object',
        description: 'd',
        properties: { pattern: { type: 'string', description: '(pattern: "^a", format: "phone")' } },
        additionalProperties: false,
      },
      ['pattern', 'format'],
    ],
    [
      'of alternatives any',
      { oneOf: [{ type: 'string' }, { type: 'null' }] },
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      ['oneOf'],
    ],
    [
      'parts of one object are put together, or closing each would exclude the others',
      { allOf: [CLOSED, { type: 'object', properties: { b: {} }, required: ['b'] }] },
      { type: 'object', properties: { b: {}, a: { type: 'string' } }, required: ['a', 'b'], additionalProperties: false },
      [],
    ],
    [
      'references stay',
      { allOf: [{ $ref: '#/$defs/a' }], $defs: { a: CLOSED } },
      { allOf: [{ $ref: '#/$defs/a' }], $defs: { a: CLOSED } },
      [],
    ],
    [
      'a reference with members of its own stays apart',
      { allOf: [CLOSED, { ...CLOSED, $ref: '#/$defs/a' }], $defs: { a: CLOSED } },
      { allOf: [CLOSED, { ...CLOSED, $ref: '#/$defs/a' }], $defs: { a: CLOSED } },
      [],
    ],
    ['values that are objects become words', { enum: [{ a: 1 }] }, { description: '(enum: [{"a":1}])' }, ['enum']],
    [
      'few and many items',
      { type: 'array', minItems: 1, items: { minItems: 2 } },
      { type: 'array', minItems: 1, items: { description: '(minItems: 2)' } },
      ['minItems'],
    ],
    [
      'what stands behind a reference at the root',
      { $ref: '#/$defs/a~1b', $defs: { 'a/b': CLOSED }, $schema: 's', $id: 'i' },
      { ...CLOSED, $defs: { 'a/b': CLOSED } },
      [],
    ],
    [
      'maps are closed, and that is said',
      { type: 'object', additionalProperties: { type: 'string' } },
      { type: 'object', additionalProperties: false },
      ['additionalProperties'],
    ],
  ])('%s', (_name, given, schema, changed) => {
    const before = structuredClone(given)
    expect(outputSchema(given)).toEqual({ schema, changed })
    expect(given).toEqual(before)
  })
})

test('definitions that share definitions are walked once', () => {
  const $defs: JsonObject = { d40: CLOSED }
  for (let at = 0; at < 40; at++) $defs[`d${at}`] = { anyOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] }
  const started = performance.now()
  expect(isUnbounded({ $ref: '#/$defs/d0', $defs })).toBe(false)
  expect(performance.now() - started).toBeLessThan(1000)
})

test('a format takes no place of a strict tool', () => {
  const budget = new SchemaBudget()
  for (let count = 0; count < 20; count++) expect(budget.take(CLOSED, 'tool')).toBe(true)
  expect([budget.take(CLOSED, 'tool'), budget.take(CLOSED, 'format')]).toEqual([false, true])
})
