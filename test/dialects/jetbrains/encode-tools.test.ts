import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { withoutReferences } from '../../../src/dialects/jetbrains/google-schema.ts'
import { jetbrainsV7 } from '../../../src/dialects/jetbrains/index.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'
import type { Tool } from '../../../src/ir/tools.ts'
import { CLAUDE, call, encoded, GEMINI, GPT, message, options, result, tool } from './context.ts'

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const f: Tool = { type: 'function', name: 'f', description: 'Does f.', parameters: schema }
const g = tool('g')
const search: Tool = { type: 'vendor', origin: 'anthropic', kind: 'web_search_20250305', name: 'web_search', value: {} }

describe('on v8', () => {
  test('each schema has its wrapper', () => {
    expect(encoded({ tools: [f, g] }).parameters).toEqual({
      tools: [
        { name: 'f', description: 'Does f.', parameters: { schema } },
        { name: 'g', parameters: { schema: { type: 'object', properties: {} } } },
      ],
    })
  })

  test('choices', () => {
    const of = (toolChoice: GenerateRequest['toolChoice'], profile = GPT): Record<string, unknown> => {
      const { tools, ...choice } = encoded({ tools: [f, g], toolChoice }, options(profile)).parameters
      return { names: (tools as JsonObject[]).map(({ name }) => name), ...choice }
    }
    expect(of(undefined)).toEqual({ names: ['f', 'g'] })
    expect(of({ type: 'auto' })).toEqual({ names: ['f', 'g'] })
    expect(of({ type: 'none' }, CLAUDE)).toEqual({ names: ['f', 'g'], 'tool-choice-none': true })
    expect(of({ type: 'required' }, 'qwen-max')).toEqual({ names: ['f', 'g'], 'tool-choice-required': true })
    expect(of({ type: 'tool', name: 'g' })).toEqual({ names: ['f', 'g'], 'tool-choice-named': 'g' })
    expect(of({ type: 'allowed', mode: 'required', names: ['g'] })).toEqual({ names: ['g'], 'tool-choice-required': true })
    expect(of({ type: 'allowed', mode: 'auto', names: ['g'] })).toEqual({ names: ['g'] })
    expect(() => of({ type: 'allowed', mode: 'auto', names: ['x'] })).toThrow('tool_choice: allows none of the tools')
  })

  test('free text is a function of one string', () => {
    const grammar = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } }
    const { tools } = encoded({ tools: [{ type: 'custom', name: 'patch', description: 'Patches.', format: grammar }] }).parameters
    expect(tools).toEqual([
      {
        name: 'patch',
        description: 'Patches.\n\nThe input must follow this lark grammar:\nstart: "a"',
        parameters: { schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] } },
      },
    ])
  })

  test('strictness is not to be had', () => {
    expect(encoded({ tools: [{ ...f, strict: true } as Tool] }).notes).toEqual(['approximated:tools.0.strict'])
    expect(encoded({ tools: [{ ...f, strict: false } as Tool] }).notes).toEqual([])
  })

  test('a vendor’s tools are dropped beside others, and refused alone or forced', () => {
    expect(encoded({ tools: [search, f] })).toMatchObject({ parameters: { tools: [{ name: 'f' }] }, notes: ['dropped:tools.0'] })
    expect(() => encoded({ tools: [search] })).toThrow('tools.0: the tool "web_search" (web_search_20250305) cannot be run')
    expect(() => encoded({ tools: [search, f], toolChoice: { type: 'tool', name: 'web_search' } })).toThrow('cannot be run')
  })

  test('a forced tool is refused where none can be sent', () => {
    expect(() => encoded({ tools: [f], toolChoice: { type: 'required' } }, options('openai-gpt-5-codex'))).toThrow('tool_choice: asks for')
  })

  test('Claude is told of the tools that were called, and not to call them', () => {
    const messages = [message('user', 'Go'), message('assistant', call('a', 'f', '{}')), message('tool', result('a', 'ok'))]
    expect(encoded({ messages }, options(CLAUDE)).parameters).toEqual({
      tools: [{ name: 'f', parameters: { schema: { type: 'object', properties: {} } } }],
      'tool-choice-none': true,
    })
    expect(encoded({ messages }).parameters).toEqual({})
  })
})

