import { afterAll, describe, expect, test } from 'bun:test'
import { ask, CHAT_V7, CHAT_V8, pair, RESPONSES_V8 } from './jetbrains/ask.ts'
import { startJetbrains } from './jetbrains.ts'

const sim = startJetbrains()
const account = sim.account({ licenseId: 'STRICT' })
afterAll(() => sim.close())

const CLAUDE = 'anthropic-claude-4-5-sonnet'
const user = { type: 'user_message', content: 'x' }
const says = (content: string) => ({ type: 'assistant_message_text', content })
const call = (id: string, content = '{}') => ({ type: 'assistant_message_tool', id, toolName: 'f', content })
const result = (id: string, toolName = 'f') => ({ type: 'tool_message', id, toolName, result: 'ok' })
const called = (functionName: string, content = '{}') => ({
  type: 'assistant_message',
  content: '',
  functionCall: { functionName, content },
})
const returned = (functionName: string) => ({ type: 'function_message', functionName, content: 'ok' })
const image = { type: 'media_message', mediaType: 'image/png', data: 'iVBORw0KGgo=' }

const chat = (...messages: unknown[]) => ({ chat: { messages } })
const data = (...entries: unknown[]) => ({ parameters: { data: entries } })
const parameter = (name: string, type: string, value: unknown) => data(...pair(name, type, value))
const toolsOf = (...list: unknown[]) => pair('tools', 'json', JSON.stringify(list))
const tool = (change: object = {}) => ({ name: 'f', parameters: { schema: { type: 'object' } }, ...change })
const tools = (...list: unknown[]) => data(...toolsOf(...list))
const functions = (...list: unknown[]) => parameter('functions', 'json', JSON.stringify(list))
const on = (profile: string, change: object) => ({ profile, ...change })

