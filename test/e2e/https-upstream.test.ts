import { afterAll, beforeAll, expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { CERTIFICATE, KEY } from '../support/certificate.ts'
import { CLIENT_KEY, newFolder, type RunningGateway, startGateway } from './support/gateway.ts'

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const WHOLE = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}

/** An upstream whose certificate only those know who are told of it. */
let upstream: Bun.Server<undefined>
let served = 0
let trusting: RunningGateway
let strange: RunningGateway
const folder = newFolder()

const provider = (name: string, host: string) => ({
  name,
  provider_type: 'openai',
  base_url: `https://${host}:${upstream.port}/v1`,
  api_key: 'sk-upstream-0123456789',
  models: [name],
})

beforeAll(async () => {
  upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { key: KEY, cert: CERTIFICATE },
    async fetch(request) {
      served++
      const { stream } = (await request.json()) as { stream?: boolean }
      if (!stream) return Response.json(WHOLE)
      const frames = `${chunk({ role: 'assistant', content: 'Hel' })}${chunk({ content: 'lo' })}${chunk({}, 'stop')}data: [DONE]\n\n`
      return new Response(frames, { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  const config = { providers: [provider('named', 'localhost'), provider('numbered', '127.0.0.1')] }
  writeFileSync(join(folder, 'ca.pem'), CERTIFICATE)
  strange = await startGateway({ config })
  trusting = await startGateway({ config, folder, env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') } })
})
afterAll(async () => {
  await Promise.all([trusting.stop(), strange.stop()])
  await upstream.stop(true)
  rmSync(folder, { recursive: true, force: true })
})

const client = (gateway: RunningGateway) => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: CLIENT_KEY, maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'Hi' }]

test('an upstream over TLS answers whole and streamed, over a connection that is kept', async () => {
  for (let round = 0; round < 3; round++) {
    const whole = await client(trusting).chat.completions.create({ model: 'named', messages })
    expect(whole.choices[0]?.message.content).toBe('Hello')
    let said = ''
    for await (const { choices } of await client(trusting).chat.completions.create({ model: 'named', messages, stream: true }))
      said += choices[0]?.delta.content ?? ''
    expect(said).toBe('Hello')
  }
})

test.each([
  ['of an authority that nobody knows', () => strange, 'named', /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/],
  ['for another name', () => trusting, 'numbered', /ALTNAME_INVALID/],
] as const)('a certificate %s is refused before anything is sent', async (_, gateway, model, code) => {
  const before = served
  const error = await client(gateway())
    .chat.completions.create({ model, messages })
    .catch(thrown => thrown as InstanceType<typeof OpenAI.APIError>)
  expect(error).toBeInstanceOf(OpenAI.APIError)
  expect(error).toMatchObject({ status: 502 })
  expect((error as Error).message).toMatch(code)
  expect((error as Error).message).not.toContain('127.0.0.1')
  expect(served).toBe(before)
})
