import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../src/core/json.ts'
import type { ContentPart, Message, ToolCallPart, ToolResultPart } from '../../../src/ir/message.ts'
import { checkMessages } from '../../simulators/openai/check-messages.ts'
import { encoded, message, options, text } from './context.ts'

const call = (id: string, args = '{}'): ToolCallPart => ({ type: 'tool-call', id, name: 'f', arguments: args })
const result = (callId: string, content: (string | ContentPart)[], isError = false): ToolResultPart => ({
  type: 'tool-result',
  callId,
  content: content.map(part => (typeof part === 'string' ? text(part) : part)),
  isError,
})
const image: ContentPart = { type: 'media', mediaType: 'image/png', source: { kind: 'base64', data: 'AAAA' } }
const wireImage = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }

const encode = (messages: Message[], encodeOptions = options()) => encoded({ messages }, encodeOptions)
const wire = (messages: Message[], encodeOptions = options()) => encode(messages, encodeOptions).body.messages as unknown

describe('instructions', () => {
  const system = message('system', 'x-anthropic-billing-header: cc', 'You are one.', 'Be short.')

  test('stay parts at OpenAI and become one text elsewhere; the attribution is left out', () => {
    const parts = [
      { type: 'text', text: 'You are one.' },
      { type: 'text', text: 'Be short.' },
    ]
    expect(wire([system])).toEqual([{ role: 'system', content: parts }])
    expect(wire([system], options('llama'))).toEqual([{ role: 'system', content: 'You are one.\n\nBe short.' }])
  })

  test('keep their place, and the developer role only where the server knows it', () => {
    const messages = [message('developer', 'D'), message('user', 'U'), message('system', 'S')]
    expect(wire(messages)).toMatchObject([{ role: 'system' }, { role: 'user' }, { role: 'system', content: 'S' }])
    expect(wire(messages, options('gpt-5', { developerRole: true }))).toMatchObject([
      { role: 'developer' },
      { role: 'user' },
      { role: 'system' },
    ])
  })

  test('without any text are no message', () => {
    expect(wire([message('system', ''), message('user', 'U')])).toEqual([{ role: 'user', content: 'U' }])
  })
})

describe('the user', () => {
  test('one text is a string, more are parts in order', () => {
    expect(wire([message('user', 'a'), message('user', 'a', image, 'b')])).toEqual([
      { role: 'user', content: 'a' },
      { role: 'user', content: [{ type: 'text', text: 'a' }, wireImage, { type: 'text', text: 'b' }] },
    ])
  })

  test('who said nothing still has a turn', () => {
    expect(wire([message('user')])).toEqual([{ role: 'user', content: '' }])
  })

  test('parts that only another vendor knows are noted by the caller’s own path', () => {
    const opaque: ContentPart = { type: 'opaque', origin: 'anthropic', value: { type: 'container_upload' } }
    const { body, notes } = encode([message('system', 'S'), message('user', 'a', opaque)])
    expect(body.messages).toHaveLength(2)
    expect(notes).toEqual(['dropped:messages.0.content.1'])
  })

  test('cache marks become breakpoints where the model takes them and are silent elsewhere', () => {
    const marked = message('user', { ...text('a'), cache: { ttl: '1h' } })
    expect(wire([marked], options('gpt-5.6'))).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } }] },
    ])
    expect(encode([marked])).toMatchObject({ body: { messages: [{ content: 'a' }] }, notes: [] })
  })
})

describe('the assistant', () => {
  test('texts join without a separator, calls keep their arguments to the letter', () => {
    expect(wire([message('assistant', 'One ', 'two.', call('c1', '{"b":1.0, "a":"\\u00e9"}'), call('c2', ''))])).toMatchObject([
      {
        role: 'assistant',
        content: 'One two.',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"b":1.0, "a":"\\u00e9"}' } },
          { id: 'c2', type: 'function', function: { name: 'f', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c1' },
      { role: 'tool', tool_call_id: 'c2' },
    ])
  })

  test('broken arguments go as they are', () => {
    for (const args of ['{"a":1', 'null', '[1]']) {
      expect(wire([message('assistant', call('c', args))])).toMatchObject([
        { content: null, tool_calls: [{ function: { arguments: args } }] },
        {},
      ])
    }
  })

  test('interleaving of text and calls is noted', () => {
    expect(encode([message('assistant', 'a', call('c'), 'b'), message('tool', result('c', ['r']))]).notes).toEqual([
      'approximated:messages.0.content',
    ])
  })

  test('reasoning is never text: dropped, or replayed where the server asks for it', () => {
    const thought: ContentPart = { type: 'reasoning', text: 'hm', seal: { issuer: 'anthropic', value: 'sig' } }
    const own: ContentPart = { type: 'reasoning', text: '!', seal: { issuer: 'openai-chat', value: 'mine' } }
    const messages = [message('assistant', thought, own, 'a')]
    expect(encode([...messages, message('user', 'b')])).toMatchObject({
      body: { messages: [{ role: 'assistant', content: 'a' }, { role: 'user' }] },
      notes: [],
    })
    const replayed = wire(messages, options('deepseek', { replaysReasoning: true })) as JsonObject[]
    expect(replayed).toMatchObject([{ content: 'a', reasoning_content: 'hm!', reasoning_details: [{ signature: 'mine', text: '!' }] }])
    expect(JSON.stringify(replayed)).not.toContain('sig"')
    expect(wire([message('assistant', thought)])).toEqual([])
  })

  test("only Google's seal goes on a tool call", () => {
    const sealed = (issuer: 'gemini' | 'anthropic') => wire([message('assistant', { ...call('c'), seal: { issuer, value: 's' } })])
    expect(sealed('gemini')).toMatchObject([{ tool_calls: [{ extra_content: { google: { thought_signature: 's' } } }] }, {}])
    expect(JSON.stringify(sealed('anthropic'))).not.toContain('extra_content')
  })

  test('a refusal has its own field at OpenAI and is text elsewhere', () => {
    const messages = [message('assistant', { type: 'refusal', text: 'No.' })]
    expect(wire(messages)).toEqual([{ role: 'assistant', content: null, refusal: 'No.' }])
    expect(wire(messages, options('llama'))).toEqual([{ role: 'assistant', content: 'No.' }])
    expect(wire([message('assistant', 'Well. ', { type: 'refusal', text: 'No.' })], options('llama'))).toEqual([
      { role: 'assistant', content: 'Well. No.' },
    ])
  })

  test('custom calls stay custom', () => {
    expect(wire([message('assistant', { ...call('c', 'free'), kind: 'custom' })])).toMatchObject([
      { tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'f', input: 'free' } }] },
      {},
    ])
  })
})

