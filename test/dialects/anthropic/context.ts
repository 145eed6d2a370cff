import type { JsonObject } from '../../../src/core/json.ts'
import type { CodecContext } from '../../../src/dialects/dialect.ts'
import type { Note } from '../../../src/ir/note.ts'
import type { GenerateRequest } from '../../../src/ir/request.ts'

/** A codec's surroundings with a still clock, numbered ids and a list of what was noted. */
export function testContext(): CodecContext & { notes: Note[]; fields(): string[] } {
  const notes: Note[] = []
  let ids = 0
  return {
    notes,
    fields: () => notes.map(note => `${note.action}:${note.field}`),
    now: () => 1_790_000_000_000,
    newId: prefix => `${prefix}${++ids}`,
    note: note => {
      notes.push(note)
    },
  }
}

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
