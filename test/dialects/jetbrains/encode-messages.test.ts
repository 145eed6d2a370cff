import { describe, expect, test } from 'bun:test'
import { jetbrainsV7 } from '../../../src/dialects/jetbrains/index.ts'
import type { Message } from '../../../src/ir/message.ts'
import { CLAUDE, call, encoded, GEMINI, GPT, image, message, options, result, text, tool } from './context.ts'

const WEATHER = tool('get_weather', { type: 'object', properties: { city: { type: 'string' } } })
const CITY = '{"city":"Paris"}'

describe('whole bodies', () => {
  test('the least there is: no parameters at all', () => {
    const { body, path } = encoded({ messages: [message('user', 'test')] })
    expect(body).toEqual({
      prompt: 'ij.chat.request.new-chat-on-start',
      profile: GPT,
      chat: { messages: [{ type: 'user_message', content: 'test' }] },
    })
    expect(path).toBeUndefined()
  })

  test('of v7', () => {
    expect(encoded({ messages: [message('user', 'test')] }, options(), jetbrainsV7).body).toEqual({
      prompt: 'ij.chat.request.new-chat',
      profile: GPT,
      chat: { messages: [{ type: 'user_message', content: 'test' }] },
    })
  })

  test('of v8 with tools in the history', () => {
    const { body, notes } = encoded(
      {
        messages: [
          message('system', 'Use tools.'),
          message('user', image(), 'Weather where this was taken?'),
          message('assistant', 'Checking.', call('toolu_1', 'get_weather', CITY)),
          message('tool', result('toolu_1', '18C')),
        ],
        tools: [WEATHER],
        maxOutputTokens: 1024,
      },
      options(CLAUDE),
    )
    expect(notes).toEqual([])
    expect(body).toEqual({
      prompt: 'ij.chat.request.new-chat-on-start',
      profile: CLAUDE,
      chat: {
        messages: [
          { type: 'system_message', content: 'Use tools.' },
          { type: 'media_message', mediaType: 'image/png', data: 'iVBORw0KGgo=' },
          { type: 'user_message', content: 'Weather where this was taken?' },
          { type: 'assistant_message_text', content: 'Checking.' },
          { type: 'assistant_message_tool', id: 'toolu_1', toolName: 'get_weather', content: CITY },
          { type: 'tool_message', id: 'toolu_1', toolName: 'get_weather', result: '18C' },
        ],
      },
      parameters: {
        data: [
          { type: 'json', fqdn: 'llm.parameters.tools' },
          {
            type: 'json',
            value: '[{"name":"get_weather","parameters":{"schema":{"type":"object","properties":{"city":{"type":"string"}}}}}]',
          },
          { type: 'int', fqdn: 'llm.parameters.length' },
          { type: 'int', value: 1024 },
        ],
      },
    })
  })

  test('codex profiles have an endpoint of their own, on v7 too', () => {
    for (const dialect of [undefined, jetbrainsV7]) {
      const made = encoded({ maxOutputTokens: 5 }, options('openai-gpt-5-1-codex-max'), dialect)
      expect(made.path).toBe('/user/v5/llm/responses/stream/v8')
      expect(made.body).not.toHaveProperty('parameters')
      expect(made.notes).toEqual(['dropped:max_tokens'])
    }
  })
})

const said = (messages: Message[], model = GPT) => {
  const { messages: wire, notes } = encoded({ messages }, options(model))
  return { wire, notes }
}

