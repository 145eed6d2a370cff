import type { JsonObject, JsonValue } from '../../core/json.ts'
import { PIXEL, TEMPERATURE_SCHEMA } from './example-parts.ts'
import { type Examples, eventStream } from './schema.ts'

const hello: JsonObject = {
  model: 'gpt-4o',
  messages: [
    { role: 'system', content: 'Answer in one sentence.' },
    { role: 'user', content: 'What is a dragoman?' },
  ],
}

const weather: JsonObject = {
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'How warm is it in Istanbul?' }],
  tools: [
    {
      type: 'function',
      function: { name: 'read_temperature', description: 'Temperature of a city, in °C.', parameters: TEMPERATURE_SCHEMA },
    },
  ],
  tool_choice: 'auto',
}

const calls: JsonObject[] = [{ id: 'call_1', type: 'function', function: { name: 'read_temperature', arguments: '{"city":"Istanbul"}' } }]

export const chatRequestExamples: Examples = {
  ChatPlain: { summary: 'A question', value: hello },
  ChatStreamed: { summary: 'The same, streamed, with usage', value: { ...hello, stream: true, stream_options: { include_usage: true } } },
  ChatTools: { summary: 'With a tool', value: weather },
  ChatToolResult: {
    summary: "With the tool's result",
    value: {
      ...weather,
      messages: [
        { role: 'user', content: 'How warm is it in Istanbul?' },
        { role: 'assistant', content: null, tool_calls: calls },
        { role: 'tool', tool_call_id: 'call_1', content: '17' },
      ],
    },
  },
  ChatImage: {
    summary: 'With an image',
    value: {
      model: 'gpt-4o',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which colour is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
          ],
        },
      ],
    },
  },
  ChatReasoning: {
    summary: 'With reasoning',
    value: {
      model: 'claude-opus-4-6',
      reasoning_effort: 'high',
      max_completion_tokens: 4000,
      messages: [{ role: 'user', content: 'Is 2027 a prime number?' }],
    },
  },
  ChatJson: {
    summary: 'With a schema for the answer',
    value: {
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Name a city on two continents.' }],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'city', strict: true, schema: TEMPERATURE_SCHEMA },
      },
    },
  },
}

const head = { id: 'chatcmpl-01JD6W9Q4T', created: 1795255200 }

const usage = (prompt: number, completion: number, reasoning = 0): JsonObject => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: reasoning },
})

const completion = (model: string, message: JsonObject, finish: string, counted: JsonObject): JsonObject => ({
  ...head,
  object: 'chat.completion',
  model,
  choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: null, ...message }, logprobs: null, finish_reason: finish }],
  usage: counted,
})

const TEXT = 'A dragoman was an interpreter and guide between courts that shared no language.'

export const chatAnswerExamples: Examples = {
  ChatAnswerPlain: { summary: 'Text', value: completion('gpt-4o', { content: TEXT }, 'stop', usage(24, 17)) },
  ChatAnswerTools: { summary: 'A tool call', value: completion('gpt-4o', { tool_calls: calls }, 'tool_calls', usage(61, 16)) },
  ChatAnswerReasoning: {
    summary: 'With reasoning',
    value: completion(
      'claude-opus-4-6',
      { content: 'Yes, 2027 is prime.', reasoning_content: 'No prime up to 43 divides 2027, and 47² is larger.' },
      'stop',
      usage(16, 64, 52),
    ),
  },
}

const chunk = (choice: JsonObject | undefined, counted: JsonValue = null, withUsage = true): JsonObject => ({
  ...head,
  object: 'chat.completion.chunk',
  model: 'gpt-4o',
  choices: choice ? [{ index: 0, ...choice, finish_reason: choice.finish_reason ?? null }] : [],
  ...(withUsage && { usage: counted }),
})

const bare = (choice: JsonObject): JsonObject => chunk(choice, null, false)

const called = (call: JsonObject): JsonObject => bare({ delta: { tool_calls: [{ index: 0, ...call }] } })

export const chatStreamExamples: Examples = {
  ChatStreamPlain: {
    summary: 'Text, with usage asked for',
    value: eventStream(
      [
        chunk({ delta: { role: 'assistant', content: '' } }),
        chunk({ delta: { content: 'A dragoman was an interpreter and guide ' } }),
        chunk({ delta: { content: 'between courts that shared no language.' } }),
        chunk({ delta: {}, finish_reason: 'stop' }),
        chunk(undefined, usage(24, 17)),
        '[DONE]',
      ],
      false,
    ),
  },
  ChatStreamTools: {
    summary: 'A tool call',
    value: eventStream(
      [
        bare({ delta: { role: 'assistant', content: '' } }),
        called({ id: 'call_1', type: 'function', function: { name: 'read_temperature', arguments: '' } }),
        called({ function: { arguments: '{"city":' } }),
        called({ function: { arguments: '"Istanbul"}' } }),
        bare({ delta: {}, finish_reason: 'tool_calls' }),
        '[DONE]',
      ],
      false,
    ),
  },
  ChatStreamReasoning: {
    summary: 'Reasoning before the text',
    value: eventStream(
      [
        bare({ delta: { role: 'assistant', content: '' } }),
        bare({ delta: { reasoning_content: 'No prime up to 43 divides 2027, ' } }),
        bare({ delta: { reasoning_content: 'and 47² is larger.' } }),
        bare({ delta: { content: 'Yes, 2027 is prime.' } }),
        bare({ delta: {}, finish_reason: 'stop' }),
        '[DONE]',
      ],
      false,
    ),
  },
  ChatStreamError: {
    summary: 'A failure in mid-stream',
    description: 'The stream ends after the error: no `finish_reason`, no `[DONE]`.',
    value: eventStream(
      [
        bare({ delta: { role: 'assistant', content: '' } }),
        bare({ delta: { content: 'A dragoman was' } }),
        { error: { message: 'the upstream closed the connection', type: 'api_error', param: null, code: null } },
      ],
      false,
    ),
  },
}
