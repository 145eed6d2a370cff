import assert from 'node:assert/strict'
import type { Json } from '../../../test/checkers/json.ts'
import { everywhere, type Feature, marks } from '../feature.ts'
import { has, says } from './proof.ts'

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }

const both = (members: Json): Record<'openai' | 'anthropic', Json> => ({ openai: members, anthropic: members })

/** What an answer should be like. */
export const SETTINGS: readonly Feature[] = [
  {
    name: 'structured output: JSON Schema',
    ask: { model: '', turns: [{ user: 'Where?' }], schema: SCHEMA },
    becomes: everywhere('exact'),
    arrives: {
      openai: has(['response_format.json_schema.schema', SCHEMA], ['response_format.json_schema.strict', true]),
      anthropic: has(['output_config.format', { type: 'json_schema', schema: SCHEMA }]),
    },
    tells: ({ read }) => assert.deepEqual(Object.keys(JSON.parse(read?.text ?? '')), ['city']),
  },
  {
    name: 'structured output: any JSON',
    fields: ['response_format'],
    ask: { openai: { response_format: { type: 'json_object' }, messages: [{ role: 'user', content: 'JSON, please.' }] } },
    becomes: marks('exact', 'approximated', 'unsaid', 'unsaid'),
    arrives: { anthropic: body => assert.match(JSON.stringify(body.system), /JSON object/) },
    remark: 'asked for in words',
  },
  {
    name: 'output limit',
    ask: { model: '', turns: [{ user: 'one two three four' }], maxTokens: 3 },
    becomes: everywhere('exact'),
    arrives: {
      openai: body => assert.equal(body.max_tokens ?? body.max_completion_tokens, 3),
      anthropic: has(['max_tokens', 3]),
    },
    tells: says({ text: 'You said: one', finish: 'length' }),
  },
  {
    name: 'output limit above the model’s',
    fields: ['max_tokens', 'max_completion_tokens'],
    ask: { openai: { max_completion_tokens: 100_000 }, anthropic: { max_tokens: 100_000 } },
    models: { openai: 'gpt-4o', anthropic: 'claude-sonnet-4-5' },
    becomes: marks('passed', 'approximated', 'approximated', 'passed'),
    arrives: { openai: has(['max_tokens', 16_384]), anthropic: has(['max_tokens', 64_000]) },
    remark: 'lowered to it',
  },
  {
    name: 'stop sequences',
    ask: { model: '', turns: [{ user: 'one END two' }], stop: ['END'] },
    becomes: everywhere('exact'),
    arrives: { openai: has(['stop', ['END']]), anthropic: has(['stop_sequences', ['END']]) },
    tells: says({ text: 'You said: one ', finish: 'stop' }),
  },
  {
    name: 'temperature',
    ask: both({ temperature: 0.5 }),
    becomes: everywhere('exact'),
    arrives: { openai: has(['temperature', 0.5]), anthropic: has(['temperature', 0.5]) },
  },
  {
    name: 'temperature above 1',
    fields: ['temperature'],
    ask: { openai: { temperature: 1.5 } },
    becomes: marks('exact', 'approximated', 'unsaid', 'unsaid'),
    arrives: { openai: has(['temperature', 1.5]), anthropic: has(['temperature', 1]) },
    remark: 'lowered to 1',
  },
  {
    name: 'sampling, to models that take none',
    models: { openai: 'gpt-5.5', anthropic: 'claude-opus-5-5' },
    fields: ['temperature', 'top_p'],
    ask: { openai: { temperature: 0.5, top_p: 0.9 }, anthropic: { temperature: 0.5, top_p: 0.9 } },
    becomes: marks('passed', 'dropped', 'dropped', 'passed'),
  },
  {
    name: 'top_k',
    fields: ['top_k'],
    ask: { anthropic: { top_k: 40 } },
    becomes: marks('unsaid', 'unsaid', 'dropped', 'exact'),
    arrives: { anthropic: has(['top_k', 40]) },
  },
  {
    name: 'penalties, seed, logit_bias',
    fields: ['frequency_penalty', 'presence_penalty', 'seed', 'logit_bias'],
    ask: { openai: { frequency_penalty: 0.5, presence_penalty: 0.5, seed: 7, logit_bias: { 50256: -100 } } },
    becomes: marks('exact', 'dropped', 'unsaid', 'unsaid'),
    arrives: { openai: has(['seed', 7], ['frequency_penalty', 0.5]) },
  },
  {
    name: 'n > 1',
    fields: ['n'],
    ask: { openai: { n: 2 } },
    becomes: marks('exact', 'refused', 'unsaid', 'unsaid'),
    arrives: { openai: has(['n', 2]) },
    tells: ({ status, text }) => assert.ok(status === 400 || text.includes('"index":1')),
  },
  {
    name: 'logprobs',
    fields: ['logprobs'],
    ask: { openai: { logprobs: true } },
    becomes: marks('exact', 'dropped', 'unsaid', 'unsaid'),
    arrives: { openai: has(['logprobs', true]) },
  },
  {
    name: 'service tier',
    ask: { openai: { service_tier: 'default' }, anthropic: { service_tier: 'standard_only' } },
    becomes: everywhere('exact'),
    arrives: { openai: has(['service_tier', 'default']), anthropic: has(['service_tier', 'standard_only']) },
  },
  {
    name: 'end user',
    ask: { openai: { safety_identifier: 'user-17' }, anthropic: { metadata: { user_id: 'user-17' } } },
    becomes: everywhere('exact'),
    arrives: { openai: has(['safety_identifier', 'user-17']), anthropic: has(['metadata', { user_id: 'user-17' }]) },
  },
  {
    name: 'members nobody knows',
    fields: ['novelty'],
    ask: both({ novelty: { deep: [1] } }),
    becomes: marks('passed', 'dropped', 'dropped', 'passed'),
  },
]
