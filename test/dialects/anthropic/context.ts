import type { JsonObject } from '../../../src/core/json.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'

/** A request in the internal model, as an OpenAI client's would be. */
export const openaiRequest = (fields: Partial<GenerateRequest> = {}): GenerateRequest => ({
  origin: 'openai-chat',
  model: 'some-alias',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  stream: false,
  ...fields,
})

/** A minimal Messages request. */
export const messagesBody = (fields: JsonObject = {}): JsonObject => ({
  model: 'claude-opus-4-8',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hi' }],
  ...fields,
})