/** The rule's name, what is changed in a legal request, and what the message must hold. */
const REFUSED_V8: [string, object, string][] = [
  ['unknown member', { stream: true }, "unknown key 'stream'"],
  ['prompt that is no text', { prompt: 1 }, '$.prompt'],
  ['no profile', { profile: undefined }, 'profile'],
  ['unknown profile', { profile: 'openai-gpt-nothing' }, 'Unknown profile: openai-gpt-nothing'],
  ['no chat', { chat: undefined }, '$.chat'],
  ['no messages', { chat: {} }, '$.chat.messages'],
  ['member of chat', { chat: { messages: [user], tools: [] } }, "unknown key 'tools'"],
  ['empty messages', chat(), 'at least one message'],
  ['instructions alone', chat({ type: 'system_message', content: 'x' }), 'at least one message'],
  ['message that is none', chat('x'), '$.chat.messages[0]'],
  ['no type', chat({ content: 'x' }), "'type' is missing"],
  ['unknown type', chat({ type: 'developer_message', content: 'x' }), "subclass 'developer_message'"],
  ['no content', chat({ type: 'user_message' }), "Field 'content' is required"],
  ['parts as content', chat({ type: 'user_message', content: [{ type: 'text', text: 'x' }] }), '$.chat.messages[0].content'],
  ['member of a message', chat({ ...user, name: 'me' }), "unknown key 'name'"],
  ['v7 call', chat(user, called('f'), returned('f')), "unknown key 'functionCall'"],
  ['v7 result', chat(user, returned('f')), "subclass 'function_message'"],
  ['result as content', chat(user, call('a'), { type: 'tool_message', id: 'a', toolName: 'f', content: 'ok' }), "Field 'result'"],
  ['result without a name', chat(user, call('a'), { type: 'tool_message', id: 'a', result: 'ok' }), "Field 'toolName'"],
  ['long id', chat(user, call('i'.repeat(41)), result('i'.repeat(41))), 'maximum length 40'],
  ['empty id', chat(user, call(''), result('')), 'must not be empty'],
  ['arguments that are no JSON', chat(user, call('a', '{"b'), result('a')), 'no JSON object'],
  ['result without its call', chat(user, result('a')), 'has no assistant_message_tool'],
  ['result of another call', chat(user, call('a'), result('b')), 'tool_message b has no'],
  ['result of another tool', chat(user, call('a'), result('a', 'g')), 'a was a call of f'],
  ['result twice', chat(user, call('a'), result('a'), result('a')), 'tool_message a has no'],
  ['id twice', chat(user, call('a'), call('a'), result('a')), 'used twice'],
  ['call without result', chat(user, call('a')), 'without tool_message: a'],
  ['call answered too late', chat(user, call('a'), user, result('a')), 'without tool_message: a'],
  [
    'next call before all results',
    chat(user, call('a'), call('b'), result('a'), call('c'), result('b'), result('c')),
    'without tool_message: b',
  ],
  ['picture of another type', chat({ ...image, mediaType: 'image/tiff' }, user), 'image/tiff is not supported'],
  ['picture as data URL', chat({ ...image, data: 'data:image/png;base64,iVBORw0KGgo=' }, user), 'not valid base64'],
  ['empty picture', chat({ ...image, data: '' }, user), 'not valid base64'],
  ['picture for a model without eyes', on('openai-o3-mini', chat(image, user)), 'not supported by openai-o3-mini'],
  [
    'blank instructions',
    chat({ type: 'system_message', content: ' \n' }, user),
    'system: text content blocks must contain non-whitespace text',
  ],
  ['blank user', chat({ type: 'user_message', content: '' }), 'messages: text content blocks must contain'],
  ['blank assistant', chat(user, says(' '), user), 'messages: text content blocks must contain'],
  ['prefill', on('anthropic-claude-4-6-opus', chat(user, says('I'))), 'does not support assistant message prefill'],
  ['prefill by the older type', on('anthropic-claude-4-7-opus', chat(user, { type: 'assistant_message', content: 'I' })), 'prefill'],
  ['codex on chat', { profile: 'openai-gpt-5-codex' }, 'profile.features - Should support Chat'],
  ['embeddings on chat', { profile: 'openai-embedding-small' }, 'profile.features - Should support Chat'],
  ['null parameters', { parameters: null }, '$.parameters'],
  ['null data', { parameters: { data: null } }, '$.parameters.data'],
  ['no data', { parameters: {} }, '$.parameters.data'],
  ['member of parameters', { parameters: { data: [], more: 1 } }, "unknown key 'more'"],
  ['half a pair', data(...pair('length', 'int', 5), { type: 'int', fqdn: 'llm.parameters.seed' }), 'odd'],
  ['value before key', data({ type: 'int', value: 5 }, { type: 'int', fqdn: 'llm.parameters.length' }), "'fqdn'"],
  ['two keys', data({ type: 'int', fqdn: 'llm.parameters.length' }, { type: 'int', fqdn: 'llm.parameters.length' }), "unknown key 'fqdn'"],
  [
    'types that differ',
    data({ type: 'int', fqdn: 'llm.parameters.length' }, { type: 'double', value: 5 }),
    'the key has type int, the value double',
  ],
  ['type of another parameter', parameter('length', 'double', 5), 'has type double, expected int'],
  ['type that is none', parameter('length', 'number', 5), 'has type number'],
  ['int with a fraction', parameter('length', 'int', 5.5), '5.5 is no value of type int'],
  ['int as words', parameter('length', 'int', 'many'), 'no value of type int'],
  ['text as a number', parameter('stop-token', 'text', 5), 'no value of type text'],
  ['json as an object', parameter('tools', 'json', [tool()]), 'no value of type json'],
  ['json that is none', parameter('tools', 'json', '[{'), 'no value of type json'],
  ['bool as text', data(...toolsOf(tool()), ...pair('tool-choice-auto', 'bool', 'true')), 'no value of type bool'],
  ['modified as text', data(pair('length', 'int', 5)[0], { type: 'int', value: 5, modified: 'now' }), 'modified must be a number'],
  ['unknown parameter', parameter('top_p', 'double', 0.5), 'Unknown parameter llm.parameters.top_p'],
  ['parameter twice', data(...pair('length', 'int', 5), ...pair('length', 'int', 6)), 'given twice'],
  ['temperature for Claude', parameter('temperature', 'double', 0.5), 'llm.parameters.temperature is not supported'],
  ['temperature for gpt-5', on('openai-gpt-5', parameter('temperature', 'double', 0.5)), 'not supported'],
  ['stop for OpenAI', on('openai-gpt-4o', parameter('stop-token', 'text', 'x')), 'not supported'],
  ['effort for gpt-4o', on('openai-gpt-4o', parameter('reasoning-effort', 'text', 'low')), 'not supported'],
  ['verbosity for o3', on('openai-o3', parameter('verbosity', 'text', 'low')), 'not supported'],
  ['seed for Gemini', on('google-chat-gemini-pro-2.5', parameter('seed', 'int', 1)), 'not supported'],
  ['length for an unknown family', on('deepseek-r1', parameter('length', 'int', 5)), 'not supported'],
  ['v7 functions', functions({ name: 'f', parameters: {} }), 'functions is not supported'],
  ['warm Gemini', on('google-chat-gemini-pro-2.5', parameter('temperature', 'double', 1.2)), 'between 0 and 1'],
  ['hot Grok', on('xai-grok-4', parameter('temperature', 'double', 2.1)), 'between 0 and 2'],
  ['top-p over 1', on('openai-gpt-4o', parameter('top-p', 'double', 1.1)), 'between 0 and 1'],
  ['length of 0', parameter('length', 'int', 0), 'length must be between 1'],
  ['no choices', on('openai-o3', parameter('number-of-choices', 'int', 0)), 'number-of-choices must be between 1'],
  ['effort of another scale', on('openai-o3', parameter('reasoning-effort', 'text', 'minimal')), 'must be one of low, medium, high'],
  ['tools that are no list', parameter('tools', 'json', '{}'), 'at path: tools'],
  ['schema without its wrapper', tools(tool({ parameters: { type: 'object' } })), "unknown key 'type'"],
  ['no schema', tools(tool({ parameters: {} })), 'tools[0].parameters.schema'],
  ['no tool parameters', tools(tool({ parameters: undefined })), 'tools[0].parameters'],
  ['tool in OpenAI form', tools({ type: 'function', function: tool() }), "unknown key 'type'"],
  ['tool name with a space', tools(tool({ name: 'a b' })), 'does not match'],
  ['tool name with a dot for Claude', tools(tool({ name: 'a.b' })), 'does not match'],
  ['strict tool', tools(tool({ strict: true })), "unknown key 'strict'"],
  ['long tool name', tools(tool({ name: 'n'.repeat(65) })), 'does not match'],
  ['description that is no text', tools(tool({ description: null })), 'description'],
  ['tool twice', tools(tool(), tool()), 'must be unique'],
  ['$schema for Gemini', on('google-gemini-3-1-pro', tools(tool({ parameters: { schema: { $schema: 'x' } } }))), '"$schema"'],
  [
    '$ref deep in a schema for Gemini',
    on('google-gemini-3-1-pro', tools(tool({ parameters: { schema: { properties: { a: { anyOf: [{ $ref: '#' }] } } } } }))),
    '"$ref"',
  ],
  ['choice without tools', parameter('tool-choice-required', 'bool', true), 'only allowed when tools'],
  ['parallel calls without tools', parameter('parallel-tool-calls', 'bool', false), 'only allowed when tools'],
  ['choice of a missing tool', data(...toolsOf(tool()), ...pair('tool-choice-named', 'text', 'g')), "'g' not found"],
  ['choice without a name', data(...toolsOf(tool()), ...pair('tool-choice-named', 'json', '{}')), 'a name is required'],
  [
    'two choices',
    data(...toolsOf(tool()), ...pair('tool-choice-auto', 'bool', true), ...pair('tool-choice-none', 'bool', true)),
    'Only one',
  ],
  ['too long a prompt', chat({ type: 'user_message', content: 'x'.repeat(900_000) }), 'prompt is too long'],
]