describe('turns', () => {
  test('instructions of either role are system messages', () => {
    const { wire } = said([message('system', 'a', 'b'), message('developer', 'c'), message('user', 'Hi')])
    expect(wire).toEqual([
      { type: 'system_message', content: 'a\n\nb' },
      { type: 'system_message', content: 'c' },
      { type: 'user_message', content: 'Hi' },
    ])
  })

  test('in mid-conversation they are reminders where only OpenAI takes them', () => {
    const messages = [message('user', 'Hi'), message('system', 'Be terse.'), message('user', 'Go on')]
    expect(said(messages)).toMatchObject({ wire: [{}, { type: 'system_message', content: 'Be terse.' }, {}], notes: [] })
    expect(said(messages, CLAUDE)).toMatchObject({
      wire: [{}, { type: 'user_message', content: '<system-reminder>\nBe terse.\n</system-reminder>' }, {}],
      notes: ['approximated:messages.1.role'],
    })
  })

  test('blank texts are left out', () => {
    const { wire, notes } = said([
      message('system', ' \n'),
      message('user', ' ', 'Hi', '\t'),
      message('assistant', '\n'),
      message('user', 'Still there?'),
    ])
    expect(wire).toEqual([
      { type: 'user_message', content: 'Hi' },
      { type: 'user_message', content: 'Still there?' },
    ])
    expect(notes).toEqual([])
  })

  test('a conversation of nothing is refused', () => {
    expect(() => said([message('user', ' ')])).toThrow('messages: must hold some text')
  })

  test('Claude Code’s attribution is left out', () => {
    expect(said([message('system', 'x-anthropic-billing-header: cc_version=1', 'You are terse.'), message('user', 'Hi')]).wire[0]).toEqual({
      type: 'system_message',
      content: 'You are terse.',
    })
  })

  test('where the user must begin, the user does', () => {
    const messages = [message('system', 's'), message('assistant', 'Hello'), message('user', 'Hi')]
    expect(said(messages, GEMINI)).toMatchObject({
      wire: [{}, { type: 'user_message', content: '(conversation continues)' }, { type: 'assistant_message_text' }, {}],
      notes: ['approximated:messages'],
    })
    expect(said(messages).wire).toHaveLength(3)
    expect(said([message('system', 's')]).wire.at(-1)).toMatchObject({ type: 'user_message' })
  })

  test('earlier reasoning stays here; what only a vendor understands is noted', () => {
    const { wire, notes } = said([
      message('user', 'Hi'),
      message('assistant', { type: 'reasoning', text: 'hm' }, 'Hello', {
        type: 'opaque',
        origin: 'anthropic',
        value: { type: 'server_tool_use' },
      }),
      message('user', 'So?'),
    ])
    expect(wire[1]).toEqual({ type: 'assistant_message_text', content: 'Hello' })
    expect(notes).toEqual(['dropped:messages.1.content.2'])
  })

  test('names of speakers are noted', () => {
    expect(said([{ ...message('user', 'Hi'), name: 'eve' }]).notes).toEqual(['dropped:messages.0.name'])
  })
})

describe('an answer that was begun', () => {
  const begun = [message('user', 'Count'), message('assistant', 'One, ')]

  test('is gone on with by older Claudes', () => {
    for (const model of [CLAUDE, 'anthropic-claude-3.5-haiku', 'anthropic-claude-4-opus', 'anthropic-claude-4.1-opus'])
      expect(said(begun, model)).toMatchObject({
        wire: [{}, { type: 'assistant_message_text', content: 'One,' }],
        notes: ['approximated:messages'],
      })
  })

  test('elsewhere the model is asked to, which is our invention', () => {
    for (const model of ['anthropic-claude-4-6-sonnet', 'anthropic-claude-4-7-opus', 'anthropic-claude-5-opus', GPT, GEMINI]) {
      const { wire, notes } = said(begun, model)
      expect(wire.map(({ type }) => type)).toEqual(['user_message', 'assistant_message_text', 'user_message'])
      expect(notes).toEqual(['approximated:messages'])
    }
  })
})

