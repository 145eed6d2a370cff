import assert from 'node:assert/strict'
import { isObject, type Json } from '../../../test/checkers/json.ts'
import { everywhere, type Feature, marks, type Outcome } from '../feature.ts'
import { framesOf } from './proof.ts'

const ASK = { model: '', turns: [{ user: 'Hi' }] }

const errorOf = ({ body }: Outcome): Json => (isObject(body?.error) ? body.error : {})

/** The envelope of the client's dialect. */
function isError(outcome: Outcome, type: string, message: RegExp): void {
  assert.match(String(errorOf(outcome).message), message)
  assert.equal(errorOf(outcome).type, type)
  if (outcome.client === 'anthropic') assert.equal(outcome.body?.type, 'error')
}

/** What surrounds an answer. */
export const SERVICE: readonly Feature[] = [
  {
    name: 'errors before the answer',
    status: 400,
    ask: ASK,
    answer: () => ({ status: 400, message: 'The lamp is out.' }),
    becomes: everywhere('exact'),
    tells: outcome => isError(outcome, 'invalid_request_error', /The lamp is out\./),
  },
  {
    name: 'errors within a stream',
    ask: ASK,
    answer: upstream => ({
      text: ['We', 'll'],
      streamError: { type: upstream === 'anthropic' ? 'overloaded_error' : 'server_error', message: 'The lamp is out.' },
    }),
    becomes: everywhere('exact'),
    tells: ({ streamed, text, read }) => {
      if (!streamed) return
      assert.equal(read?.finish, undefined)
      assert.match(read?.error ?? '', /lamp/)
      assert.match(text, /"error":\{/)
    },
  },
  {
    name: 'request ids',
    ask: ASK,
    becomes: everywhere('exact'),
    tells: ({ headers, client }) => {
      assert.ok(headers.get('x-request-id'))
      if (client === 'anthropic') assert.ok(headers.get('request-id'))
    },
  },
  {
    name: 'rate-limit headers',
    ask: ASK,
    becomes: everywhere('exact'),
    tells: ({ headers, client }) => {
      const name = client === 'openai' ? 'x-ratelimit-remaining-requests' : 'anthropic-ratelimit-requests-remaining'
      assert.match(headers.get(name) ?? '', /^\d+$/)
    },
  },
  {
    name: 'counting tokens',
    ask: { anthropic: { messages: [{ role: 'user', content: 'one two three' }] } },
    becomes: marks('unsaid', 'unsaid', 'exact', 'exact'),
    tells: async (_, asker) => {
      const { status, body } = await asker.ask({ max_tokens: undefined, stream: undefined }, { path: '/v1/messages/count_tokens' })
      assert.equal(status, 200)
      assert.ok(Number(body?.input_tokens) > 0)
    },
    remark: 'estimated where the upstream cannot count',
  },
  {
    name: 'strict: a 400 instead of a loss',
    ask: { openai: {}, anthropic: {} },
    becomes: everywhere('exact'),
    tells: async ({ client, upstream }, asker) => {
      const loss = client === 'openai' ? { seed: 7 } : { top_k: 40 }
      const { status, body } = await asker.ask(loss, { headers: { 'x-dragoman-strict': 'true' } })
      assert.equal(status, client === upstream ? 200 : 400)
      if (status === 400) assert.match(JSON.stringify(body), new RegExp(Object.keys(loss).join('')))
    },
  },
  {
    name: 'a client that leaves',
    ask: ASK,
    becomes: everywhere('exact'),
    tells: async (_, asker) => assert.equal((await asker.leave()).aborted, true),
  },
  {
    name: 'pings and unknown events',
    ask: ASK,
    answer: (upstream, streamed) => (streamed && upstream === 'anthropic' ? { lines: withStrangers() } : {}),
    becomes: everywhere('exact'),
    tells: ({ streamed, client, upstream, read, text }) => {
      if (!streamed || upstream !== 'anthropic') return
      assert.equal(text.includes('novelty'), client === 'anthropic')
      assert.equal(read?.text, 'Well.')
      assert.ok(framesOf(text).length > 3)
    },
  },
]

/** A stream with a ping and an event that nobody knows between its own. */
function withStrangers(): string[] {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null }
  return [
    { type: 'message_start', message: { ...message, usage: { input_tokens: 3, output_tokens: 1 } } },
    { type: 'novelty', value: 1 },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Well.' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ].map(event => JSON.stringify(event))
}