const REFUSED_V7: [string, object, string][] = [
  ['v8 text', chat(user, says('x'), user), "subclass 'assistant_message_text'"],
  ['v8 call', chat(user, call('a'), result('a')), "subclass 'assistant_message_tool'"],
  ['v8 result', chat(user, result('a')), "subclass 'tool_message'"],
  ['picture', chat(image, user), "subclass 'media_message'"],
  ['v8 tools', tools(tool()), 'tools is not supported'],
  ['result without its call', chat(user, returned('f')), 'does not follow its functionCall'],
  ['result of another function', chat(user, called('f'), returned('g')), 'does not follow'],
  ['two calls in a row', chat(user, called('f'), called('f'), returned('f')), 'has no function_message'],
  ['call at the end', chat(user, called('f')), 'has no function_message'],
  ['call without a name', chat(user, { type: 'assistant_message', content: '', functionCall: { content: '{}' } }), "'functionName'"],
  ['arguments that are no JSON', chat(user, called('f', 'x'), returned('f')), 'no JSON object'],
  ['temperature for OpenAI', on('openai-gpt-4o', parameter('temperature', 'double', 1)), 'not supported for chat OpenAI provider'],
  ['temperature and top-p', data(...pair('temperature', 'double', 1), ...pair('top-p', 'double', 1)), 'cannot be used together'],
  ['seed', on('xai-grok-4', parameter('seed', 'int', 1)), 'Failed to convert'],
  ['response-format', parameter('response-format', 'json', '{}'), 'Failed to convert'],
  ['length', parameter('length', 'int', 5), 'not supported'],
  ['effort for o1', on('openai-o1', parameter('reasoning-effort', 'text', 'low')), 'not supported'],
  ['effort for gpt-5', on('openai-gpt-5', parameter('reasoning-effort', 'text', 'low')), 'not supported'],
  ['prefill', on('anthropic-claude-4-6-sonnet', chat(user, { type: 'assistant_message', content: 'I' })), 'prefill'],
]

