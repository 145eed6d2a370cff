import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { JetbrainsAnswer } from '../simulators/jetbrains/answer.ts'
import { recordOf } from './support/admin.ts'
import { CHAT, CLIENT_ROUTES, type ClientRoute, expectAnswer, MESSAGES, post } from './support/client-routes.ts'
import { type JetbrainsStage, startJetbrainsStage } from './support/jetbrains.ts'
import { LONG_TEXT } from './support/upstreams.ts'
import { timed } from './support/wait.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(20_000)

const MODEL = 'google-chat-gemini-pro-2.5'
const TEXT = LONG_TEXT.join('')

/** Both versions of JetBrains' own stream. */
const VERSIONS = ['v8', 'v7'] as const

/** Faults take accounts out; these are more than can be. */
const ACCOUNTS = Array.from({ length: 40 }, (_, index) => ({ licenseId: `L${index}`, quota: { maximum: 1_000_000_000 } }))

const stages = new Map<string, JetbrainsStage>()
beforeAll(async () => {
  const started = VERSIONS.map(async version => {
    stages.set(version, await startJetbrainsStage({ accounts: ACCOUNTS, jetbrains: { api_version: version } }))
  })
  await Promise.all(started)
})
afterAll(async () => {
  await Promise.all([...stages.values()].map(stage => stage.stop()))
})

const MODES = [true, false]
const cases = VERSIONS.flatMap(version =>
  CLIENT_ROUTES.flatMap(route =>
    MODES.map(stream => [`${version}, ${route.name}, ${stream ? 'streamed' : 'whole'}`, version, route, stream] as const),
  ),
)

