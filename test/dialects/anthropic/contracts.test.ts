import { expect, test } from 'bun:test'
import type Anthropic from '@anthropic-ai/sdk'
import { encodeFinish } from '../../../src/dialects/anthropic/finish.ts'
import { encodeUsage } from '../../../src/dialects/anthropic/usage.ts'
import { REQUEST_FIELDS } from '../../../src/dialects/anthropic/wire.ts'
import type { FinishReason } from '../../../src/ir/finish.ts'

/** Where each member of the vendor's request goes. A member that a new SDK adds fails to compile until somebody decides. */
const PLACES: Record<keyof Anthropic.MessageCreateParams, 'mapped' | 'extension'> = {
  model: 'mapped',
  messages: 'mapped',
  max_tokens: 'mapped',
  system: 'mapped',
  stream: 'mapped',
  stop_sequences: 'mapped',
  tools: 'mapped',
  tool_choice: 'mapped',
  thinking: 'mapped',
  output_config: 'mapped',
  metadata: 'mapped',
  service_tier: 'mapped',
  cache_control: 'extension',
  container: 'extension',
  diagnostics: 'extension',
  inference_geo: 'extension',
  speed: 'extension',
  user_profile_id: 'extension',
  workspace_id: 'extension',
}

/** Sampling left the newest SDK's types, `output_format` never was in them; servers and older clients know both. */
const OLDER = ['temperature', 'top_p', 'top_k', 'output_format']

test('every member of the request has a place', () => {
  const mapped = Object.entries(PLACES).flatMap(([name, place]) => (place === 'mapped' ? [name] : []))
  expect([...REQUEST_FIELDS].sort()).toEqual([...mapped, ...OLDER].sort())
})

const STOP_REASONS: Record<Anthropic.StopReason, FinishReason> = {
  end_turn: 'stop',
  max_tokens: 'length',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'content-filter',
  model_context_window_exceeded: 'context-length',
}

test('every stop reason is written', () => {
  for (const [wire, reason] of Object.entries(STOP_REASONS)) {
    const called = reason === 'tool-calls'
    expect(encodeFinish({ reason }, { any: called, direct: called }).stop_reason).toBe(wire)
  }
})

const USAGE: Record<keyof Anthropic.Usage, true> = {
  cache_creation: true,
  cache_creation_input_tokens: true,
  cache_read_input_tokens: true,
  inference_geo: true,
  input_tokens: true,
  output_tokens: true,
  output_tokens_details: true,
  server_tool_use: true,
  service_tier: true,
  speed: true,
}

test("usage has every key of the vendor's type", () => {
  expect(Object.keys(encodeUsage(undefined)).sort()).toEqual(Object.keys(USAGE))
})
