import { isObject, type Json, parseOrUndefined } from '../../test/checkers/json.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from '../../test/e2e/support/gateway.ts'
import { readBody, readStream } from '../../test/golden/client-reading.ts'
import { startAnthropic } from '../../test/simulators/anthropic.ts'
import { startOpenAi } from '../../test/simulators/openai.ts'
import type { RecordedRequest, Simulator } from '../../test/simulators/simulator.ts'
import type { AskOptions, Outcome, Pair, Vendor } from './feature.ts'

/** Models that take anything a request can ask: sampling, forced tools, budgets, a prefill. */
export const MODELS: Record<Vendor, string> = { openai: 'gpt-4.1', anthropic: 'claude-sonnet-4-5' }

const FORMATS = { openai: 'openai-chat', anthropic: 'anthropic' } as const

const ROUTES: Record<Vendor, { path: string; headers: Record<string, string> }> = {
  openai: { path: '/v1/chat/completions', headers: { authorization: `Bearer ${CLIENT_KEY}` } },
  anthropic: { path: '/v1/messages', headers: { 'x-api-key': CLIENT_KEY, 'anthropic-version': '2023-06-01' } },
}

/** A gateway that listens, between raw HTTP and two simulated vendors that are as strict as the real ones. */
export interface ReportStage {
  gateway: RunningGateway
  upstream: Record<Vendor, Simulator>
  ask(pair: Pair, streamed: boolean, body: Json, options?: AskOptions): Promise<Outcome>
  leave(pair: Pair, body: Json): Promise<RecordedRequest>
  stop(): Promise<void>
}

export async function startReportStage(): Promise<ReportStage> {
  const upstream = { openai: startOpenAi(), anthropic: startAnthropic() }
  const provider = (vendor: Vendor, pattern: string): Json => ({
    name: vendor,
    provider_type: vendor,
    base_url: upstream[vendor].url,
    api_key: upstream[vendor].key,
    models: [pattern],
  })
  const providers = [provider('openai', 'gpt-*'), provider('anthropic', 'claude-*')]
  const gateway = await startGateway({ config: { providers } })

  const ask = async (pair: Pair, streamed: boolean, body: Json, options: AskOptions = {}): Promise<Outcome> => {
    const [client, target] = pair.split('→') as [Vendor, Vendor]
    const { path, headers } = ROUTES[client]
    const before = upstream[target].requests.length
    const response = await fetch(`${gateway.url}${options.path ?? path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers, ...options.headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    const json = isStream ? undefined : parseOrUndefined(text)
    const answered = response.status === 200 && options.path === undefined
    return {
      pair,
      client,
      upstream: target,
      streamed,
      status: response.status,
      headers: response.headers,
      text,
      body: isObject(json) ? json : undefined,
      read: answered
        ? isStream
          ? readStream(FORMATS[client], text, { strangers: client === target })
          : readBody(FORMATS[client], json)
        : undefined,
      notes: (response.headers.get('x-dragoman-notes') ?? '').split(', ').filter(note => note !== ''),
      received: upstream[target].requests.length > before ? upstream[target].requests.at(-1) : undefined,
    }
  }

  const leave = async (pair: Pair, body: Json): Promise<RecordedRequest> => {
    const [client, target] = pair.split('→') as [Vendor, Vendor]
    const { path, headers } = ROUTES[client]
    const before = upstream[target].requests.length
    upstream[target].script({ hangConnection: true })
    const leaving = new AbortController()
    const asked = fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: leaving.signal,
    }).catch(() => undefined)
    const received = (await upstream[target].received(before + 1))[before]
    if (!received) throw new Error('the upstream got nothing')
    leaving.abort()
    await Promise.all([asked, received.closed])
    return received
  }

  return {
    gateway,
    upstream,
    ask,
    leave,
    async stop() {
      await gateway.stop()
      await Promise.all([upstream.openai.close(), upstream.anthropic.close()])
    },
  }
}
