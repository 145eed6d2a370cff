import assert from 'node:assert/strict'
import type { Json } from '../../../test/checkers/json.ts'
import { chatStream, messageStream } from '../../../test/contract/answers.ts'
import type { Answer } from '../../../test/simulators/answer.ts'
import { everywhere, type Feature, marks, type Vendor } from '../feature.ts'
import { says } from './proof.ts'

/** An answer whose whole body is given, in the form that was asked for. */
const given = (upstream: Vendor, streamed: boolean, body: Json): Answer => {
  if (!streamed) return { body }
  return { sse: upstream === 'anthropic' ? messageStream(body) : chatStream(body) }
}

const completion = (message: Json): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'gpt-4.1',
  choices: [{ index: 0, message: { role: 'assistant', refusal: null, ...message }, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
})

const message = (content: Json[]): Json => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 4 },
})

const URL = 'https://example.com/lamp'

/** What an answer says beside its text. */
export const ANSWERS: readonly Feature[] = [
  {
    name: 'citations with an address',
    fields: ['citations', 'annotations'],
    ask: { model: '', turns: [{ user: 'Hi' }] },
    answer: (upstream, streamed) => {
      const web = { type: 'web_search_result_location', cited_text: 'x', url: URL, title: 'T', encrypted_index: 'e' }
      const url_citation = { url: URL, title: 'T', start_index: 0, end_index: 5 }
      const said =
        upstream === 'anthropic'
          ? message([{ type: 'text', text: 'Well.', citations: [web] }])
          : completion({ content: 'Well.', annotations: [{ type: 'url_citation', url_citation }] })
      return given(upstream, streamed, said)
    },
    becomes: marks('exact', 'exact', 'dropped', 'exact'),
    late: true,
    tells: ({ pair, text, read }) => {
      assert.equal(read?.text, 'Well.')
      assert.equal(text.includes(URL), pair !== 'anthropic→openai')
    },
    remark: 'Anthropic’s own kinds cannot be made up',
  },
  {
    name: 'refusal',
    ask: { model: '', turns: [{ user: 'Hi' }] },
    answer: () => ({ refusal: 'No.' }),
    becomes: everywhere('exact'),
    tells: ({ read, client, upstream }) => {
      if (client === 'openai') assert.equal(read?.refusal, 'No.')
      else if (upstream === 'openai') assert.equal(read?.text, 'No.')
      else assert.equal(read?.finish, 'refused')
    },
  },
  {
    name: 'cached, written and reasoning tokens',
    ask: { model: '', turns: [{ user: 'Hi' }] },
    answer: upstream =>
      upstream === 'anthropic'
        ? {
            text: 'Well.',
            usage: {
              input_tokens: 15,
              cache_read_input_tokens: 75,
              cache_creation_input_tokens: 10,
              output_tokens: 7,
              output_tokens_details: { thinking_tokens: 3 },
            },
          }
        : {
            text: 'Well.',
            usage: {
              prompt_tokens: 100,
              completion_tokens: 7,
              total_tokens: 107,
              prompt_tokens_details: { cached_tokens: 75, cache_write_tokens: 10 },
              completion_tokens_details: { reasoning_tokens: 3 },
            },
          },
    becomes: everywhere('exact'),
    tells: says({ tokens: { input: 100, output: 7, cached: 75, written: 10, reasoning: 3 } }),
  },
  {
    name: 'finish reasons',
    ask: { model: '', turns: [{ user: 'Hi' }] },
    answer: upstream => ({ text: 'We', finish: upstream === 'anthropic' ? 'max_tokens' : 'length' }),
    becomes: everywhere('exact'),
    tells: says({ text: 'We', finish: 'length' }),
  },
]
