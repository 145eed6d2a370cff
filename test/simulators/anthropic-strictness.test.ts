import { afterAll, describe, expect, test } from 'bun:test'
import { startAnthropic } from './anthropic.ts'

const sim = startAnthropic({ contextWindow: 200_000 })
afterAll(() => sim.close())

const user = { role: 'user', content: 'x' }
const assistant = (...content: object[]) => ({ role: 'assistant', content })
const turn = (...content: object[]) => ({ role: 'user', content })
const chat = (...messages: unknown[]) => ({ messages })
const call = (id: string) => ({ type: 'tool_use', id, name: 'f', input: {} })
const result = (id: string, change: object = {}) => ({ type: 'tool_result', tool_use_id: id, content: 'ok', ...change })
const text = (words: string) => ({ type: 'text', text: words })
const system = (words: string) => ({ role: 'system', content: words })
const tool = (change: object = {}) => ({ name: 'f', input_schema: { type: 'object' }, ...change })
const source = (value: object, type = 'image') => chat(turn({ type, source: value }))
const mark = { cache_control: { type: 'ephemeral' } }
const format = (schema: object) => ({ output_config: { format: { type: 'json_schema', schema } } })
const manual = { type: 'enabled', budget_tokens: 1024 }
const PNG = 'iVBORw0KGgo='

