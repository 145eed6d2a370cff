import { describe, expect, test } from 'bun:test'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { anthropic } from '../../../src/dialects/anthropic/index.ts'
import type { ClientCodec, UpstreamTraits } from '../../../src/dialects/dialect.ts'
import { testContext } from '../../support/codec-context.ts'
import { options, upstream } from './context.ts'

const claude = anthropic.client as ClientCodec

/** What an Anthropic client's messages become on the wire, and what was noted. */
function sent(messages: JsonValue[], fields: JsonObject = {}, model = 'gpt-4.1', traits: UpstreamTraits = {}) {
  const context = testContext()
  const request = claude.decodeRequest({ model: 'm', max_tokens: 10, messages, ...fields }, context)
  const { body } = upstream.encodeRequest(request, options(model, traits), context)
  return { body, messages: body.messages as unknown, notes: context.fields() }
}

const user = (...content: JsonValue[]) => ({ role: 'user', content })
const assistant = (...content: JsonValue[]) => ({ role: 'assistant', content })
const text = (value: string, more: JsonObject = {}) => ({ type: 'text', text: value, ...more })

describe('documents', () => {
  const document = (source: JsonObject, more: JsonObject = {}) => ({ type: 'document', source, ...more })
  const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }

  test('a PDF is a file, its context text before it; that it can be cited is lost', () => {
    const block = document(pdf, { title: 'log.pdf', context: 'The log of May.', citations: { enabled: true } })
    expect(sent([user(block, text('?'))])).toMatchObject({
      messages: [
        {
          role: 'user',
          content: [
            text('The log of May.'),
            { type: 'file', file: { filename: 'log.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
            text('?'),
          ],
        },
      ],
      notes: ['dropped:messages.0.content.0.citations'],
    })
  })

  test('text, and blocks with their images', () => {
    const plain = document({ type: 'text', media_type: 'text/plain', data: 'abc' }, { title: 'T' })
    const blocks = document(
      { type: 'content', content: [text('one'), { type: 'image', source: { type: 'url', url: 'https://e.com/a.png' } }, text('two')] },
      { context: 'about', citations: { enabled: true } },
    )
    expect(sent([user(plain, blocks)])).toMatchObject({
      messages: [
        {
          content: [
            text('<document title="T">\nabc\n</document>'),
            text('about'),
            text('<document>\none\ntwo\n</document>'),
            { type: 'image_url', image_url: { url: 'https://e.com/a.png' } },
          ],
        },
      ],
      notes: ['dropped:messages.0.content.1.citations'],
    })
  })

  test('citations that are off are no loss', () => {
    expect(sent([user(document(pdf, { citations: { enabled: false } }))]).notes).toEqual([])
  })

  test('by URL or from another vendor’s files they are refused by name', () => {
    for (const source of [
      { type: 'url', url: 'https://e.com/a.pdf' },
      { type: 'file', file_id: 'file_1' },
    ]) {
      expect(() => sent([user(text('a'), document(source))])).toThrow(
        expect.objectContaining({ kind: 'invalid-request', param: 'messages.0.content.1' }),
      )
    }
  })
})

test('search results are text, which can no longer be cited', () => {
  const block = {
    type: 'search_result',
    title: 'T',
    source: 'https://e.com',
    content: [text('a'), text('b')],
    citations: { enabled: true },
  }
  expect(sent([user(block)])).toMatchObject({
    messages: [{ role: 'user', content: 'T\nhttps://e.com\na\nb' }],
    notes: ['approximated:messages.0.content.0'],
  })
})

test('citations on what the assistant said are noted', () => {
  const cited = text('said', { citations: [{ type: 'char_location', cited_text: 'x' }] })
  expect(sent([assistant(text('a', { citations: null }), cited), user(text('?'))])).toMatchObject({
    messages: [{ role: 'assistant', content: 'asaid' }, {}],
    notes: ['dropped:messages.0.content.1.citations'],
  })
})

test("what another vendor's tools did is noted; an auditor's mark is nothing", () => {
  const use = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } }
  const found = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }
  const uploaded = { type: 'container_upload', file_id: 'f' }
  expect(sent([assistant(use, found, { type: 'fallback' }, text('So.')), user(uploaded, text('?'))])).toMatchObject({
    messages: [
      { role: 'assistant', content: 'So.' },
      { role: 'user', content: '?' },
    ],
    notes: ['dropped:messages.0.content.0', 'dropped:messages.0.content.1', 'dropped:messages.1.content.0'],
  })
})