describe('media', () => {
  test('stands before the text of its turn; text on both sides is noted', () => {
    expect(said([message('user', 'Look:', image())])).toEqual({
      wire: [
        { type: 'media_message', mediaType: 'image/png', data: 'iVBORw0KGgo=' },
        { type: 'user_message', content: 'Look:' },
      ],
      notes: [],
    })
    expect(said([message('user', 'A', image(), 'B')])).toMatchObject({
      wire: [{ type: 'media_message' }, { content: 'A\n\nB' }],
      notes: ['approximated:messages.0.content'],
    })
  })

  test('has the type that its bytes tell', () => {
    const webp = Buffer.from('RIFF\u0010\u0000\u0000\u0000WEBPVP8 ').toString('base64')
    for (const [bytes, type] of [
      ['/9j/4AAQ', 'image/jpeg'],
      ['R0lGODlh', 'image/gif'],
      [webp, 'image/webp'],
    ] as const)
      expect(said([message('user', image(bytes, 'image/*'))]).wire).toEqual([{ type: 'media_message', mediaType: type, data: bytes }])
  })

  test('goes up without the line breaks that some clients put into base64', () => {
    expect(said([message('user', image('iVBORw0K\r\nGgo='))]).wire).toEqual([
      { type: 'media_message', mediaType: 'image/png', data: 'iVBORw0KGgo=' },
    ])
  })

  test('text documents are text', () => {
    const part = { type: 'media', mediaType: 'text/plain', name: 'a.txt', source: { kind: 'text', text: 'x' } } as const
    expect(said([message('user', part)]).wire).toEqual([{ type: 'user_message', content: '<document title="a.txt">\nx\n</document>' }])
  })

  test('that cannot be sent is refused by name', () => {
    const url = { type: 'media', mediaType: 'image/*', source: { kind: 'url', url: 'https://example.com/a.png' } } as const
    expect(() => said([message('user', 'a', url)])).toThrow('messages.0.content.1: images by URL cannot be sent')
    const file = { type: 'media', mediaType: 'image/*', source: { kind: 'file', id: 'f', origin: 'anthropic' } } as const
    expect(() => said([message('user', file)])).toThrow('names a file that only another vendor has')
    expect(() => said([message('user', image('JVBERi0x', 'application/pdf'))])).toThrow('is of type application/pdf')
    expect(() => encoded({ messages: [message('user', image())] }, options(GPT, { mediaTypes: [] }))).toThrow('takes text only')
  })

  test('of the types that the profile lists', () => {
    const pdf = [message('user', image('JVBERi0x', 'application/pdf'))]
    expect(encoded({ messages: pdf }, options(GPT, { mediaTypes: ['application/pdf'] })).messages[0]?.mediaType).toBe('application/pdf')
    expect(encoded({ messages: [message('user', image())] }, options(GPT, { mediaTypes: ['image/*'] })).messages).toHaveLength(1)
    expect(() => encoded({ messages: [message('user', image())] }, options(GPT, { mediaTypes: ['image/webp'] }))).toThrow(
      'takes image/webp',
    )
  })
})