/** The rule's name, what is changed in a legal request, and what the message must hold. */
const REFUSED: [string, object, string][] = [
  ['unknown member', { foo: 1 }, 'foo: Extra inputs are not permitted'],
  ['beta member without its header', { context_management: { edits: [] } }, 'context_management: Extra inputs'],
  ['no max_tokens', { max_tokens: undefined }, 'max_tokens: Field required'],
  ['max_tokens as text', { max_tokens: '5' }, 'max_tokens: Input should be a valid integer'],
  ['max_tokens over the model', { max_tokens: 64_001 }, '64001 > 64000'],
  ['no messages', { messages: undefined }, 'messages: Field required'],
  ['empty messages', { messages: [] }, 'at least one message'],
  ['unknown role', chat({ role: 'tool', content: 'x' }), "messages.0.role: Input should be 'user', 'assistant' or 'system'"],
  ['member of a message', chat({ ...user, name: 'me' }), 'messages.0.name: Extra inputs'],
  ['first message of the assistant', chat(assistant(text('x')), user), 'first message must use the "user" role'],
  ['empty content', chat({ role: 'user', content: '' }), 'all messages must have non-empty content'],
  ['empty list of blocks', chat({ role: 'user', content: [] }), 'all messages must have non-empty content'],
  ['empty text block', chat(turn(text(''))), 'text content blocks must be non-empty'],
  ['blank text block', chat(turn(text(' \n'))), 'must contain non-whitespace text'],
  ['blank text as content', chat({ role: 'user', content: ' ' }), 'must contain non-whitespace text'],
  ['unknown block', chat(turn({ type: 'image_url' })), "Input tag 'image_url'"],
  ['image from the assistant', chat(user, assistant({ type: 'image', source: {} }), user), "Input tag 'image'"],
  ['member of a block', chat(turn({ ...text('x'), foo: 1 })), 'messages.0.content.0.text.foo: Extra inputs'],
  [
    'unanswered tool_use',
    chat(user, assistant(call('a')), user),
    '`tool_use` ids were found without `tool_result` blocks immediately after: a',
  ],
  ['tool_use at the end', chat(user, assistant(call('a'))), '`tool_use` ids were found without'],
  ['one of two unanswered', chat(user, assistant(call('a'), call('b')), turn(result('a'))), 'immediately after: b'],
  ['text before the tool_result', chat(user, assistant(call('a')), turn(text('x'), result('a'))), '`tool_use` ids were found without'],
  ['tool_result a turn late', chat(user, assistant(call('a')), user, assistant(text('x')), turn(result('a'))), '`tool_use` ids were found'],
  ['orphan tool_result', chat(turn(result('a'))), 'unexpected `tool_use_id` found in `tool_result` blocks: a'],
  ['tool_result twice', chat(user, assistant(call('a')), turn(result('a'), result('a'))), 'each tool_use must have a single result'],
  ['tool_use id twice', chat(user, assistant(call('a'), call('a')), turn(result('a'))), '`tool_use` ids must be unique'],
  ['tool_use id with a bar', chat(user, assistant(call('a|b')), turn(result('a|b'))), 'tool_use.id: String should match pattern'],
  [
    'tool_use input as text',
    chat(user, assistant({ ...call('a'), input: '{}' }), turn(result('a'))),
    'input: Input should be a valid dictionary',
  ],
  ['empty text in a result', chat(user, assistant(call('a')), turn(result('a', { content: [text('')] }))), 'must be non-empty'],
  ['prefill with trailing space', chat(user, assistant(text('x '))), 'cannot end with trailing whitespace'],
  [
    'prefill on a newer model',
    { model: 'claude-opus-4-6', ...chat(user, assistant(text('x'))) },
    'does not support assistant message prefill',
  ],
  ['empty system block', { system: [text('')] }, 'system: text content blocks must be non-empty'],
  ['image in system', { system: [{ type: 'image' }] }, "system.0.type: Input should be 'text'"],
  ['system turn on another model', chat(user, system('x')), "role 'system' is not supported on this model"],
  ['system turn at the start', { model: 'claude-opus-5', ...chat(system('x'), user) }, "use the top-level 'system' parameter"],
  [
    'system turn after the assistant',
    { model: 'claude-opus-5', ...chat(user, assistant(text('x')), system('x')) },
    'must directly follow a user',
  ],
  ['system turn before the user', { model: 'claude-opus-5', ...chat(user, system('x'), user) }, 'followed by an assistant message'],
  ['tool name with a dot', { tools: [tool({ name: 'a.b' })] }, 'tools.0.custom.name: String should match pattern'],
  ['long tool name', { tools: [tool({ name: 'x'.repeat(65) })] }, 'String should match pattern'],
  ['tool twice', { tools: [tool(), tool()] }, 'Tool names must be unique'],
  ['tool without a schema', { tools: [tool({ input_schema: undefined })] }, 'input_schema: Field required'],
  ['schema of another type', { tools: [tool({ input_schema: { type: 'string' } })] }, "input_schema.type: Input should be 'object'"],
  ['union at the top', { tools: [tool({ input_schema: { type: 'object', anyOf: [] } })] }, 'does not support oneOf, allOf, or anyOf'],
  ['member of a tool', { tools: [tool({ parameters: {} })] }, 'tools.0.custom.parameters: Extra inputs'],
  ['tool of an unknown type', { tools: [{ type: 'function', name: 'f' }] }, "Input tag 'function'"],
  ['tool_choice without tools', { tool_choice: { type: 'auto' } }, 'may only be specified while providing tools'],
  ['tool_choice as text', { tools: [tool()], tool_choice: 'auto' }, 'tool_choice: Input should be an object'],
  ['unknown tool_choice', { tools: [tool()], tool_choice: { type: 'required' } }, 'tool_choice.type'],
  ['tool_choice of another tool', { tools: [tool()], tool_choice: { type: 'tool', name: 'g' } }, "Tool 'g' not found"],
  ['none with parallel', { tools: [tool()], tool_choice: { type: 'none', disable_parallel_tool_use: true } }, 'Extra inputs'],
  ['forced tool while thinking', { max_tokens: 2000, thinking: manual, tools: [tool()], tool_choice: { type: 'any' } }, 'forces tool use'],
  [
    'forced tool on a model without',
    { model: 'claude-opus-5-5', tools: [tool()], tool_choice: { type: 'any' } },
    'not supported on this model',
  ],
  ['image of another type', source({ type: 'base64', media_type: 'image/svg+xml', data: PNG }), "'image/gif' or 'image/webp'"],
  ['image called another type', source({ type: 'base64', media_type: 'image/jpeg', data: PNG }), 'appears to be a image/png'],
  ['image not in base64', source({ type: 'base64', media_type: 'image/png', data: 'data:x' }), 'not valid base64'],
  ['image by http', source({ type: 'url', url: 'http://x/y.png' }), 'Only HTTPS URLs'],
  ['PDF that is none', source({ type: 'base64', media_type: 'application/pdf', data: 'AAAA' }, 'document'), 'not valid'],
  [
    'thinking without a signature',
    chat(user, assistant({ type: 'thinking', thinking: 'x' }, text('y')), user),
    'signature: Field required',
  ],
  [
    'thinking with an empty signature',
    chat(user, assistant({ type: 'thinking', thinking: 'x', signature: '' }, text('y')), user),
    'Invalid `signature`',
  ],
  ['redacted thinking of others', chat(user, assistant({ type: 'redacted_thinking', data: 'x' }, text('y')), user), 'Invalid `data`'],
  ['budget under 1024', { max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 1000 } }, 'greater than or equal to 1024'],
  ['budget over max_tokens', { max_tokens: 1024, thinking: manual }, '`max_tokens` must be greater than `thinking.budget_tokens`'],
  ['enabled without a budget', { thinking: { type: 'enabled' } }, 'budget_tokens: Field required'],
  ['enabled on a newer model', { model: 'claude-opus-5', max_tokens: 2000, thinking: manual }, '"thinking.type.enabled" is not supported'],
  ['adaptive on an older model', { thinking: { type: 'adaptive' } }, 'adaptive thinking is not supported on this model'],
  ['disabled where it can’t be', { model: 'claude-fable-5', thinking: { type: 'disabled' } }, '"thinking.type.disabled" is not supported'],
  [
    'disabled at a high effort',
    { model: 'claude-opus-5', thinking: { type: 'disabled' }, output_config: { effort: 'max' } },
    'thinking.type.disabled',
  ],
  ['adaptive with a budget', { model: 'claude-opus-5', thinking: { type: 'adaptive', budget_tokens: 1024 } }, 'Extra inputs'],
  [
    'thinking dropped from a tool turn',
    { max_tokens: 2000, thinking: manual, ...chat(user, assistant(call('a')), turn(result('a'))) },
    'Expected `thinking` or `redacted_thinking`, but found `tool_use`',
  ],
  ['effort on an older model', { output_config: { effort: 'low' } }, 'does not support the effort parameter'],
  ['xhigh on 4.6', { model: 'claude-opus-4-6', output_config: { effort: 'xhigh' } }, 'output_config.effort'],
  ['temperature over 1', { temperature: 1.5 }, 'temperature: Input should be less than or equal to 1'],
  ['temperature on a newer model', { model: 'claude-opus-5', temperature: 0.5 }, '`temperature` is deprecated for this model'],
  ['top_k on a newer model', { model: 'claude-sonnet-5', top_k: 5 }, '`top_k` is deprecated for this model'],
  ['temperature and top_p', { temperature: 0.5, top_p: 0.5 }, 'cannot both be specified'],
  ['temperature while thinking', { max_tokens: 2000, thinking: manual, temperature: 0.5 }, 'when thinking is enabled'],
  ['top_k while thinking', { max_tokens: 2000, thinking: manual, top_k: 5 }, 'must be unset when thinking is enabled'],
  ['low top_p while thinking', { max_tokens: 2000, thinking: manual, top_p: 0.5 }, '0.95'],
  ['blank stop sequence', { stop_sequences: [' '] }, 'must contain non-whitespace'],
  ['stop sequence as text', { stop_sequences: 'x' }, 'stop_sequences: Input should be a valid list'],
  ['metadata of others', { metadata: { trace: 'x' } }, 'metadata.trace: Extra inputs'],
  [
    'five cache marks',
    { system: [1, 2, 3, 4].map(n => ({ ...text(`${n}`), ...mark })), ...chat(turn({ ...text('x'), ...mark })) },
    'Found 5',
  ],
  ['cache mark on top of four', { ...mark, system: [1, 2, 3, 4].map(n => ({ ...text(`${n}`), ...mark })) }, 'Found 5'],
  [
    'longer mark behind a shorter',
    {
      system: [
        { ...text('a'), ...mark },
        { ...text('b'), cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
    },
    'must not come after',
  ],
  [
    'cache mark on thinking',
    chat(user, assistant({ type: 'thinking', thinking: '', signature: 's', ...mark }, text('y')), user),
    'Extra inputs',
  ],
  ['open schema', format({ type: 'object', properties: {} }), "'additionalProperties' must be explicitly set to false"],
  [
    'bounds in a schema',
    format({ type: 'object', properties: { a: { type: 'integer', minimum: 1 } }, additionalProperties: false }),
    "'minimum'",
  ],
  ['a format of strings that is none', format({ type: 'string', format: 'phone' }), "String format 'phone'"],
  ['a schema that holds itself', format({ $ref: '#/$defs/a', $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }] } } }), 'Recursive schemas'],
  ['a schema from elsewhere', format({ $ref: 'https://a/b' }), 'External $ref'],
  ['alternatives that exclude each other', format({ oneOf: [{ type: 'string' }] }), "'oneOf' is not supported"],
  [
    '21 strict tools',
    {
      tools: Array.from({ length: 21 }, (_, n) =>
        tool({ name: `f${n}`, strict: true, input_schema: { type: 'object', additionalProperties: false } }),
      ),
    },
    'Too many strict tools (21)',
  ],
  [
    '25 optional parameters',
    format({
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`p${n}`, {}])),
      additionalProperties: false,
    }),
    'too many optional parameters (25)',
  ],
  [
    '17 unions',
    format({ anyOf: Array.from({ length: 16 }, () => ({ type: ['string', 'null'] })) }),
    'too many parameters with union types (17',
  ],
  [
    'a strict tool on an older model',
    { model: 'claude-sonnet-4-20250514', tools: [tool({ strict: true })] },
    'strict tools are not supported',
  ],
  ['prefill while thinking', { max_tokens: 2000, thinking: manual, ...chat(user, assistant(text('x'))) }, 'when thinking is enabled'],
  [
    'prefill with a format',
    { ...format({ type: 'object', additionalProperties: false }), ...chat(user, assistant(text('x'))) },
    'not supported with assistant message prefill',
  ],
  ['speed without its header', { model: 'claude-opus-4-8', speed: 'fast' }, 'speed: Extra inputs'],
  ['fast mode of a model without', { speed: 'fast' }, 'fast mode is not supported'],
  ['a long user id', { metadata: { user_id: 'u'.repeat(257) } }, 'at most 256 characters'],
  ['structured output on an older model', { model: 'claude-3-haiku', ...format({}) }, 'not supported on this model'],
  ['too long a prompt', chat({ role: 'user', content: 'x'.repeat(900_000) }), 'prompt is too long: '],
  ['prompt and output together', { max_tokens: 60_000, ...chat({ role: 'user', content: 'x'.repeat(600_000) }) }, 'exceed context limit'],
]

