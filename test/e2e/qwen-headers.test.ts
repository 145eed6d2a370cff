import { expect, setDefaultTimeout, test } from 'bun:test'
import { CLIENT_ROUTES, expectAnswer, post } from './support/client-routes.ts'
import { type QwenStage, startQwenStage } from './support/qwen.ts'

// A gateway that has to share its processors with others is slow to start.
setDefaultTimeout(30_000)

/** What clients send, and what is nobody's business at Qwen. */
const FOREIGN = {
  'user-agent': 'some-client/1.0',
  'openai-beta': 'responses=v1',
  'x-session-affinity': 'abc',
  'x-stainless-lang': 'js',
  'anthropic-beta': 'prompt-caching-2024-07-31',
  cookie: 'a=b',
}

/** What Qwen got, of each dialect's client. */
async function headersOf({ gateway, sim }: QwenStage): Promise<Record<string, string>[]> {
  for (const route of CLIENT_ROUTES) {
    await expectAnswer(await post(gateway.url, route, route.body('coder-model', { stream: true }), { headers: FOREIGN }), route)
  }
  return sim.requests.filter(({ route }) => route === 'generate').map(({ headers }) => headers)
}

test('say who calls, and pass on nothing of the client’s', async () => {
  const stage = await startQwenStage({ users: ['ann'], lifetimeMs: -1, rules: { strictHeaders: true } })
  try {
    const sent = await headersOf(stage)
    expect(sent).toHaveLength(2)
    for (const headers of sent) {
      expect(headers).toMatchObject({
        authorization: `Bearer ${stage.user('ann').latest.accessToken}`,
        'content-type': 'application/json',
        'x-dashscope-authtype': 'qwen-oauth',
        'x-dashscope-cachecontrol': 'enable',
        'user-agent': 'dragoman',
      })
      expect(Object.values(headers).join(' ')).not.toMatch(/QwenCode|some-client/)
      for (const name of Object.keys(FOREIGN)) if (name !== 'user-agent') expect(headers).not.toHaveProperty(name)
    }
    const refresh = stage.sim.requests.find(({ route }) => route === 'refresh')
    expect(refresh?.headers).toMatchObject({ 'user-agent': 'dragoman', accept: 'application/json' })
    expect(refresh?.headers).not.toHaveProperty('authorization')
    const { refresh_token, ...form } = Object.fromEntries(new URLSearchParams(refresh?.bodyText))
    expect(form).toEqual({ grant_type: 'refresh_token', client_id: 'f0304373b74a44d2b584a3fb70ca9e56' })
    expect(refresh_token).toStartWith('rt-')
  } finally {
    await stage.stop()
  }
})

test('are the operator’s to choose', async () => {
  const headers = { 'User-Agent': 'mine/2.0', 'X-DashScope-UserAgent': 'mine/2.0', 'x-dashscope-cachecontrol': 'disable' }
  const stage = await startQwenStage({ users: ['ann'], qwen: { headers } })
  try {
    for (const sent of await headersOf(stage)) {
      expect(sent).toMatchObject({ 'user-agent': 'mine/2.0', 'x-dashscope-useragent': 'mine/2.0', 'x-dashscope-cachecontrol': 'disable' })
    }
  } finally {
    await stage.stop()
  }
})

test('a system message of the caller’s is not made to look like the CLI’s', async () => {
  const stage = await startQwenStage({ users: ['ann'] })
  try {
    await headersOf(stage)
    for (const { body } of stage.sim.requests.filter(({ route }) => route === 'generate')) {
      expect(body?.messages).toMatchObject([
        { role: 'system', content: [{ type: 'text', text: '', cache_control: { type: 'ephemeral' } }] },
        { role: 'user' },
      ])
      expect(body).not.toHaveProperty('metadata')
    }
  } finally {
    await stage.stop()
  }
})