describe('compaction', () => {
  const block = { type: 'compaction', content: 'They built a raft.' }
  const summary = '<conversation-summary>\nThey built a raft.\n</conversation-summary>'

  test('the summary takes the place of everything before it', () => {
    const messages = [user(text('old')), assistant(text('older'), block, text('Then?')), user(text('new'))]
    expect(sent(messages, { system: 'S' })).toEqual({
      body: expect.anything(),
      messages: [
        { role: 'system', content: 'S' },
        { role: 'user', content: summary },
        { role: 'assistant', content: 'Then?' },
        { role: 'user', content: 'new' },
      ],
      notes: [],
    })
  })

  test('of several the last one counts, and one that failed means nothing', () => {
    const failed = { type: 'compaction', content: null }
    const messages = [
      assistant({ type: 'compaction', content: 'first' }),
      user(text('a')),
      assistant(block),
      user(text('b')),
      assistant(failed, text('c')),
      user(text('d')),
    ]
    expect(sent(messages).notes).toEqual([])
    expect(sent(messages).messages).toEqual([
      { role: 'user', content: summary },
      { role: 'user', content: 'b' },
      { role: 'assistant', content: 'c' },
      { role: 'user', content: 'd' },
    ])
  })

  test('of several in one message the last one counts; a question before it is not kept', () => {
    const messages = [user(text('old')), assistant({ type: 'compaction', content: 'first' }, block, text('c')), user(text('d'))]
    expect(sent(messages).messages).toEqual([
      { role: 'user', content: summary },
      { role: 'assistant', content: 'c' },
      { role: 'user', content: 'd' },
    ])
  })

  test('a summary that only its vendor can read is refused', () => {
    for (const content of [null, ''])
      expect(() => sent([assistant({ type: 'compaction', content, encrypted_content: 'x' }), user(text('a'))])).toThrow(
        expect.objectContaining({ kind: 'invalid-request', param: 'messages.0.content.0' }),
      )
  })

  test('later losses keep their place in the caller’s words', () => {
    const messages = [user(text('old')), assistant(block), user(text('a'), { type: 'container_upload', file_id: 'f' })]
    expect(sent(messages).notes).toEqual(['dropped:messages.2.content.1'])
    const uploaded = { type: 'container_upload', file_id: 'f' }
    expect(sent([user(text('old')), user(block, text('a'), uploaded), user(text('b'))]).notes).toEqual(['dropped:messages.1.content.2'])
  })
})

describe('tool results', () => {
  const use = { type: 'tool_use', id: 't1', name: 'f', input: {} }
  const result = (content: JsonValue, more: JsonObject = {}) => ({ type: 'tool_result', tool_use_id: 't1', content, ...more })
  const tools = [
    { name: 'f', input_schema: { type: 'object' } },
    { name: 'later', input_schema: { type: 'object' }, defer_loading: true },
  ]

  test('documents follow in a user message, references are told and load their tools', () => {
    const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }
    const { messages, body } = sent([assistant(use), user(result([text('see'), pdf, { type: 'tool_reference', tool_name: 'later' }]))], {
      tools,
    })
    expect(messages).toMatchObject([
      {},
      { role: 'tool', content: 'see\n[document 1 attached below]\nTools now available: later' },
      { role: 'user', content: [{ type: 'file' }] },
    ])
    expect((body.tools as JsonObject[]).map(tool => (tool.function as JsonObject).name)).toEqual(['f', 'later'])
  })

  test('a breakpoint on a result is kept where the model has breakpoints', () => {
    const messages = [assistant(use), user(result('r', { cache_control: { type: 'ephemeral' } }))]
    expect(sent(messages, { tools }, 'gpt-5.6').messages).toMatchObject([
      {},
      { role: 'tool', content: [{ type: 'text', text: 'r', prompt_cache_breakpoint: { mode: 'explicit' } }] },
    ])
    expect(sent(messages, { tools }).messages).toMatchObject([{}, { role: 'tool', content: 'r' }])
  })
})

test('an effort in a later system message holds; one without text is no message', () => {
  const messages = [user(text('Hi')), { role: 'system', content: [], output_config: { effort: 'low' } }]
  const { body } = sent(messages, { output_config: { effort: 'high' } }, 'gpt-5.5')
  expect(body).toMatchObject({ reasoning_effort: 'low', messages: [{ role: 'user', content: 'Hi' }] })
})