interface Refused {
  status: number
  error: Record<string, unknown>
}

async function post(body: object, headers: Record<string, string> = {}, path = '/v1/messages'): Promise<Refused> {
  const response = await fetch(sim.url + path, {
    method: 'POST',
    headers: { 'x-api-key': sim.key, 'anthropic-version': '2023-06-01', ...headers },
    body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 100, messages: [user], ...body }),
  })
  const parsed = (await response.json()) as { error?: Record<string, unknown> }
  return { status: response.status, error: parsed.error ?? {} }
}

const NEW = { 'anthropic-version': '2026-10-21' }

describe('the Anthropic simulator refuses', () => {
  for (const [name, change, message] of REFUSED) {
    test(name, async () => {
      const { status, error } = await post(change)
      expect(error).toMatchObject({ type: 'invalid_request_error', message: expect.stringContaining(message) })
      expect(status).toBe(400)
    })
  }

  test('an unknown model, route and method', async () => {
    expect(await post({ model: 'gpt-4o' })).toMatchObject({ status: 404, error: { type: 'not_found_error', message: 'model: gpt-4o' } })
    expect(await post({}, {}, '/v1/complete')).toMatchObject({ status: 404 })
    const headers = { 'x-api-key': sim.key }
    expect((await fetch(`${sim.url}/v1/messages`, { headers })).status).toBe(405)
  })

  test('what version 2026-10-21 took away', async () => {
    for (const name of ['temperature', 'top_p', 'top_k']) {
      expect(await post({ [name]: 1 }, NEW)).toMatchObject({ error: { message: `${name}: Extra inputs are not permitted` } })
    }
    const document = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } }
    expect((await post(chat(user, assistant(document, text('x')), user), NEW)).status).toBe(400)
    expect((await post(chat(user, assistant(document, text('x')), user))).status).toBe(200)
    expect((await post(chat(turn({ ...text('x'), citations: [{}] })), NEW)).status).toBe(400)
  })

  test('what a token count does not have', async () => {
    const path = '/v1/messages/count_tokens'
    expect(await post({}, {}, path)).toMatchObject({ status: 400, error: { message: 'max_tokens: Extra inputs are not permitted' } })
    expect((await post({ max_tokens: undefined }, {}, path)).status).toBe(200)
  })

  test('a body of more than 32 MB, and one that is no JSON', async () => {
    expect(await post(chat({ role: 'user', content: 'x'.repeat(33 * 1024 * 1024) }))).toMatchObject({ status: 413 })
    const headers = { 'x-api-key': sim.key, ...NEW }
    expect((await fetch(`${sim.url}/v1/messages`, { method: 'POST', headers, body: '{' })).status).toBe(400)
  })

  test('thinking that was changed', async () => {
    const request = { model: 'claude-opus-4-6', thinking: { type: 'adaptive' }, ...chat(user) }
    const response = await fetch(`${sim.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': sim.key, ...NEW },
      body: JSON.stringify({ max_tokens: 100, ...request }),
    })
    const { content } = (await response.json()) as { content: { type: string; thinking?: string }[] }
    expect((await post({ ...request, ...chat(user, assistant(...content), user) })).status).toBe(200)
    const changed = content.map(block => (block.type === 'thinking' ? { ...block, thinking: `${block.thinking}!` } : block))
    expect(await post({ ...request, ...chat(user, assistant(...changed), user) })).toMatchObject({ status: 400 })
  })
})

describe('the Anthropic simulator takes', () => {
  const TAKEN: [string, object, Record<string, string>?][] = [
    ['two user messages in a row', chat(user, user)],
    ['results of one step in two messages', chat(user, assistant(call('a'), call('b')), turn(result('a')), turn(result('b')))],
    ['text behind the results', chat(user, assistant(call('a')), turn(result('a'), text('x')))],
    ['a result without content', chat(user, assistant(call('a')), turn({ type: 'tool_result', tool_use_id: 'a' }))],
    [
      'an image in a result',
      chat(
        user,
        assistant(call('a')),
        turn(
          result('a', {
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }],
          }),
        ),
      ),
    ],
    ['prefill on an older model', chat(user, assistant(text('x')))],
    ['a system turn at the end', { model: 'claude-opus-5', ...chat(user, system('x')) }],
    [
      'a system turn after results',
      { model: 'claude-opus-5', ...chat(user, assistant(call('a')), turn(result('a')), system('x'), assistant(text('x')), user) },
    ],
    ['neutral sampling on a newer model', { model: 'claude-opus-5', temperature: 1 }],
    ['tool_choice none with tools', { tools: [tool()], tool_choice: { type: 'none' } }],
    ['server tools', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['a beta member with its header', { context_management: { edits: [] } }, { 'anthropic-beta': 'x, context-management-2025-06-27' }],
    ['four cache marks', { system: [1, 2, 3, 4].map(n => ({ ...text(`${n}`), ...mark })) }],
  ]
  for (const [name, change, headers] of TAKEN)
    test(name, async () => expect(await post(change, headers)).toEqual({ status: 200, error: {} }))
})
