import { expect, test } from 'bun:test'
import type { Call } from '../../src/operations/call.ts'
import { headersFromUpstream, headersToUpstream } from '../../src/operations/headers.ts'

test('of an upstream only limits and hints pass', () => {
  const hints = {
    'retry-after': '1',
    'retry-after-ms': '900',
    'x-should-retry': 'true',
    'openai-processing-ms': '12',
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '1',
    'anthropic-ratelimit-requests-limit': '1',
    'anthropic-priority-input-tokens-limit': '1',
  }
  const others = { 'set-cookie': 'a=b', 'openai-organization': 'org', 'anthropic-organization-id': 'o', 'request-id': 'r', server: 's' }
  expect(headersFromUpstream(new Headers({ ...hints, ...others }))).toEqual(hints)
})

test.each<[string, Record<string, string>, Record<string, string>]>([
  ['anthropic', { 'x-anthropic-beta': 'b' }, { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'b' }],
  ['anthropic', { 'anthropic-beta': 'a', 'x-anthropic-beta': 'b' }, { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'a' }],
  ['anthropic', { 'anthropic-version': '2024-01-01', cookie: 'c' }, { 'anthropic-version': '2024-01-01' }],
  ['openai-chat', { 'openai-beta': 'b', 'x-openai-beta': 'c', authorization: 'k' }, { 'openai-beta': 'b' }],
  ['openai-chat', { 'x-openai-beta': 'c' }, {}],
])('an upstream that speaks %s hears of %j only %j', (id, headers, heard) => {
  expect(headersToUpstream({ dialect: { id }, headers: new Headers(headers) } as unknown as Call)).toEqual(heard)
})