async function messageOf(response: Response): Promise<string> {
  const { message } = (await response.json()) as { message: string }
  return message
}

const send = (path: string, change: object): Promise<Response> =>
  ask(sim.url + path, account.jwt(), { prompt: 'x', profile: CLAUDE, ...chat(user), ...change })

describe('what JetBrains AI refuses with 400', () => {
  for (const [name, change, message] of REFUSED_V8) {
    test(`v8: ${name}`, async () => {
      const response = await send(CHAT_V8, change)
      expect([response.status, await messageOf(response)]).toEqual([400, expect.stringContaining(message)])
    })
  }

  for (const [name, change, message] of REFUSED_V7) {
    test(`v7: ${name}`, async () => {
      const response = await send(CHAT_V7, change)
      expect([response.status, await messageOf(response)]).toEqual([400, expect.stringContaining(message)])
    })
  }

  test('chat models and any parameter on the responses endpoint', async () => {
    expect(await messageOf(await send(RESPONSES_V8, {}))).toBe('profile.features - Should support Responses')
    const codex = { profile: 'openai-gpt-5-codex' }
    expect(await messageOf(await send(RESPONSES_V8, { ...codex, ...parameter('length', 'int', 5) }))).toContain('not supported')
    expect(await messageOf(await send(RESPONSES_V8, { ...codex, ...tools(tool()) }))).toContain('not supported')
    expect((await send(RESPONSES_V8, codex)).status).toBe(200)
  })

  test('bodies that are none', async () => {
    const headers = { 'grazie-authenticate-jwt': account.jwt(), 'content-type': 'application/json' }
    expect((await fetch(sim.url + CHAT_V8, { method: 'POST', headers, body: '{' })).status).toBe(400)
    expect(
      (await fetch(sim.url + CHAT_V8, { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: '{}' })).status,
    ).toBe(415)
  })

  test('what the profile list rules out, and nothing that it allows', async () => {
    const other = startJetbrains({ accounts: [{ licenseId: 'L' }], profiles: { allow: { [CLAUDE]: ['llm.parameters.temperature'] } } })
    const jwt = other.account({ licenseId: 'LISTED' }).jwt()
    const body = (change: object) => ({ profile: CLAUDE, ...chat(user), ...change })
    const status = async (change: object): Promise<number> => (await ask(other.url + CHAT_V8, jwt, body(change))).status
    expect(await status(parameter('temperature', 'double', 0.5))).toBe(200)
    expect(await status(parameter('length', 'int', 5))).toBe(400)
    other.profiles = { ...other.profiles, parameters: false }
    expect(await status(parameter('temperature', 'double', 0.5))).toBe(400)
    expect(await status(parameter('length', 'int', 5))).toBe(200)
    await other.close()
  })
})

