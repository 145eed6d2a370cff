import { isObject, type Json, stringOf } from '../../checkers/json.ts'
import type { Wish } from '../reply.ts'
import type { ChatRequest } from './check-request.ts'
import { namedTool } from './check-tools.ts'

const RESULTS = ['tool_message', 'function_message']

/** Reads from a checked request what the default answer depends on. */
export function wishOf({ messages, parameters, tools }: ChatRequest): Wish {
  const parameter = (name: string): unknown => parameters.get(`llm.parameters.${name}`)
  const last = messages.at(-1)
  const afterToolResult = RESULTS.includes(String(last?.type))
  const named = namedTool(parameters)
  const offered = parameter('tool-choice-none') === true ? [] : tools
  return {
    lastText: afterToolResult ? resultsOf(messages) : saidLast(messages),
    afterToolResult,
    tools: named === undefined ? offered : offered.filter(tool => tool.name === named),
    forced: named !== undefined || parameter('tool-choice-required') === true,
    parallel: parameter('parallel-tool-calls') !== false,
    reasoning: false,
    schema: formatSchema(parameter('response-format')),
    maxTokens: Number(parameter('length') ?? Number.MAX_SAFE_INTEGER),
    stop: parameter('stop-token') === undefined ? [] : [String(parameter('stop-token'))],
  }
}

/** Text of the results that end the conversation; on v7 calls stand between them. */
function resultsOf(messages: readonly Json[]): string {
  const turn = trailing(messages, ({ type, functionCall }) => RESULTS.includes(String(type)) || isObject(functionCall))
  return turn.map(({ type, result, content }) => (RESULTS.includes(String(type)) ? stringOf(result ?? content) : '')).join('')
}

/** Text of the last turn, which may be several messages, or pictures with text. */
function saidLast(messages: readonly Json[]): string {
  const speaker = String(messages.at(-1)?.type).replace('media_', 'user_')
  const turn = trailing(messages, ({ type }) => type === speaker || (type === 'media_message' && speaker === 'user_message'))
  return turn.map(({ type, content }) => (type === 'media_message' ? '' : stringOf(content))).join('')
}

const trailing = (messages: readonly Json[], belongs: (message: Json) => boolean): readonly Json[] =>
  messages.slice(messages.findLastIndex(message => !belongs(message)) + 1)

/** Only where the profile list allows the parameter, as no family has it. */
function formatSchema(format: unknown): unknown {
  if (!isObject(format)) return undefined
  if (format.type === 'json_object') return { type: 'object', properties: { ok: { type: 'boolean' } } }
  return isObject(format.json_schema) ? format.json_schema.schema : undefined
}
