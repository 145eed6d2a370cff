import { expect, test } from 'bun:test'
import type { JsonValue } from '../../../src/core/json.ts'
import { upstream } from './context.ts'

const forbidden = { type: 'extra_forbidden', loc: ['body', 'store'], msg: 'Extra inputs are not permitted', input: false }
const FORBIDDEN = { kind: 'unprocessable', param: 'store', message: 'store: Extra inputs are not permitted' }

test.each<[string, number, JsonValue, object]>([
  ['FastAPI', 422, { detail: [forbidden] }, FORBIDDEN],
  [
    'Mistral',
    422,
    { object: 'error', message: { detail: [forbidden] }, type: 'invalid_request_error', param: null, code: null },
    FORBIDDEN,
  ],
  ['Mistral, older', 422, { object: 'Error', message: [forbidden], type: 'invalid_request_error', code: 3001 }, FORBIDDEN],
  [
    'Mistral, as text',
    422,
    { object: 'error', message: JSON.stringify({ detail: [forbidden] }), type: 'internal_error_proxy', code: '1000' },
    FORBIDDEN,
  ],
  [
    'vLLM',
    400,
    {
      object: 'error',
      message:
        "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 800}]",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
    { kind: 'invalid-request', param: 'max_completion_tokens', message: 'max_completion_tokens: Extra inputs are not permitted' },
  ],
  [
    'xAI',
    400,
    { code: 'invalid-argument', error: 'Model grok-4 does not support parameter stop.' },
    { kind: 'invalid-request', message: 'Model grok-4 does not support parameter stop.' },
  ],
  [
    'vLLM, in double quotes',
    400,
    { object: 'error', message: `[{'type': 'x', 'loc': ('body', 'body'), 'msg': "It's wrong", 'input': 8}]`, code: 400 },
    { kind: 'invalid-request', param: 'body', message: "body: It's wrong" },
  ],
  [
    'a vendor behind OpenRouter that is out of money',
    400,
    { error: { message: 'Provider returned error', metadata: { raw: '{"error":{"message":"No.","code":"insufficient_quota"}}' } } },
    { kind: 'quota-exhausted' },
  ],
  ['llama.cpp', 400, { error: { code: 400, message: 'Too long', type: 'exceed_context_size_error' } }, { kind: 'context-too-long' }],
  ['Alibaba', 400, { error: { code: 'data_inspection_failed', message: 'No.' } }, { kind: 'content-policy' }],
  ['a field of a body that cannot be processed', 422, { error: { code: 'odd', message: 'No.' } }, { kind: 'unprocessable', code: 'odd' }],
  ['a bad request that speaks of load', 400, { error: { message: 'The overloaded operator is unknown' } }, { kind: 'invalid-request' }],
  ['Ollama', 404, { error: "model 'llama9' not found" }, { kind: 'model-not-found' }],
  [
    'Cerebras',
    400,
    { message: 'property is unsupported', type: 'invalid_request_error', param: 'x', code: 'wrong_api_format' },
    { kind: 'invalid-request', message: 'property is unsupported' },
  ],
  ['FastAPI, one sentence', 401, { detail: 'Unauthorized' }, { kind: 'authentication' }],
  [
    'DeepSeek',
    404,
    { error_msg: 'Not Found. Please check the configuration.' },
    { kind: 'not-found', message: 'Not Found. Please check the configuration.' },
  ],
  [
    'Azure',
    400,
    {
      error: {
        message: 'The response was filtered due to the prompt.',
        type: null,
        param: 'prompt',
        code: 'content_filter',
        status: 400,
        innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: { hate: { filtered: true, severity: 'high' } } },
      },
    },
    { kind: 'content-policy', message: 'The response was filtered due to the prompt.' },
  ],
  [
    'Azure without its own code',
    400,
    { error: { message: 'Refused.', innererror: { code: 'ResponsibleAIPolicyViolation' } } },
    { kind: 'content-policy' },
  ],
  [
    'Azure deployment',
    404,
    { error: { code: 'DeploymentNotFound', message: 'The API deployment does not exist.' } },
    { kind: 'model-not-found' },
  ],
  [
    'OpenRouter, another vendor behind it',
    400,
    {
      error: {
        message: 'Provider returned error',
        code: 400,
        metadata: { provider_name: 'X', raw: '{"error":{"message":"Too hot","param":"temperature"}}' },
      },
    },
    { kind: 'invalid-request', message: 'Too hot', param: 'temperature' },
  ],
])('%s', (_, status, body, expected) => {
  expect(upstream.decodeError(status, new Headers(), JSON.stringify(body))).toMatchObject(expected)
})

test('lists that hold nothing of use tell the status', () => {
  for (const body of [{ detail: [] }, { detail: [{}] }, { message: [3] }, { message: { detail: { detail: { detail: { detail: 'x' } } } } }])
    expect(upstream.decodeError(422, new Headers(), JSON.stringify(body))).toMatchObject({
      kind: 'unprocessable',
      message: expect.stringContaining('422'),
    })
})
