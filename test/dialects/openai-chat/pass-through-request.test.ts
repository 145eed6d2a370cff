import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { spliceTopLevel } from '../../../src/core/json-splice.ts'
import type { UpstreamTraits } from '../../../src/dialects/dialect.ts'
import { passThroughChanges } from '../../../src/dialects/openai-chat/pass-through-request.ts'

/** The bytes that go up. */
function sent(text: string, traits: UpstreamTraits): string {
  const { changes } = passThroughChanges(JSON.parse(text) as JsonObject, { model: 'm', traits })
  return spliceTopLevel(text, changes)
}

const body = (fields: string) => `{"model":"m","messages":[{"role":"user","content":"\\u0041 1.0"}],${fields}"n":1.0}`

describe('what the server has another word for', () => {
  test('the output limit, under the one name it knows', () => {
    expect(sent(body('"max_completion_tokens": 7,'), { maxTokensField: 'max_tokens' })).toBe(
      '{"model":"m","messages":[{"role":"user","content":"\\u0041 1.0"}],"n":1.0,"max_tokens":7}',
    )
    expect(sent(body('"max_tokens":5,"max_completion_tokens":7,'), { maxTokensField: 'max_tokens' })).toBe(body('"max_tokens":5,'))
    expect(sent(body('"max_tokens":5,'), { maxTokensField: 'max_completion_tokens' })).toEndWith('"n":1.0,"max_completion_tokens":5}')
    expect(sent(body('"max_tokens":5,'), {})).toBe(body('"max_tokens":5,'))
  })

  test('stream_options goes where it is refused, and no usage has to be taken out again', () => {
    const text = body('"stream":true,"stream_options":{"include_usage":true},')
    expect(sent(text, { streamOptions: false })).toBe(body('"stream":true,'))
    expect(passThroughChanges({ stream: true }, { model: 'm', traits: { streamOptions: false } })).toEqual({
      changes: new Map(),
      stripUsage: false,
    })
  })

  test('usage is asked for beside what else the client wants of the stream', () => {
    const text = body('"stream":true,"stream_options":{"include_obfuscation":false},')
    expect(sent(text, {})).toBe(body('"stream":true,"stream_options":{"include_obfuscation":false,"include_usage":true},'))
  })

  test('seed and "required" at Mistral', () => {
    expect(sent(body('"seed":3,"tool_choice":"required",'), { seedField: 'random_seed', requiredChoice: 'any' })).toBe(
      '{"model":"m","messages":[{"role":"user","content":"\\u0041 1.0"}],"tool_choice":"any","n":1.0,"random_seed":3}',
    )
  })
})

describe('messages', () => {
  const messages = (list: JsonObject[], traits: UpstreamTraits) => {
    const text = JSON.stringify({ messages: list })
    const result = sent(text, traits)
    return result === text ? 'unchanged' : (JSON.parse(result) as JsonObject).messages
  }

  test('the developer is the system only where the server does not know it', () => {
    const list = [
      { role: 'developer', content: 'D' },
      { role: 'user', content: 'U' },
    ]
    expect(messages(list, { developerRole: false })).toEqual([
      { role: 'system', content: 'D' },
      { role: 'user', content: 'U' },
    ])
    expect(messages(list, {})).toBe('unchanged')
    expect(messages([{ role: 'system', content: 'D' }], { developerRole: false })).toBe('unchanged')
  })

  test('ids of another form, the same for the call and its result', () => {
    const list = [
      { role: 'assistant', tool_calls: [{ id: 'call_0123456789', type: 'function', function: { name: 'f', arguments: '{"a":1.0}' } }] },
      { role: 'tool', tool_call_id: 'call_0123456789', content: 'r' },
    ]
    const [asked, answered] = messages(list, { toolCallIds: 'nine-alphanumeric' }) as [JsonObject, JsonObject]
    const [call] = asked.tool_calls as JsonObject[]
    expect(call?.id).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(answered.tool_call_id).toBe(call?.id)
    expect(messages([{ role: 'tool', tool_call_id: 'abcDEF123', content: 'r' }], { toolCallIds: 'nine-alphanumeric' })).toBe('unchanged')
    expect(messages(list, {})).toBe('unchanged')
  })

  test('reasoning that a server insists on is stood in for, unless it is off', () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
    const list = [
      { role: 'assistant', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [call] },
    ]
    const traits: UpstreamTraits = { replaysReasoning: true, requiresReasoning: true }
    expect(messages(list, traits)).toEqual([list[0], { ...list[1], reasoning_content: ' ' }] as never)
    expect(messages([{ ...list[1], reasoning_content: 'r' }], traits)).toBe('unchanged')
    const off = { messages: list, thinking: { type: 'disabled' } }
    expect(passThroughChanges(off, { model: 'm', traits }).changes.size).toBe(0)
  })

  test('carried seals go, and the text they belong to unless the server takes reasoning', () => {
    const sealed = (detail: JsonObject): JsonObject => ({
      role: 'assistant',
      content: 'a',
      reasoning_content: 'r',
      reasoning_details: [detail],
    })
    for (const detail of [{ signature: 'gw1.x' }, { data: 'gw1.x' }]) {
      expect(messages([sealed(detail)], {})).toEqual([{ role: 'assistant', content: 'a' }])
      expect(messages([sealed(detail)], { replaysReasoning: true })).toEqual([{ role: 'assistant', content: 'a', reasoning_content: 'r' }])
    }
  })

  test('a calling message has a text where null is refused, and nothing of OpenAI’s own where members are', () => {
    const message = { role: 'assistant', content: null, refusal: null, annotations: [], tool_calls: [] }
    expect(messages([message], { nullContent: false, strictMessages: true })).toEqual([{ role: 'assistant', content: '', tool_calls: [] }])
    expect(messages([message], {})).toBe('unchanged')
    expect(messages([{ role: 'assistant', refusal: 'No.' }], { strictMessages: true })).toBe('unchanged')
  })

  test('reasoning that the server refuses is taken out, or put where it is read', () => {
    const list = [{ role: 'assistant', content: 'a', reasoning_content: 'r' }]
    expect(messages(list, { replaysReasoning: false })).toEqual([{ role: 'assistant', content: 'a' }])
    const detailed = { ...list[0], reasoning_details: [{ type: 'reasoning.text', text: 'r' }] } as JsonObject
    expect(messages([detailed], { replaysReasoning: false })).toEqual([{ role: 'assistant', content: 'a' }])
    expect(messages(list, { replaysReasoning: true, reasoningField: 'reasoning' })).toEqual([
      { reasoning: 'r', role: 'assistant', content: 'a' },
    ])
    expect(messages(list, { replaysReasoning: true })).toBe('unchanged')
    expect(messages(list, {})).toBe('unchanged')
  })
})
