import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { startAnthropic } from '../../simulators/anthropic.ts'
import { startOpenAi } from '../../simulators/openai.ts'
import type { RecordedRequest, Simulator } from '../../simulators/simulator.ts'
import { CLIENT_KEY, type RunningGateway, startGateway } from '../support/gateway.ts'
import { askAnthropic } from './ask-anthropic.ts'
import { askOpenAi } from './ask-openai.ts'
import type { Mode, Question, Reply } from './question.ts'
import { Wire } from './wire.ts'

export type Vendor = 'openai' | 'anthropic'

/** Every combination of who asks and who answers. */
export const PAIRS: readonly { client: Vendor; upstream: Vendor }[] = [
  { client: 'openai', upstream: 'openai' },
  { client: 'openai', upstream: 'anthropic' },
  { client: 'anthropic', upstream: 'openai' },
  { client: 'anthropic', upstream: 'anthropic' },
]

/** A model of each vendor that takes anything a request can ask: sampling, forced tools, images. */
export const MODEL: Record<Vendor, string> = { openai: 'gpt-4.1', anthropic: 'claude-opus-4-6' }

/** A model of each vendor that reasons. */
export const THINKER: Record<Vendor, string> = { openai: 'gpt-5.5', anthropic: 'claude-opus-4-6' }

export interface Stage {
  gateway: RunningGateway
  /** The simulated vendors, strict as they are. */
  upstream: Record<Vendor, Simulator>
  openai: OpenAI
  anthropic: Anthropic
  /** What the two clients sent and got. */
  wire: Wire
  /** The request that the vendor got last. */
  received(vendor: Vendor): RecordedRequest
  stop(): Promise<void>
}

/** A gateway between the two SDKs and the two simulated vendors. `config` adds to what it knows. */
export async function startStage(config: (upstream: Record<Vendor, Simulator>) => Record<string, unknown> = () => ({})): Promise<Stage> {
  const upstream = { openai: startOpenAi(), anthropic: startAnthropic() }
  const added = config(upstream)
  const provider = (vendor: Vendor, models: string[]) => ({
    name: vendor,
    provider_type: vendor,
    base_url: upstream[vendor].url,
    api_key: upstream[vendor].key,
    models,
  })
  const providers = [
    provider('openai', ['gpt-*', 'o3']),
    provider('anthropic', ['claude-*']),
    ...((added.providers as object[] | undefined) ?? []),
  ]
  const gateway = await startGateway({ config: { ...added, providers } })
  const wire = new Wire()
  const shared = { apiKey: CLIENT_KEY, maxRetries: 0, fetch: wire.fetch }
  return {
    gateway,
    upstream,
    openai: new OpenAI({ ...shared, baseURL: `${gateway.url}/v1` }),
    anthropic: new Anthropic({ ...shared, baseURL: gateway.url }),
    wire,
    received(vendor) {
      const last = upstream[vendor].requests.at(-1)
      if (!last) throw new Error(`${vendor} got no request`)
      return last
    },
    async stop() {
      await gateway.stop()
      await Promise.all([upstream.openai.close(), upstream.anthropic.close()])
    },
  }
}

/** Asks by the client's SDK. */
export const ask = (stage: Stage, client: Vendor, question: Question, mode: Mode): Promise<Reply> =>
  client === 'openai' ? askOpenAi(stage.openai, question, mode) : askAnthropic(stage.anthropic, question, mode)

/** What a call failed with. The SDKs' promises are of their own kind, which `expect().rejects` does not wait for. */
export const failureOf = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(
    call.then(
      () => {
        throw new Error('the call did not fail')
      },
      (error: unknown) => error,
    ),
  )
