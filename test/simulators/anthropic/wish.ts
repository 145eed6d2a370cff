import { isObject, type Json, objectsOf, stringOf } from '../../checkers/json.ts'
import type { Wish } from '../reply.ts'
import { thinkingType } from './check-thinking.ts'

/** Reads from a checked request what the default answer depends on. */
export function wishOf(body: Json): Wish {
  const spoken = objectsOf(body.messages).filter(message => message.role !== 'system')
  const content = spoken[spoken.length - 1]?.content
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : objectsOf(content)
  const results = blocks.filter(block => block.type === 'tool_result')
  const choice = isObject(body.tool_choice) ? body.tool_choice : {}
  const callable = objectsOf(body.tools).filter(tool => (tool.type ?? 'custom') === 'custom')
  const tools = choice.type === 'tool' ? callable.filter(tool => tool.name === choice.name) : choice.type === 'none' ? [] : callable
  const thinking = thinkingType(body)
  const format = isObject(body.output_config) && isObject(body.output_config.format) ? body.output_config.format : {}
  return {
    lastText: textOf(results.length > 0 ? results : blocks),
    afterToolResult: results.length > 0,
    tools: tools.map(tool => ({ name: stringOf(tool.name), schema: tool.input_schema })),
    forced: choice.type === 'any' || choice.type === 'tool',
    parallel: choice.disable_parallel_tool_use !== true,
    reasoning: thinking !== undefined && thinking !== 'disabled',
    schema: format.schema,
    maxTokens: Number(body.max_tokens),
    stop: Array.isArray(body.stop_sequences) ? body.stop_sequences.map(String) : [],
  }
}

const textOf = (blocks: readonly Json[]): string =>
  blocks
    .map(block => (typeof block.content === 'string' ? block.content : stringOf(block.text) + textOf(objectsOf(block.content))))
    .join('')