describe('tool calls', () => {
  const parallel = [
    message('user', 'Go'),
    message('assistant', call('a', 'f', '{"x":1}'), call('b', 'g', '')),
    message('tool', result('b', 'second'), result('a', 'first')),
  ]

  test('in parallel: all calls, then all results in their order, and nothing behind', () => {
    expect(said(parallel)).toEqual({
      wire: [
        { type: 'user_message', content: 'Go' },
        { type: 'assistant_message_tool', id: 'a', toolName: 'f', content: '{"x":1}' },
        { type: 'assistant_message_tool', id: 'b', toolName: 'g', content: '{}' },
        { type: 'tool_message', id: 'a', toolName: 'f', result: 'first' },
        { type: 'tool_message', id: 'b', toolName: 'g', result: 'second' },
      ],
      notes: [],
    })
  })

  test('ids that are too long are replaced alike in call and result', () => {
    const id = `call_${'x'.repeat(60)}`
    const { wire } = said([message('user', 'Go'), message('assistant', call(id, 'f', '{}')), message('tool', result(id, 'ok'))])
    expect(String(wire[1]?.id)).toMatch(/^[a-zA-Z0-9_-]{1,40}$/)
    expect(wire[2]?.id).toBe(wire[1]?.id as string)
  })

  test('a missing result is made up, and said so; one that nobody asked for is text', () => {
    const { wire, notes } = said([message('user', 'Go'), message('assistant', call('a', 'f', '{}')), message('tool', result('z', 'lost'))])
    expect(wire.slice(2)).toEqual([
      { type: 'tool_message', id: 'a', toolName: 'f', result: '[no result]' },
      { type: 'user_message', content: '[tool result] lost' },
    ])
    expect(notes).toEqual(['approximated:messages.1.content', 'approximated:messages.2.content.0'])
  })

  test('failures are marked, texts joined, pictures follow', () => {
    const failed = { ...result('a', 'no', 'luck', image()), isError: true } as Message['content'][number]
    const { wire, notes } = said([message('user', 'Go'), message('assistant', call('a', 'f', '{}')), message('tool', failed)])
    expect(wire.slice(2)).toEqual([
      { type: 'tool_message', id: 'a', toolName: 'f', result: '[tool error] no\nluck\n[image 1 attached below]' },
      { type: 'media_message', mediaType: 'image/png', data: 'iVBORw0KGgo=' },
    ])
    expect(notes).toEqual(['approximated:messages.2.content.0.content.2'])
  })

  test('a tool’s picture that cannot be sent does not end the conversation', () => {
    const url = { type: 'media', mediaType: 'image/*', source: { kind: 'url', url: 'https://example.com/a.png' } } as const
    const { wire, notes } = said([message('user', 'Go'), message('assistant', call('a', 'f', '{}')), message('tool', result('a', url))])
    expect(wire[2]?.result).toBe('[image that this model cannot be shown]')
    expect(notes).toEqual(['dropped:messages.2.content.0.content.0'])
  })

  test('arguments are an object: free text in its wrapper, broken JSON under a name of its own', () => {
    const custom = { ...call('a', 'patch', 'raw'), kind: 'custom' } as Message['content'][number]
    const { wire, notes } = said([
      message('user', 'Go'),
      message('assistant', custom, call('b', 'f', '{"x":')),
      message('tool', result('a', 'ok'), result('b', 'ok')),
    ])
    expect(wire.slice(1, 3).map(({ content }) => content)).toEqual(['{"input":"raw"}', JSON.stringify({ _invalid_json: '{"x":' })])
    expect(notes).toEqual(['approximated:messages.1.content'])
  })

  test('text after calls moves before them, and says so', () => {
    const { wire, notes } = said([
      message('user', 'Go'),
      message('assistant', call('a', 'f', '{}'), text('later')),
      message('tool', result('a', 'ok')),
    ])
    expect(wire.map(({ type }) => type)).toEqual(['user_message', 'assistant_message_text', 'assistant_message_tool', 'tool_message'])
    expect(notes).toEqual(['approximated:messages.1.content'])
  })

  test('v7: one call a message, each directly followed by its result', () => {
    const { messages } = encoded(
      { messages: [...parallel, message('assistant', 'Done'), message('user', 'Thanks')] },
      options(),
      jetbrainsV7,
    )
    expect(messages).toEqual([
      { type: 'user_message', content: 'Go' },
      { type: 'assistant_message', content: '', functionCall: { functionName: 'f', content: '{"x":1}' } },
      { type: 'function_message', functionName: 'f', content: 'first' },
      { type: 'assistant_message', content: '', functionCall: { functionName: 'g', content: '{}' } },
      { type: 'function_message', functionName: 'g', content: 'second' },
      { type: 'assistant_message', content: 'Done' },
      { type: 'user_message', content: 'Thanks' },
    ])
  })

  test('v7: text goes with the first call, orphans are text, pictures are told of', () => {
    const { messages, notes } = encoded(
      {
        messages: [
          message('user', 'Go', image()),
          message('assistant', 'Sure.', call('a', 'f', '{}')),
          message('tool', result('a', 'ok'), result('z', 'lost')),
        ],
      },
      options(),
      jetbrainsV7,
    )
    expect(messages).toEqual([
      { type: 'user_message', content: 'Go\n\n[image that this model cannot be shown]' },
      { type: 'assistant_message', content: 'Sure.', functionCall: { functionName: 'f', content: '{}' } },
      { type: 'function_message', functionName: 'f', content: 'ok' },
      { type: 'user_message', content: '[tool result] lost' },
    ])
    expect(notes).toEqual(['dropped:messages.0.content.1', 'approximated:messages.2.content.1'])
  })

  test('a compaction’s summary takes the place of what it sums up', () => {
    const compaction = { type: 'opaque', origin: 'anthropic', value: { type: 'compaction', content: 'They met.' } } as const
    const { wire, notes } = said([message('user', 'long ago'), message('assistant', compaction, 'And now?'), message('user', 'Go on')])
    expect(wire).toEqual([
      { type: 'user_message', content: '<conversation-summary>\nThey met.\n</conversation-summary>' },
      { type: 'assistant_message_text', content: 'And now?' },
      { type: 'user_message', content: 'Go on' },
    ])
    expect(notes).toEqual([])
  })
})
