import { expect, test } from 'bun:test'
import type OpenAI from 'openai'
import type { JsonObject } from '../../../src/core/json.ts'
import type { UpstreamTraits } from '../../../src/dialects/dialect.ts'
import type { WireFinish } from '../../../src/dialects/openai-chat/finish.ts'
import { EXTENSION_FIELDS, MAPPED_FIELDS, type ROLES } from '../../../src/dialects/openai-chat/wire.ts'
import type { EFFORTS } from '../../../src/ir/reasoning.ts'
import { testContext } from '../../support/codec-context.ts'
import { decoded, options, upstream } from './context.ts'

type Chat = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming
type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never

/** An SDK with a new parameter, role, finish reason or effort breaks these lines until somebody decides what becomes of it. */
const decisions: {
  parameters: Equal<keyof Chat, (typeof MAPPED_FIELDS)[number] | (typeof EXTENSION_FIELDS)[number]>
  roles: Equal<OpenAI.Chat.Completions.ChatCompletionRole, (typeof ROLES)[number]>
  finishes: Equal<OpenAI.Chat.Completions.ChatCompletion.Choice['finish_reason'], WireFinish>
  efforts: Equal<NonNullable<OpenAI.ReasoningEffort>, (typeof EFFORTS)[number]>
} = { parameters: true, roles: true, finishes: true, efforts: true }

/** A request with every documented field that does not exclude another. */
const full = {
  model: 'some-alias',
  messages: [{ role: 'user', content: 'Hi' }],
  audio: { format: 'wav', voice: 'alloy' },
  frequency_penalty: 0.5,
  function_call: 'auto',
  functions: [{ name: 'g', parameters: { type: 'object', properties: {} } }],
  logit_bias: { 50256: -100 },
  logprobs: true,
  max_completion_tokens: 10,
  max_tokens: 10,
  metadata: { a: 'b' },
  modalities: ['text'],
  moderation: { model: 'omni' },
  n: 2,
  parallel_tool_calls: false,
  prediction: { type: 'content', content: 'x' },
  presence_penalty: 0.5,
  prompt_cache_key: 'k',
  prompt_cache_options: { mode: 'implicit' },
  prompt_cache_retention: '24h',
  reasoning_effort: 'low',
  response_format: { type: 'json_object' },
  safety_identifier: 'u',
  seed: 1,
  service_tier: 'auto',
  stop: ['END'],
  store: true,
  stream: false,
  stream_options: { include_usage: true },
  temperature: 0.5,
  tool_choice: 'auto',
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }],
  top_logprobs: 2,
  top_p: 0.5,
  user: 'u',
  verbosity: 'low',
  web_search_options: { search_context_size: 'low' },
} satisfies { [Key in keyof Required<Chat>]: unknown }

test('every documented field of a request comes out again', () => {
  expect(Object.keys(full).sort()).toEqual([...MAPPED_FIELDS, ...EXTENSION_FIELDS].sort())
  const context = testContext()
  const traits: UpstreamTraits = {}
  // A vendor's model without a family of its own keeps sampling and effort side by side.
  const { body } = upstream.encodeRequest(decoded(full as unknown as JsonObject), options('some-model', traits), context)
  // What has a newer name goes out under that; one limit is sent; usage is a stream's.
  const elsewhere = new Set(['functions', 'function_call', 'max_completion_tokens', 'safety_identifier', 'stream_options'])
  expect(Object.keys(full).filter(key => !elsewhere.has(key) && !(key in body))).toEqual([])
  expect(body.tools).toHaveLength(2)
  expect(context.notes).toEqual([])
  expect(Object.values(decisions)).not.toContain(false)
})
