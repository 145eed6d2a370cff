import assert from 'node:assert/strict'
import { everywhere, type Feature, marks } from '../feature.ts'
import { blocksOf, has, mentions, messagesOf, says } from './proof.ts'

const TURNS = [
  { role: 'user', content: 'One.' },
  { role: 'assistant', content: 'Two.' },
  { role: 'user', content: 'Three?' },
]

/** What is said, and by whom. */
export const TALK: readonly Feature[] = [
  {
    name: 'text',
    ask: { model: '', turns: [{ user: 'Grüße, 世界 🌍' }] },
    becomes: everywhere('exact'),
    arrives: { openai: mentions('Grüße, 世界 🌍'), anthropic: mentions('Grüße, 世界 🌍') },
    tells: says({ text: 'You said: Grüße, 世界 🌍', finish: 'stop' }),
  },
  {
    name: 'system prompt',
    ask: { model: '', system: 'Be kind.', turns: [{ user: 'Hi' }] },
    becomes: everywhere('exact'),
    arrives: {
      openai: has(['messages.0.role', 'system'], ['messages.0.content', 'Be kind.']),
      anthropic: body => assert.match(JSON.stringify(body.system), /Be kind\./),
    },
    tells: says({ text: 'You said: Hi' }),
  },
  {
    name: 'system message in mid-conversation',
    models: { anthropic: 'claude-opus-4-8' },
    ask: {
      openai: { messages: [...TURNS, { role: 'system', content: 'Be brief.' }] },
      anthropic: { messages: [...TURNS, { role: 'system', content: 'Be brief.' }] },
    },
    becomes: everywhere('exact'),
    arrives: {
      openai: body => assert.equal(messagesOf(body, 'system').length + messagesOf(body, 'developer').length, 1),
      anthropic: body => assert.equal(messagesOf(body, 'system').length, 1),
    },
  },
  {
    name: 'system message in mid-conversation, to models that take none',
    fields: ['messages'],
    ask: { openai: { messages: [...TURNS, { role: 'system', content: 'Be brief.' }] } },
    becomes: marks('exact', 'approximated', 'unsaid', 'unsaid'),
    arrives: { anthropic: mentions('<system-reminder>\\nBe brief.\\n</system-reminder>') },
    remark: 'a reminder in its place',
  },
  {
    name: 'several turns',
    ask: { openai: { messages: TURNS }, anthropic: { messages: TURNS } },
    becomes: everywhere('exact'),
    arrives: {
      openai: body => assert.deepEqual(body.messages, TURNS),
      anthropic: body => assert.deepEqual(JSON.stringify(body.messages).match(/One\.|Two\.|Three\?/g), ['One.', 'Two.', 'Three?']),
    },
    tells: says({ text: 'You said: Three?' }),
  },
  {
    name: 'prefilled answer',
    fields: ['messages'],
    ask: {
      openai: { messages: [...TURNS, { role: 'assistant', content: 'Fou' }] },
      anthropic: { messages: [...TURNS, { role: 'assistant', content: 'Fou' }] },
    },
    becomes: marks('exact', 'exact', 'approximated', 'exact'),
    arrives: {
      openai: has(['messages.-1.role', 'assistant'], ['messages.-1.content', 'Fou']),
      anthropic: body => assert.match(JSON.stringify(body.messages), /"assistant","content":[^{]*(\{"type":"text","text":)?"Fou"/),
    },
  },
  {
    name: 'prefilled answer, to newer Claude models',
    models: { anthropic: 'claude-opus-5' },
    fields: ['messages'],
    ask: { openai: { messages: [...TURNS, { role: 'assistant', content: 'Fou' }] } },
    becomes: marks('exact', 'refused', 'unsaid', 'unsaid'),
  },
  {
    name: 'cache breakpoints',
    models: { openai: 'gpt-6.1-sol' },
    ask: {
      openai: { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', prompt_cache_breakpoint: { mode: 'explicit' } }] }] },
      anthropic: { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] }] },
    },
    becomes: everywhere('exact'),
    arrives: {
      openai: body => assert.deepEqual(blocksOf(body, 'text')[0]?.prompt_cache_breakpoint, { mode: 'explicit' }),
      anthropic: body => assert.deepEqual(blocksOf(body, 'text')[0]?.cache_control, { type: 'ephemeral' }),
    },
  },
]
