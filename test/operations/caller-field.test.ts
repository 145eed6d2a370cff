import { expect, test } from 'bun:test'
import { callerField } from '../../src/operations/caller-field.ts'

const CHAT = {
  model: 'm',
  messages: [],
  max_completion_tokens: 5,
  stop: 'x',
  reasoning_effort: 'low',
  response_format: {},
  user: 'u',
  temperature: 1,
}
const MESSAGES = {
  model: 'm',
  messages: [],
  max_tokens: 5,
  stop_sequences: ['x'],
  output_config: { effort: 'low' },
  system: 's',
  metadata: {},
}

test.each([
  ['max_tokens', CHAT, 'max_completion_tokens'],
  ['max_tokens', { ...CHAT, max_tokens: 5 }, 'max_tokens'],
  ['stop_sequences', CHAT, 'stop'],
  ['thinking.enabled.budget_tokens', CHAT, 'reasoning_effort'],
  ['output_config.format.schema', CHAT, 'response_format'],
  ['output_config.effort', CHAT, 'reasoning_effort'],
  ['output_configuration', CHAT, undefined],
  ['stop_reason', CHAT, undefined],
  ['max_completion_tokens', { ...CHAT, max_completion_tokens: null, max_tokens: 5 }, 'max_tokens'],
  ['tool_choice.disable_parallel_tool_use', { ...CHAT, parallel_tool_calls: false }, 'parallel_tool_calls'],
  ['tool_choice', { ...CHAT, function_call: 'auto' }, 'function_call'],
  ['system.0.text', CHAT, 'messages'],
  ['messages.3.content.0', CHAT, 'messages'],
  ['messages[3].content', CHAT, 'messages'],
  ['metadata.user_id', CHAT, 'user'],
  ['temperature', CHAT, 'temperature'],
  ['top_k', CHAT, undefined],
  ['max_completion_tokens', MESSAGES, 'max_tokens'],
  ['reasoning_effort', MESSAGES, 'output_config'],
  ['stop', MESSAGES, 'stop_sequences'],
  ['response_format', MESSAGES, 'output_config'],
  ['user', MESSAGES, 'metadata'],
  ['', MESSAGES, undefined],
  ['tools[0].function.name', { functions: [] }, 'functions'],
  ['tools.0.name', { functions: [] }, 'functions'],
  ['tool_choice.name', { function_call: {} }, 'function_call'],
  ['parallel_tool_calls', { tool_choice: {} }, 'tool_choice'],
  ['tool_choice.disable_parallel_tool_use', { parallel_tool_calls: false }, 'parallel_tool_calls'],
  ['stop', { stop: null, stop_sequences: ['x'] }, 'stop_sequences'],
  ['stop', { stop: null }, undefined],
])('%s is the caller’s %#: %p', (param, body, field) => {
  expect(callerField(param, { body: body as never })).toBe(field as string)
})

test('without a body nothing can be named', () => {
  expect(callerField('max_tokens', {})).toBeUndefined()
})