describe('on v7', () => {
  const older = (fields: Partial<GenerateRequest>) => {
    const { parameters, notes } = encoded(fields, options(), jetbrainsV7)
    return { parameters, notes }
  }

  test('functions as OpenAI writes them', () => {
    expect(older({ tools: [{ ...f, strict: true } as Tool] })).toEqual({
      parameters: { functions: [{ name: 'f', description: 'Does f.', parameters: schema, strict: true }] },
      notes: [],
    })
  })

  test('no choice: only what is meant is offered', () => {
    const tools = [f, g]
    expect(older({ tools, toolChoice: { type: 'none' } })).toEqual({ parameters: {}, notes: [] })
    expect(older({ tools, toolChoice: { type: 'tool', name: 'g' } })).toMatchObject({
      parameters: { functions: [{ name: 'g' }] },
      notes: ['approximated:tool_choice', 'approximated:tool_choice'],
    })
    expect(older({ tools, toolChoice: { type: 'required' } }).notes).toEqual(['approximated:tool_choice'])
    expect(older({ tools, parallelToolCalls: false }).notes).toEqual(['dropped:parallel_tool_calls'])
  })
})

describe('schemas for Gemini', () => {
  const dollars = (value: unknown): boolean => /"\$[^"]*":/.test(JSON.stringify(value))

  test('have their references put in place', () => {
    const given = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: { City: { type: 'string', $comment: 'x' }, Place: { type: 'object', properties: { city: { $ref: '#/$defs/City' } } } },
      type: 'object',
      properties: {
        from: { $ref: '#/$defs/Place', description: 'Where from' },
        to: { anyOf: [{ $ref: '#/$defs/Place' }, { type: 'null' }] },
      },
    }
    const place = { type: 'object', properties: { city: { type: 'string' } } }
    const { parameters, notes } = encoded({ tools: [tool('f', given)] }, options(GEMINI))
    const plain = {
      type: 'object',
      properties: { from: { ...place, description: 'Where from' }, to: { anyOf: [place, { type: 'null' }] } },
    }
    expect(parameters).toEqual({ tools: [{ name: 'f', parameters: { schema: plain } }] })
    expect(notes).toEqual([])
    expect(encoded({ tools: [tool('f', given)] }).parameters).toEqual({ tools: [{ name: 'f', parameters: { schema: given } }] })
  })

  test('of older drafts lose their definitions with the references', () => {
    const given = { type: 'object', properties: { a: { $ref: '#/definitions/A' } }, definitions: { A: { type: 'string' } } }
    expect(withoutReferences(given)).toEqual({ schema: { type: 'object', properties: { a: { type: 'string' } } }, lossy: false })
  })

  test('that hold themselves, or refer elsewhere, lose something, and say so', () => {
    const tree = { $ref: '#/$defs/T', $defs: { T: { type: 'object', properties: { next: { $ref: '#/$defs/T' } } } } }
    const { parameters, notes } = encoded({ tools: [tool('f', tree)] }, options(GEMINI))
    expect(parameters).toEqual({ tools: [{ name: 'f', parameters: { schema: { type: 'object', properties: { next: {} } } } }] })
    expect(notes).toEqual(['approximated:tools.0.parameters'])
    expect(withoutReferences({ properties: { a: { $ref: 'https://example.com/a' } } })).toEqual({
      schema: { properties: { a: {} } },
      lossy: true,
    })
    expect(withoutReferences({ properties: { $filter: { type: 'string' }, b: {} }, required: ['$filter', 'b'] })).toEqual({
      schema: { properties: { b: {} }, required: ['b'] },
      lossy: true,
    })
  })

  test('that grow without bound are cut', () => {
    const $defs: JsonObject = { d0: { type: 'string' } }
    for (let depth = 1; depth < 40; depth++) {
      const $ref = `#/$defs/d${depth - 1}`
      $defs[`d${depth}`] = { type: 'object', properties: { a: { $ref }, b: { $ref } } }
    }
    const { schema: cut, lossy } = withoutReferences({ $ref: '#/$defs/d39', $defs })
    expect(lossy).toBe(true)
    expect(dollars(cut)).toBe(false)
  })
})