describe.each(cases)('%s', (_, version, route, stream) => {
  const stage = (): JetbrainsStage => stages.get(version) as JetbrainsStage
  const ask = (answer: JetbrainsAnswer, more = {}): Promise<Response> => {
    stage().sim.script({ text: LONG_TEXT, ...answer })
    return post(stage().gateway.url, route, route.body(MODEL, { stream, max_tokens: 100, ...more }))
  }

  test.each<[string, JetbrainsAnswer]>([
    ['the quota first', { quotaEvent: 'first' }],
    ['the quota before the finish', { quotaEvent: 'before-finish' }],
    ['the quota behind the finish', { quotaEvent: 'after-finish' }],
    ['no quota', { quotaEvent: 'none' }],
    ['no finish', { omitFinish: true }],
    ['neither', { omitFinish: true, quotaEvent: 'none' }],
    ['[DONE] at the end', { endMarker: '[DONE]' }],
    ['unknown events', { unknownEvents: true }],
    ['choices counted, types left out', { choiceIndex: true, omitEventType: true }],
    ['CRLF', { lineEnding: '\r\n' }],
    ['single bytes', { chunkBytes: 1 }],
    ['CRLF in pieces of seven bytes', { lineEnding: '\r\n', chunkBytes: 7, unknownEvents: true }],
    ['a slow first byte', { delayHeadersMs: 400 }],
    ['slow words', { delayBetweenMs: 15 }],
    ['finish “unknown”', { finish: 'unknown' }],
  ])('with %s the answer is whole', async (_name, answer) => {
    const said = await expectAnswer(await ask({ text: ['Grüße, ', '👩‍👩‍👧‍👦', ' "\\n"\n'], ...answer }), route)
    expect(said.text).toBe('Grüße, 👩‍👩‍👧‍👦 "\\n"\n')
  })

  test.each([
    ['stop', 'stop', 'end_turn'],
    ['length', 'length', 'max_tokens'],
    ['max_tokens', 'length', 'max_tokens'],
    ['content_filter', 'content_filter', 'refusal'],
    ['refusal', 'content_filter', 'refusal'],
    ['something new', 'stop', 'end_turn'],
  ])('finish reason %s', async (finish, ofOpenAi, ofAnthropic) => {
    const said = readAnswer(route, await (await ask({ text: 'Well', finish })).text())
    expect(said).toMatchObject({ text: 'Well', finish: route === CHAT ? ofOpenAi : ofAnthropic })
  })

  test.each(['tool_call', 'function_call', 'tool_calls', 'stop', 'unknown', undefined])('a tool call that ends with %s', async finish => {
    const tool = { name: 'look', schema: { type: 'object', properties: { at: { type: 'string' } } } }
    const tools = [
      route === CHAT
        ? { type: 'function', function: { name: tool.name, parameters: tool.schema } }
        : { name: tool.name, input_schema: tool.schema },
    ]
    const answer: JetbrainsAnswer = {
      text: [],
      toolCalls: [{ name: 'look', arguments: ['{"at":', '"Köln"}'] }],
      openWithContent: finish === 'stop',
      omitToolIndex: finish === 'unknown',
      ...(finish === undefined ? { omitFinish: true } : { finish }),
    }
    const text = await (await ask(answer, { tools })).text()
    expect(readAnswer(route, text).finish).toBe(route === CHAT ? 'tool_calls' : 'tool_use')
    expect(text).toContain('Köln')
  })

  test.each<[string, JetbrainsAnswer]>([
    ['an error event', { text: [], streamError: { type: '', message: 'The model is busy' } }],
    ['its quota, and then an error', { quotaEvent: 'first', text: [], streamError: { type: '', message: 'Something broke' } }],
    ['an end', { sse: '' }],
    ['429', { status: 429 }],
    ['403', { status: 403 }],
    ['500', { status: 500 }],
    ['502 in HTML', { status: 502, body: '<!doctype html><h1>Bad gateway</h1>', contentType: 'text/html' }],
    ['451', { status: 451 }],
    ['477', { status: 477 }],
    ['a closed connection', { closeBeforeHeaders: true }],
    ['HTML with 200', { body: '<!doctype html><title>Sign in</title>', contentType: 'text/html' }],
  ])('%s before any content: the next account answers', async (_name, answer) => {
    const response = await ask(answer)
    expect(readAnswer(route, await response.clone().text())).toMatchObject({ finish: route.finished })
    expect(response.headers.get('x-dragoman-attempts')).toBe('2')
    expect(await recordOf(stage().gateway.url, response)).toMatchObject({ status: 200, attempts: [{}, { outcome: 'ok' }] })
  })

  test.each<[string, JetbrainsAnswer]>([
    ['an error event', { streamError: { type: '', message: 'The model broke down' } }],
    ['an end without `end`', { cutAfter: 5 }],
    ['a broken connection', { cutAfter: 5, cutBody: true }],
    ['an end marker that is missing', { omitEnd: true, omitFinish: true, quotaEvent: 'none' }],
  ])('%s after content is an error, and never looks complete', async (_name, answer) => {
    const response = await ask({ delayBetweenMs: 10, ...answer })
    const text = await response.clone().text()
    if (!stream) {
      // Nothing has reached the client: another account may as well answer it whole.
      expect(readAnswer(route, text)).toMatchObject({ finish: route.finished })
      return
    }
    const said = route.readStream(text)
    expect(said.error?.message).toMatch(/broke|ended/)
    expect(said.finish).toBeUndefined()
    expect(TEXT.startsWith(said.text)).toBe(true)
    expect(text).not.toMatch(/\[DONE\]|message_stop/)
    expect((await recordOf(stage().gateway.url, response)).error).toBeString()
  })

  test('400 is the caller’s, in the caller’s dialect, and asked of nobody else', async () => {
    const before = stage().sim.counts.chat
    const response = await ask({ status: 400, message: 'This is what is wrong with you.' })
    const text = await response.text()
    expect(response.status, text).toBe(400)
    expect(route.readError(JSON.parse(text)).message).toContain('This is what is wrong with you.')
    expect(stage().sim.counts.chat - before).toBe(1)
  })
})

const readAnswer = (route: ClientRoute, text: string) => (text.startsWith('{') ? route.readBody(JSON.parse(text)) : route.readStream(text))

test('what is slow for one is slow for nobody else, and nothing went wrong inside', async () => {
  const stage = stages.get('v8') as JetbrainsStage
  stage.sim.script({ delayHeadersMs: 700 })
  const slow = post(stage.gateway.url, CHAT, CHAT.body(MODEL))
  const quick = await timed(post(stage.gateway.url, MESSAGES, MESSAGES.body(MODEL)).then(answer => expectAnswer(answer, MESSAGES)))
  expect(quick.ms).toBeLessThan(600)
  await expectAnswer(await slow, CHAT)
  for (const { gateway } of stages.values()) expect(gateway.output()).not.toMatch(/internal error|unhandled|uncaught/)
})
