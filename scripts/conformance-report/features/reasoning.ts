import assert from 'node:assert/strict'
import { isObject, type Json, objectsOf } from '../../../test/checkers/json.ts'
import { everywhere, type Feature, marks, type Outcome } from '../feature.ts'
import { blocksOf, framesOf, has, mentions } from './proof.ts'

const THINKERS = { openai: 'gpt-5.5', anthropic: 'claude-opus-4-6' }
const TOOL = { name: 'look', schema: { type: 'object', properties: {} } }

/** The assistant's message as the client would send it back, put together from whatever it got. */
function spoken({ client, streamed, text, body }: Outcome): Json {
  if (client === 'openai') {
    if (!streamed) return (objectsOf(body?.choices)[0]?.message ?? {}) as Json
    const deltas = framesOf(text).flatMap(chunk => objectsOf(chunk.choices).map(choice => (isObject(choice.delta) ? choice.delta : {})))
    const calls = deltas.flatMap(delta => objectsOf(delta.tool_calls))
    const [call] = calls
    const given = calls.map(piece => (isObject(piece.function) ? String(piece.function.arguments ?? '') : '')).join('')
    const called = isObject(call?.function) ? { ...call.function, arguments: given } : {}
    return {
      role: 'assistant',
      content: null,
      reasoning_details: deltas.flatMap(delta => objectsOf(delta.reasoning_details)),
      tool_calls: [{ id: call?.id, type: 'function', function: called }],
    }
  }
  if (!streamed) return { role: 'assistant', content: body?.content }
  const blocks: Json[] = []
  for (const { type, index, content_block, delta } of framesOf(text)) {
    if (type === 'content_block_start' && isObject(content_block)) blocks.push({ ...content_block })
    const block = typeof index === 'number' ? blocks[index] : undefined
    if (type !== 'content_block_delta' || !block || !isObject(delta)) continue
    if (delta.type === 'thinking_delta') block.thinking = `${block.thinking}${delta.thinking}`
    if (delta.type === 'signature_delta') block.signature = delta.signature
  }
  return { role: 'assistant', content: blocks }
}

const answerTo = (outcome: Outcome): Json => {
  const id = outcome.read?.toolCalls[0]?.id
  return outcome.client === 'openai'
    ? { role: 'tool', tool_call_id: id, content: 'Nothing.' }
    : { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'Nothing.' }] }
}

/** A second step, with the first one's reasoning sent back; what the upstream was asked then. */
const replayed =
  (check: (thinking: Json[], outcome: Outcome) => void): NonNullable<Feature['tells']> =>
  async (outcome, asker) => {
    const messages = [{ role: 'user', content: 'use tool' }, spoken(outcome), answerTo(outcome)]
    const next = await asker.ask({ messages })
    assert.equal(next.status, 200, next.text)
    const body = next.received?.body ?? {}
    check([...blocksOf(body, 'thinking'), ...blocksOf(body, 'redacted_thinking')], next)
  }

const QUESTION = { model: '', turns: [{ user: 'use tool' }], tools: [TOOL], effort: 'high' as const }

/** Reasoning, its limits, and its proofs. */
export const REASONING: readonly Feature[] = [
  {
    name: 'reasoning effort',
    models: THINKERS,
    ask: { model: '', turns: [{ user: 'Why?' }], effort: 'high' },
    becomes: everywhere('exact'),
    arrives: { openai: has(['reasoning_effort', 'high']), anthropic: has(['output_config.effort', 'high'], ['thinking.type', 'adaptive']) },
    tells: ({ read }) => assert.match(read?.reasoning ?? '', /The user said: Why\?/),
  },
  {
    name: 'reasoning budget',
    models: { openai: 'gpt-5.5' },
    ask: { anthropic: { max_tokens: 8000, thinking: { type: 'enabled', budget_tokens: 4000 } } },
    becomes: marks('unsaid', 'unsaid', 'exact', 'exact'),
    arrives: { openai: has(['reasoning_effort', 'medium']), anthropic: has(['thinking', { type: 'enabled', budget_tokens: 4000 }]) },
    remark: 'as the nearest effort',
  },
  {
    name: 'reasoning off',
    models: THINKERS,
    ask: { openai: { reasoning_effort: 'none' }, anthropic: { thinking: { type: 'disabled' } } },
    becomes: everywhere('exact'),
    arrives: { openai: has(['reasoning_effort', 'none']), anthropic: has(['thinking', { type: 'disabled' }]) },
  },
  {
    name: 'reasoning sent back, signed',
    models: THINKERS,
    ask: QUESTION,
    not: ['openai→openai'],
    becomes: marks('unsaid', 'exact', 'exact', 'exact'),
    tells: replayed((thinking, { upstream, received }) => {
      if (upstream === 'openai') assert.doesNotMatch(received?.bodyText ?? '', /"thinking"|signature/)
      else assert.match(String(thinking[0]?.signature), /^sig_/)
    }),
    remark: 'a vendor gets its own proofs only',
  },
  {
    name: 'redacted reasoning sent back',
    models: THINKERS,
    ask: QUESTION,
    not: ['openai→openai', 'anthropic→openai'],
    answer: upstream =>
      upstream === 'anthropic' ? { redacted: 'c2VjcmV0', reasoning: ['Hm.'], toolCalls: [{ name: 'look', arguments: '{}' }] } : {},
    becomes: marks('unsaid', 'exact', 'unsaid', 'exact'),
    tells: replayed(thinking => assert.deepEqual(thinking.at(-1), { type: 'redacted_thinking', data: 'c2VjcmV0' })),
  },
  {
    name: 'reasoning of another vendor in the history',
    models: { openai: 'gpt-5.5', anthropic: 'claude-opus-4-6' },
    ask: {
      openai: {
        messages: [
          { role: 'user', content: 'Why?' },
          { role: 'assistant', content: 'So.', reasoning_content: 'Hm.' },
          { role: 'user', content: 'And?' },
        ],
      },
      anthropic: {
        messages: [
          { role: 'user', content: 'Why?' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm.', signature: '' },
              { type: 'text', text: 'So.' },
            ],
          },
          { role: 'user', content: 'And?' },
        ],
      },
    },
    becomes: marks('passed', 'exact', 'exact', 'exact'),
    arrives: { openai: mentions('So.'), anthropic: body => assert.equal(blocksOf(body, 'thinking').length, 0) },
    remark: 'left out: only its issuer may see it',
  },
]
