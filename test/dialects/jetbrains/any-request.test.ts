import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../src/core/json.ts'
import { jetbrains, jetbrainsV7 } from '../../../src/dialects/jetbrains/index.ts'
import type { Json } from '../../checkers/json.ts'
import { writeChat } from '../../properties/chat-words.ts'
import { type Conversation, conversation, type Part } from '../../properties/conversation.ts'
import { writeMessages } from '../../properties/messages-words.ts'
import { holds, PATIENCE } from '../../properties/runs.ts'
import { type ChatEndpoint, checkRequest } from '../../simulators/jetbrains/check-request.ts'
import { testContext } from '../../support/codec-context.ts'
import { CLIENTS, options } from './context.ts'

const WRITE = { 'openai-chat': writeChat, anthropic: writeMessages }

const CODEX = 'openai-gpt-5-codex'
const PROFILES = [
  ...['openai-gpt-4o', 'openai-gpt-5', 'openai-o3', 'anthropic-claude-4-5-sonnet', 'anthropic-claude-4-6-opus'],
  ...['google-chat-gemini-pro-2.5', CODEX],
]

const PNG = { image: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==' }

/** Pictures by URL are refused before anything is sent. */
const inline = (part: Part): Part => ('image' in part ? PNG : part)
const sendable = conversation.map(said => ({
  ...said,
  turns: said.turns.map((turn): Conversation['turns'][number] => ('user' in turn ? { user: turn.user.map(inline) } : turn)),
}))

/** Settings that some profiles take, and none takes all of. */
const settings = fc.record(
  {
    temperature: fc.double({ min: 0, max: 1, noNaN: true }),
    top_p: fc.double({ min: 0, max: 1, noNaN: true }),
    max_tokens: fc.integer({ min: 1, max: 4000 }),
  },
  { requiredKeys: ['max_tokens'] },
)

const DIALECTS = [
  ['v8', jetbrains],
  ['v7', jetbrainsV7],
] as const

for (const [version, { upstream }] of DIALECTS) {
  describe(`whatever a client says on ${version}`, () => {
    for (const client of ['openai-chat', 'anthropic'] as const) {
      test(
        `in ${client}, the service takes it`,
        () => {
          holds(
            fc.property(sendable, settings, fc.constantFrom(...PROFILES), (said, set, profile) => {
              const context = testContext()
              const given = { ...WRITE[client](said), ...set } as JsonObject
              // No codex profile can be made to call a tool.
              if (profile === CODEX) delete given.tool_choice
              const made = upstream?.encodeRequest(CLIENTS[client].decodeRequest(given, context), options(profile), context)
              const responses = made?.path !== undefined
              const endpoint: ChatEndpoint = { version: responses ? 'v8' : version, feature: responses ? 'Responses' : 'Chat' }
              const sent = JSON.parse(JSON.stringify(made?.body)) as Json
              expect(checkRequest(sent, endpoint, {}).profile).toBe(profile)
            }),
            150,
          )
        },
        PATIENCE,
      )
    }
  })
}
