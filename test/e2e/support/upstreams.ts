import type { Json } from '../../checkers/json.ts'
import type { Answer } from '../../simulators/answer.ts'
import { startAnthropic } from '../../simulators/anthropic.ts'
import { startOpenAi } from '../../simulators/openai.ts'
import type { Simulator, SimulatorOptions } from '../../simulators/simulator.ts'

/** A kind of upstream that the gateway speaks to. */
export interface UpstreamKind {
  name: 'openai' | 'anthropic'
  /** A model that the simulated vendor has. */
  model: string
  start(options?: SimulatorOptions): Simulator
  /** A provider entry of the config that leads there. */
  provider(simulator: Pick<Simulator, 'url' | 'key'>, more?: Json): Json
  /** Frames of a stream before its first content. */
  preamble: number
}

const entry =
  (type: string) =>
  ({ url, key }: Pick<Simulator, 'url' | 'key'>, more: Json = {}): Json => ({
    name: type,
    provider_type: type,
    base_url: url,
    api_key: key,
    ...more,
  })

export const OPENAI: UpstreamKind = {
  name: 'openai',
  model: 'gpt-4o',
  start: startOpenAi,
  provider: entry('openai'),
  preamble: 1,
}

export const ANTHROPIC: UpstreamKind = {
  name: 'anthropic',
  model: 'claude-sonnet-4-5-20250929',
  start: startAnthropic,
  provider: entry('anthropic'),
  // message_start, ping, content_block_start.
  preamble: 3,
}

export const UPSTREAM_KINDS: readonly UpstreamKind[] = [OPENAI, ANTHROPIC]

/** Twelve words, one frame each. */
export const LONG_TEXT: readonly string[] = 'one two three four five six seven eight nine ten eleven twelve'
  .split(' ')
  .map(word => `${word} `)

/** An answer that begins and then says nothing more until its client leaves. */
export const stalled = (kind: UpstreamKind, words = 3): Answer => ({ text: LONG_TEXT, stallAfter: kind.preamble + words })
