import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { encodeRequest } from '../../../src/dialects/anthropic/encode-request.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { FunctionTool, Tool, ToolChoice } from '../../../src/ir/tools.ts'
import { testContext } from '../../support/codec-context.ts'
import { openaiRequest } from './context.ts'

const f: FunctionTool = { type: 'function', name: 'f', description: 'd', parameters: { type: 'object', properties: {} } }
const g: FunctionTool = { ...f, name: 'g' }
const search: Tool = { type: 'vendor', origin: 'openai-responses', kind: 'web_search', value: { type: 'web_search' } }

function encode(fields: Partial<GenerateRequest>, model = 'claude-sonnet-4-5') {
  const context = testContext()
  const { body } = encodeRequest(openaiRequest(fields), { model, traits: {} }, context)
  return { tools: body.tools as JsonObject[] | undefined, choice: body.tool_choice, body, notes: context.fields() }
}
const encodeTool = (tool: Tool) => encode({ tools: [tool] }).tools?.[0]

describe('definitions', () => {
  test('a function keeps its whole schema', () => {
    const parameters = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/x' } },
      $defs: { x: { type: 'string' } },
      additionalProperties: false,
      examples: [1],
    }
    expect(encodeTool({ ...f, parameters: { $schema: 'http://json-schema.org/draft-07/schema#', ...parameters } })).toEqual({
      name: 'f',
      description: 'd',
      input_schema: parameters,
    })
  })

  test('what is missing in a schema is put in', () => {
    expect(encodeTool({ type: 'function', name: 'f', description: '' })).toEqual({
      name: 'f',
      input_schema: { type: 'object', properties: {} },
    })
    const referenced = { $ref: '#/definitions/A', definitions: { A: { type: 'object', properties: { q: {} } } } }
    expect(encodeTool({ ...f, parameters: referenced })?.input_schema).toMatchObject({ type: 'object', properties: { q: {} } })
  })

  test('alternatives at the root are merged', () => {
    const parameters = {
      anyOf: [
        { properties: { a: {}, b: {} }, required: ['a', 'b'] },
        { properties: { b: {}, c: {} }, required: ['b'] },
      ],
    }
    const { tools, notes } = encode({ tools: [{ ...f, parameters }] })
    expect(tools?.[0]?.input_schema).toEqual({ type: 'object', properties: { a: {}, b: {}, c: {} }, required: ['b'] })
    expect(notes).toEqual(['approximated:tools.0.parameters'])
  })

  test('strict only where the schema is one', () => {
    const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
    expect(encodeTool({ ...f, parameters: closed, strict: true })?.strict).toBe(true)
    const limited = encode({
      tools: [{ ...f, parameters: { ...closed, properties: { a: { type: 'string', maxLength: 4 } } }, strict: true }],
    })
    expect(limited.tools?.[0]?.strict).toBe(false)
    expect(limited.notes).toEqual(['approximated:tools.0.strict'])
    const older = encode({ tools: [{ ...f, parameters: closed, strict: true }] }, 'claude-sonnet-4-20250514')
    expect(older.tools?.[0]?.strict).toBe(false)
  })

  test.each<[string, number, (index: number) => JsonObject]>([
    ['twenty strict tools', 20, () => ({})],
    ['24 optional parameters', 24, () => ({ required: [] })],
    ['16 unions', 16, () => ({ properties: { a: { type: ['string', 'null'] } } })],
  ])('no more than %s', (_limit, most, change) => {
    const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
    const per = most === 24 ? 2 : 1
    const properties = per === 2 ? { properties: { a: {}, b: {} } } : {}
    const tools = Array.from({ length: 22 }, (_, index): Tool => {
      const parameters = { ...closed, ...properties, ...change(index) }
      return { type: 'function', name: `t${index}`, parameters, strict: true }
    })
    const { tools: sent, notes } = encode({ tools })
    const fitting = Math.min(most / per, 20)
    expect(sent?.map(tool => tool.strict)).toEqual([...Array(fitting).fill(true), ...Array(22 - fitting).fill(false)])
    expect(notes).toHaveLength(22 - fitting)
  })

  test('a schema that refers to itself or to elsewhere is not strict', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, required: ['next'], additionalProperties: false }
    for (const parameters of [
      { ...node, $defs: { node } },
      { ...node, properties: { next: { $ref: 'https://a/b.json' } } },
      { ...node, properties: { next: { $ref: '#' } } },
    ]) {
      expect(encodeTool({ ...f, parameters, strict: true })?.strict).toBe(false)
    }
    const shared = { ...node, $defs: { node: { type: 'string' } } }
    expect(encodeTool({ ...f, parameters: shared, strict: true })?.strict).toBe(true)
  })

  test('a free-text tool is a function of one string, its grammar in the description', () => {
    expect(
      encodeTool({
        type: 'custom',
        name: 'patch',
        description: 'd',
        format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
      }),
    ).toEqual({
      name: 'patch',
      description: 'd\n\nThe input must follow this lark grammar:\nstart: "x"',
      input_schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
    })
  })

  test('no tools, no member', () => {
    expect(encode({ tools: [], toolChoice: { type: 'auto' } }).body).not.toHaveProperty('tool_choice')
  })

  test('tools in the history alone are declared, and not to be called', () => {
    const { tools, choice } = encode({
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a' }] },
        { role: 'assistant', content: [{ type: 'tool-call', id: 't', name: 'old', arguments: '' }] },
        { role: 'tool', content: [{ type: 'tool-result', callId: 't', content: [], isError: false }] },
      ],
    })
    expect(tools).toEqual([{ name: 'old', input_schema: { type: 'object', properties: {} } }])
    expect(choice).toEqual({ type: 'none' })
  })

  test('hosted tools of others: dropped beside ours, refused alone or by name', () => {
    const beside = encode({ tools: [search, f] })
    expect(beside.tools?.map(tool => tool.name)).toEqual(['f'])
    expect(beside.notes).toEqual(['dropped:tools.0'])
    expect(() => encode({ tools: [search] })).toThrow(expect.objectContaining({ param: 'tools.0' }))
    expect(() => encode({ tools: [search, f], toolChoice: { type: 'tool', name: 'web_search' } })).toThrow(
      expect.objectContaining({ param: 'tool_choice' }),
    )
  })

  test("Anthropic's own tools go as they are", () => {
    const value = { type: 'bash_20250124', name: 'bash' }
    expect(encodeTool({ type: 'vendor', origin: 'anthropic', kind: 'bash_20250124', value })).toEqual(value)
  })
})