const ACCEPTED_V8: [string, object][] = [
  ['no prompt', { prompt: undefined }],
  ['empty data', data()],
  ['numbers as text', on('openai-gpt-4o', data(...pair('temperature', 'double', '0.7'), ...pair('length', 'int', '5')))],
  ['modified', data(pair('length', 'int', 5)[0], { type: 'int', value: 5, modified: 1 })],
  ['pictures before text', chat(image, image, user)],
  ['the older text type', chat(user, { type: 'assistant_message', content: 'I' }, user)],
  ['parallel calls', chat(user, says('.'), call('a'), call('b'), result('b'), result('a'))],
  ['calls turn by turn', chat(user, call('a'), result('a'), call('a'), result('a'), user)],
  ['an id of 40', chat(user, call('i'.repeat(40)), result('i'.repeat(40)))],
  ['prefill for Claude 4.5', chat(user, says('I'))],
  ['blank instructions elsewhere', on('openai-gpt-4o', chat({ type: 'system_message', content: '' }, user))],
  ['$schema elsewhere', tools(tool({ parameters: { schema: { $schema: 'x', type: 'object' } } }))],
  [
    'a choice by OpenAI object',
    data(...toolsOf(tool()), ...pair('tool-choice-named', 'json', '{"type":"function","function":{"name":"f"}}')),
  ],
  ['a tool name with a dot for Gemini', on('google-gemini-3-1-pro', tools(tool({ name: 'a.b' })))],
  ['a choice that is off', parameter('tool-choice-none', 'bool', false)],
]

describe('what JetBrains AI takes', () => {
  for (const [name, change] of ACCEPTED_V8) {
    test(`v8: ${name}`, async () => {
      const response = await send(CHAT_V8, change)
      expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('data: end')])
    })
  }

  test('v7: interleaved calls, functions, one of temperature and top-p, effort for o3', async () => {
    const turns = chat(user, called('f'), returned('f'), called('g'), returned('g'))
    for (const change of [turns, functions({ name: 'f', parameters: { type: 'object' } }), parameter('top-p', 'double', '0.5')]) {
      expect((await send(CHAT_V7, change)).status).toBe(200)
    }
    expect((await send(CHAT_V7, on('openai-o3', parameter('reasoning-effort', 'text', 'low')))).status).toBe(200)
  })
})

describe('who JetBrains AI refuses', () => {
  const routes: [string, string][] = [
    ['POST', CHAT_V7],
    ['POST', CHAT_V8],
    ['POST', RESPONSES_V8],
    ['POST', '/user/v5/llm/anthropic/v1/messages'],
    ['POST', '/user/v5/llm/openai/v1/chat/completions'],
    ['POST', '/user/v5/llm/openai/v1/responses'],
    ['POST', '/user/v5/llm/xai/v1/responses'],
    ['POST', '/user/v5/quota/get'],
    ['POST', '/user/v5/quota/metadata/refill'],
    ['GET', '/user/v5/llm/profiles'],
    ['GET', '/user/v5/llm/profiles/v3'],
    ['GET', '/user/v5/llm/profiles/v8'],
  ]
  for (const [method, path] of routes) {
    test(`401 on ${path}`, async () => {
      const status = async (jwt?: string): Promise<number> =>
        (await fetch(sim.url + path, { method, headers: jwt === undefined ? {} : { 'grazie-authenticate-jwt': jwt } })).status
      const [header, , mac] = account.jwt().split('.')
      const forged = `${header}.${Buffer.from('{"exp":9999999999}').toString('base64url')}.${mac}`
      const wrong = [undefined, 'no-token', forged, account.jwt({ expired: true }), account.authorization()]
      expect(await Promise.all(wrong.map(status))).toEqual(wrong.map(() => 401))
      expect(await status(account.jwt())).not.toBe(401)
    })
  }

  test('id tokens that are none, and licences of others', async () => {
    const access = async (token: string, body: object = { licenseId: 'STRICT' }): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const url = `${sim.url}/auth/jetbrains-jwt/provide-access/license/v2`
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status
    }
    expect(await access(account.authorization())).toBe(200)
    for (const token of ['x', account.jwt(), account.authorization({ expired: true })]) expect(await access(token)).toBe(401)
    expect(await access(account.authorization(), {})).toBe(400)
    expect(await access(account.authorization(), { licenseId: 'OTHER' })).toBe(403)
  })

  test('paths and methods that are not there', async () => {
    expect((await fetch(`${sim.url}/v1/models`)).status).toBe(404)
    expect((await fetch(sim.url + CHAT_V8)).status).toBe(405)
  })
})
