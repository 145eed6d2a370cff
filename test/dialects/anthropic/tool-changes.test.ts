import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { decodeRequest } from '../../../src/dialects/anthropic/decode-request.ts'
import { testContext } from '../../support/codec-context.ts'
import { messagesBody } from './context.ts'

const tool = (name: string, more: JsonObject = {}) => ({ name, input_schema: { type: 'object' }, ...more })
const named = (type: string, name: string) => ({ type, tool: { type: 'tool_reference', name } })
const added = (definition: JsonObject) => ({ type: 'tool_addition', tool: { type: 'tool_definition', definition } })

function decode(blocks: JsonObject[], tools?: JsonObject[]) {
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'system', content: blocks },
  ]
  return decodeRequest(messagesBody({ messages, ...(tools && { tools }) }), testContext())
}
const names = (...args: Parameters<typeof decode>) => decode(...args).tools?.map(entry => entry.name)

describe('tool changes in a system message', () => {
  test('removed tools are offered no longer, and may come back', () => {
    expect(names([named('tool_removal', 'a')], [tool('a'), tool('b')])).toEqual(['b'])
    expect(names([named('tool_removal', 'a'), named('tool_addition', 'a')], [tool('a'), tool('b')])).toEqual(['a', 'b'])
    expect(decode([named('tool_removal', 'a')], [tool('a')])).not.toHaveProperty('tools')
  })

  test('deferred tools are loaded by them', () => {
    const request = decode([named('tool_addition', 'later')], [tool('a'), tool('later', { defer_loading: true })])
    expect(request.tools?.map(entry => entry.name)).toEqual(['a', 'later'])
    expect(request.extensions).toBeUndefined()
  })

  test('new ones come with their definition', () => {
    expect(decode([added(tool('new', { description: 'd' }))]).tools).toMatchObject([{ type: 'function', name: 'new', description: 'd' }])
    expect(() => decode([added({ input_schema: {} })])).toThrow(
      expect.objectContaining({ param: 'messages.1.content.0.tool.definition.name' }),
    )
  })

  test('they are no part of what is said; references to MCP servers stay for their vendor', () => {
    const mcp = { type: 'tool_addition', tool: { type: 'mcp_tool_reference', name: 'x', server_name: 's' } }
    const text = { type: 'text', text: 'Now with tools.' }
    expect(decode([text, named('tool_removal', 'a')], [tool('a')]).messages.at(-1)?.content).toEqual([text as never])
    expect(decode([mcp]).messages.at(-1)?.content).toEqual([{ type: 'opaque', origin: 'anthropic', value: mcp }])
    expect(decode([named('tool_removal', 'a')], [tool('a'), tool('b')]).messages).toHaveLength(1)
  })

  test('those of a compacted range count as well', () => {
    const block = { type: 'compaction', content: 'summary', tool_changes: [named('tool_removal', 'a')] }
    const body = messagesBody({
      messages: [
        { role: 'assistant', content: [block] },
        { role: 'user', content: 'x' },
      ],
      tools: [tool('a'), tool('b')],
    })
    expect(decodeRequest(body, testContext()).tools?.map(entry => entry.name)).toEqual(['b'])
  })

  test('toolsets without names stay apart', () => {
    const toolsets = [
      { type: 'mcp_toolset', mcp_server_name: 'a' },
      { type: 'mcp_toolset', mcp_server_name: 'b' },
    ]
    expect(decode([named('tool_removal', 'f')], [tool('f'), ...toolsets]).tools?.map(entry => entry.type)).toEqual(['vendor', 'vendor'])
  })

  test('a reference to nothing adds nothing', () => {
    expect(names([named('tool_addition', 'ghost')], [tool('a')])).toEqual(['a'])
  })
})