describe('tool_choice', () => {
  test.each<[ToolChoice, JsonObject]>([
    [{ type: 'auto' }, { type: 'auto' }],
    [{ type: 'none' }, { type: 'none' }],
    [{ type: 'required' }, { type: 'any' }],
    [
      { type: 'tool', name: 'g' },
      { type: 'tool', name: 'g' },
    ],
  ])('%j', (toolChoice, wire) => {
    const { choice, tools } = encode({ tools: [f, g], toolChoice })
    expect(choice).toEqual(wire)
    expect(tools).toHaveLength(2)
  })

  test('allowed tools are the only ones left', () => {
    const { choice, tools, notes } = encode({ tools: [f, g], toolChoice: { type: 'allowed', mode: 'required', names: ['g'] } })
    expect(choice).toEqual({ type: 'any' })
    expect(tools?.map(tool => tool.name)).toEqual(['g'])
    expect(notes).toEqual(['approximated:tool_choice'])
    expect(() => encode({ tools: [f], toolChoice: { type: 'allowed', mode: 'auto', names: ['x'] } })).toThrow(
      expect.objectContaining({ param: 'tool_choice' }),
    )
  })

  test('one call at a time', () => {
    expect(encode({ tools: [f], parallelToolCalls: false }).choice).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    expect(encode({ tools: [f], parallelToolCalls: false, toolChoice: { type: 'required' } }).choice).toEqual({
      type: 'any',
      disable_parallel_tool_use: true,
    })
    expect(encode({ tools: [f], parallelToolCalls: false, toolChoice: { type: 'none' } }).choice).toEqual({ type: 'none' })
    expect(encode({ tools: [f], parallelToolCalls: true }).choice).toBeUndefined()
    expect(encode({ parallelToolCalls: false }).choice).toBeUndefined()
  })

  test('forced is refused by models that refuse it, and displaces thinking with a budget', () => {
    expect(() => encode({ tools: [f], toolChoice: { type: 'required' } }, 'claude-opus-5-5')).toThrow(
      expect.objectContaining({ param: 'tool_choice' }),
    )
    const forced = encode({ tools: [f], toolChoice: { type: 'required' }, reasoning: { effort: 'low' } })
    expect(forced.body).not.toHaveProperty('thinking')
    expect(forced.notes).toEqual(['dropped:reasoning_effort'])
    expect(encode({ tools: [f], toolChoice: { type: 'required' }, reasoning: { effort: 'low' } }, 'claude-opus-4-6').body.thinking).toEqual(
      {
        type: 'adaptive',
        display: 'summarized',
      },
    )
  })
})