describe('tool results', () => {
  test('directly follow their calls; errors are marked, media follow all of them', () => {
    const messages = [
      message('assistant', 'ok', call('c1'), call('c2')),
      message('tool', result('c2', ['broken'], true), result('c1', ['see', image])),
      message('user', 'and?'),
    ]
    expect(wire(messages)).toEqual([
      expect.objectContaining({ role: 'assistant' }),
      { role: 'tool', tool_call_id: 'c1', content: 'see\n[image 1 attached below]' },
      { role: 'tool', tool_call_id: 'c2', content: '[tool error] broken' },
      { role: 'user', content: [wireImage] },
      { role: 'user', content: 'and?' },
    ])
  })

  test('that are missing are made up, orphans are told as text, of two the last holds', () => {
    const messages = [
      message('assistant', call('c1'), call('c2')),
      message('tool', result('c1', ['old']), result('c1', ['new']), result('lost', ['x'])),
    ]
    const { body, notes } = encode(messages)
    expect(body.messages as unknown).toEqual([
      expect.objectContaining({ role: 'assistant' }),
      { role: 'tool', tool_call_id: 'c1', content: 'new' },
      { role: 'tool', tool_call_id: 'c2', content: '[no result]' },
      { role: 'user', content: '[tool result] x' },
    ])
    expect(notes).toEqual(['approximated:messages.0.content', 'approximated:messages.1.content.2'])
  })

  test('behind the next answer come too late', () => {
    expect(wire([message('assistant', call('c')), message('assistant', 'a'), message('tool', result('c', ['r']))])).toMatchObject([
      { role: 'assistant' },
      { role: 'tool', content: '[no result]' },
      { role: 'assistant', content: 'a' },
      { role: 'user', content: '[tool result] r' },
    ])
  })

  test('media are numbered through all results of a turn, by their kind', () => {
    const audio: ContentPart = { type: 'media', mediaType: 'audio/wav', source: { kind: 'base64', data: 'AAAA' } }
    const messages = [message('assistant', call('c1'), call('c2')), message('tool', result('c1', [image]), result('c2', [audio]))]
    expect(wire(messages)).toMatchObject([
      {},
      { content: '[image 1 attached below]' },
      { content: '[audio 2 attached below]' },
      { role: 'user', content: [wireImage, { type: 'input_audio' }] },
    ])
  })

  test('are found behind an instruction that stands between', () => {
    const messages = [message('assistant', call('c')), message('system', 'S'), message('tool', result('c', ['r']))]
    expect(wire(messages)).toMatchObject([{ role: 'assistant' }, { role: 'tool', content: 'r' }, { role: 'system' }])
  })

  test('ids that are too long become the same short one on both sides', () => {
    const id = 'toolu_'.padEnd(60, 'x')
    const [asked, answered] = wire([message('assistant', call(id)), message('tool', result(id, ['r']))]) as [JsonObject, JsonObject]
    const [wireCall] = asked.tool_calls as JsonObject[]
    expect(answered.tool_call_id).toBe(wireCall?.id as string)
    expect(String(wireCall?.id).length).toBeLessThanOrEqual(40)
  })
})

test('whatever the history, what goes up is a conversation that OpenAI takes', () => {
  const ids = fc.constantFrom('c1', 'c2', 'c3', 'x'.repeat(50))
  const part = fc.oneof(fc.string().map(text), fc.constant(image))
  const results = fc.array(
    fc.tuple(ids, fc.array(part, { maxLength: 2 }), fc.boolean()).map(([id, content, failed]) => result(id, content, failed)),
    { minLength: 1, maxLength: 3 },
  )
  const calls = fc.uniqueArray(ids, { maxLength: 3 }).map(list => list.map(id => call(id)))
  const any: fc.Arbitrary<Message> = fc.oneof(
    fc.array(part, { maxLength: 3 }).map(content => ({ role: 'user' as const, content })),
    fc.array(fc.string().map(text), { maxLength: 2 }).map(content => ({ role: 'system' as const, content })),
    results.map(content => ({ role: 'tool' as const, content })),
    fc
      .tuple(fc.array(fc.string().map(text), { maxLength: 2 }), calls)
      .map(([texts, list]) => ({ role: 'assistant' as const, content: [...texts, ...list] })),
  )
  fc.assert(
    fc.property(fc.array(any, { maxLength: 8 }), fc.constantFrom('gpt-4o', 'gpt-5.6', 'llama'), (messages, model) => {
      const list = encode([message('user', 'Hi'), ...messages], options(model)).body.messages
      expect(() => checkMessages(list)).not.toThrow()
    }),
  )
})
