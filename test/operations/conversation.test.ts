import { describe, expect, test } from 'bun:test'
import { Affinity } from '../../src/accounts/affinity.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { anthropic } from '../../src/dialects/anthropic/index.ts'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'
import type { ClientDialect } from '../../src/operations/call.ts'
import { conversationOf } from '../../src/operations/conversation.ts'

const affinity = new Affinity()

function conversation(body: JsonObject, dialect: ClientDialect = openaiChat as ClientDialect, caller = 'key-1') {
  const whole = { model: 'm', max_tokens: 5, ...body }
  const summary = dialect.client.inspectRequest(whole)
  return conversationOf({ body: whole, caller: { id: caller, name: caller, allows: () => true } }, summary, affinity)
}

const keyOf = (body: JsonObject, caller?: string) => conversation(body, undefined, caller).key()
const claudeKeyOf = (body: JsonObject) => conversation(body, anthropic as ClientDialect).key()

const system = { role: 'system', content: 'Be terse.' }
const hi = { role: 'user', content: 'hi' }
const hello = { role: 'assistant', content: 'hello' }
const next = { role: 'user', content: 'and then?' }

describe('a chat completion’s', () => {
  test('turns have one key', () => {
    const key = keyOf({ messages: [system, hi] })
    expect(keyOf({ messages: [system, hi, hello, next] })).toBe(key)
    expect(keyOf({ messages: [system, hi, hello, next, hello, { role: 'tool', tool_call_id: 't', content: 'x' }] })).toBe(key)
  })

  test.each<[string, JsonObject]>([
    ['first message', { messages: [system, { role: 'user', content: 'hello' }] }],
    ['instructions', { messages: [{ role: 'system', content: 'Be verbose.' }, hi] }],
    ['role of the instructions', { messages: [{ role: 'developer', content: 'Be terse.' }, hi] }],
    ['absence of instructions', { messages: [hi] }],
  ])('other %s: another key', (_, other) => expect(keyOf(other)).not.toBe(keyOf({ messages: [system, hi] })))

  test('other caller: another key', () => expect(keyOf({ messages: [hi] }, 'key-2')).not.toBe(keyOf({ messages: [hi] })))

  test('own name for its cache is its key', () => {
    const key = keyOf({ prompt_cache_key: 'mine', messages: [hi] })
    expect(keyOf({ prompt_cache_key: 'mine', messages: [next] })).toBe(key)
    expect(keyOf({ prompt_cache_key: 'other', messages: [hi] })).not.toBe(key)
    expect(keyOf({ prompt_cache_key: 'mine', messages: [hi] }, 'key-2')).not.toBe(key)
  })

  test('instructions alone begin nothing', () => {
    expect(conversation({ messages: [system, hi] }).goesOn).toBe(false)
    expect(conversation({ messages: [system, hi, hello, next] }).goesOn).toBe(true)
    expect(keyOf({ messages: [system] })).toBe(keyOf({ messages: [{ role: 'system', content: 'x' }] }))
  })
})

describe('a message’s (Anthropic)', () => {
  const first = { system: 'Be terse.', messages: [hi] }

  test('turns have one key', () => {
    expect(claudeKeyOf({ ...first, messages: [hi, hello, next] })).toBe(claudeKeyOf(first))
    expect(claudeKeyOf({ ...first, system: 'Be verbose.' })).not.toBe(claudeKeyOf(first))
    expect(conversation(first, anthropic as ClientDialect).goesOn).toBe(false)
    expect(conversation({ messages: [hi, hello, next] }, anthropic as ClientDialect).goesOn).toBe(true)
  })

  test('cache marks move on, and with them texts become blocks: still one key', () => {
    const marked = (text: string) => [{ type: 'text', text, cache_control: { type: 'ephemeral' } }]
    const second = { system: marked('Be terse.'), messages: [hi, hello, { role: 'user', content: marked('and then?') }] }
    expect(claudeKeyOf({ system: marked('Be terse.'), messages: [{ role: 'user', content: marked('hi') }] })).toBe(claudeKeyOf(first))
    expect(claudeKeyOf(second)).toBe(claudeKeyOf(first))
  })

  test('what Claude Code tells of each request is no part of the instructions', () => {
    const told = (hash: string) => ({
      ...first,
      system: [
        { type: 'text', text: `x-anthropic-billing-header: cc_version=2.1; cch=${hash};` },
        { type: 'text', text: 'Be terse.' },
      ],
    })
    expect(claudeKeyOf(told('00001'))).toBe(claudeKeyOf(told('00002')))
    expect(claudeKeyOf(told('00001'))).toBe(claudeKeyOf(first))
  })

  test('other images at the start: another key', () => {
    const image = (data: string) => ({
      messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }] }],
    })
    expect(claudeKeyOf(image('AAAA'))).not.toBe(claudeKeyOf(image('BBBB')))
  })
})

test('the key names the caller and tells nothing of what was said', () => {
  expect(keyOf({ messages: [{ role: 'user', content: 'a secret' }] })).toMatch(/^key-1 [\da-z]{1,13}$/)
})
