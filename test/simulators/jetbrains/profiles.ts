import type { Json } from '../../checkers/json.ts'
import { familyOf } from './families.ts'

/** A model as the gateway offers it (jetbrains-ai.md §7.1, §7.2). */
export interface Profile {
  id: string
  provider: string
  modelName: string
  /** `Chat`, `Responses`, `Embedding`; `Proxy` where a native path serves it too. */
  features: readonly string[]
  /** The vendor's id, where a native path takes it. */
  native?: string
  providerModelID: string
  contextLimit: number
  maxOutputTokens: number
  /** Media types; none where the model takes no pictures. */
  media: readonly string[]
  deprecated?: boolean
}

const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const CHAT = ['Chat', 'Proxy']
const CODEX = ['Responses', 'Proxy']

interface Row {
  id: string
  name: string
  /** The vendor's own id. */
  vendorId: string
  context?: number
  output?: number
  features?: readonly string[]
  media?: readonly string[]
  deprecated?: boolean
}

const claude = (id: string, name: string, vendorId: string, more: Partial<Row> = {}): Row => ({
  ...{ id: `anthropic-claude-${id}`, name: `Claude ${name}`, vendorId: `claude-${vendorId}`, context: 200_000, output: 64_000 },
  ...more,
})
const gpt = (id: string, vendorId: string, more: Partial<Row> = {}): Row => ({ id: `openai-${id}`, name: vendorId, vendorId, ...more })
const gemini = (id: string, vendorId: string): Row => ({
  ...{ id: `google-${id}`, name: vendorId, vendorId, context: 1_000_000, output: 65_536, features: ['Chat'] },
})
const grok = (id: string, vendorId: string, more: Partial<Row> = {}): Row => ({
  ...{ id: `xai-${id}`, name: id, vendorId, context: 256_000 },
  ...more,
})

const NO_PROXY = { features: ['Chat'], deprecated: true }

const ROWS: readonly Row[] = [
  claude('3.5-haiku', '3.5 Haiku', '3-5-haiku-20241022', { ...NO_PROXY, output: 8192 }),
  claude('3.5-sonnet', '3.5 Sonnet', '3-5-sonnet-20241022', { ...NO_PROXY, output: 8192 }),
  claude('3.7-sonnet', '3.7 Sonnet', '3-7-sonnet-20250219', NO_PROXY),
  claude('4-sonnet', '4 Sonnet', 'sonnet-4-20250514'),
  claude('4.1-opus', '4.1 Opus', 'opus-4-1-20250805', { output: 32_000 }),
  claude('4-5-sonnet', '4.5 Sonnet', 'sonnet-4-5-20250929'),
  claude('4-5-haiku', '4.5 Haiku', 'haiku-4-5-20251001'),
  claude('4-5-opus', '4.5 Opus', 'opus-4-5-20251101'),
  claude('4-6-sonnet', '4.6 Sonnet', 'sonnet-4-6'),
  claude('4-6-opus', '4.6 Opus', 'opus-4-6'),
  claude('4-7-opus', '4.7 Opus', 'opus-4-7', { output: 128_000 }),
  gpt('gpt-4o', 'gpt-4o'),
  gpt('gpt-4o-mini', 'gpt-4o-mini'),
  gpt('gpt4.1', 'gpt-4.1', { context: 1_000_000, output: 32_768 }),
  gpt('gpt4.1-mini', 'gpt-4.1-mini', { context: 1_000_000, output: 32_768 }),
  gpt('gpt4.1-nano', 'gpt-4.1-nano', { context: 1_000_000, output: 32_768 }),
  gpt('o1', 'o1', { output: 100_000 }),
  gpt('o3', 'o3', { output: 100_000 }),
  gpt('o3-mini', 'o3-mini', { output: 100_000, media: [] }),
  gpt('o4-mini', 'o4-mini', { output: 100_000 }),
  gpt('gpt-5', 'gpt-5', { context: 400_000, output: 128_000 }),
  gpt('gpt-5-mini', 'gpt-5-mini', { context: 400_000, output: 128_000 }),
  gpt('gpt-5-4', 'gpt-5.4', { context: 400_000, output: 128_000 }),
  gpt('gpt-5-codex', 'gpt-5-codex', { context: 400_000, output: 128_000, features: CODEX }),
  gpt('gpt-5-1-codex-max', 'gpt-5.1-codex-max', { context: 400_000, output: 128_000, features: CODEX }),
  gpt('embedding-small', 'text-embedding-3-small', { features: ['Embedding'] }),
  gemini('chat-gemini-flash-2.0', 'gemini-2.0-flash'),
  gemini('chat-gemini-flash-2.5', 'gemini-2.5-flash'),
  gemini('chat-gemini-pro-2.5', 'gemini-2.5-pro'),
  gemini('gemini-3-1-pro', 'gemini-3.1-pro'),
  grok('grok-4', 'grok-4-0709'),
  grok('grok-code-fast-1', 'grok-code-fast-1-0825', { media: [] }),
  { id: 'deepseek-r1', name: 'DeepSeek R1', vendorId: 'deepseek-reasoner', features: ['Chat'], media: [] },
]

const PROVIDERS = { openai: 'OpenAI', anthropic: 'Anthropic', google: 'Google Vertex AI', xai: 'xAI', other: 'Other' }

export const PROFILES: readonly Profile[] = ROWS.map(row => ({
  id: row.id,
  provider: PROVIDERS[familyOf(row.id).vendor],
  modelName: row.name,
  features: row.features ?? CHAT,
  native: (row.features ?? CHAT).includes('Proxy') ? row.vendorId : undefined,
  // The list leaves dates out of the vendors' ids; the native paths want them.
  providerModelID: row.vendorId.replace(/-\d{8}$/, ''),
  contextLimit: row.context ?? 128_000,
  maxOutputTokens: row.output ?? 16_384,
  media: row.media ?? PICTURES,
  deprecated: row.deprecated,
}))

/** How the profile list looks. */
export interface ProfileListOptions {
  /** `array`: no object around it, as older versions. Default `object`. */
  form?: 'object' | 'array'
  /** Only these ids; `[]` is an empty list. Chat still knows the others. */
  only?: readonly string[]
  /** Without `Proxy` in the features; the native paths are closed then. Default true. */
  proxy?: boolean
  /** Without `chatDefinition.parameters`: clients have to know the families. Default true. */
  parameters?: boolean
  /** What single profiles take instead of what their family takes, where the list shows it. */
  allow?: Readonly<Record<string, readonly string[]>>
  /** Ids and nothing else. */
  bare?: boolean
}

/** What v8 takes for this profile: what the list says where it says it, else the family. */
export const allowedParameters = (profile: string, { parameters = true, allow = {} }: ProfileListOptions): readonly string[] =>
  (parameters ? allow[profile] : undefined) ?? familyOf(profile).v8

export function profileList(options: ProfileListOptions): unknown {
  const { form = 'object', only, bare = false } = options
  const listed = PROFILES.filter(({ id }) => only === undefined || only.includes(id))
  const entries = listed.map(profile => (bare ? { id: profile.id } : entryOf(profile, options)))
  return form === 'array' ? entries : { profiles: entries }
}

function entryOf(profile: Profile, options: ProfileListOptions): Json {
  const { id, provider, modelName, providerModelID, features, contextLimit, maxOutputTokens, media } = profile
  const chat = {
    roles: ['user', 'assistant', 'system', 'tool'],
    ...(options.parameters !== false && { parameters: allowedParameters(id, options).map(fqdn => ({ fqdn })) }),
    ...(media.length > 0 && { multimediaDataDefinition: { supportedTypes: media } }),
  }
  return {
    ...{ id, providerModelID, provider, modelName },
    features: features.filter(feature => feature !== 'Proxy' || options.proxy !== false),
    ...(!features.includes('Embedding') && { chatDefinition: chat }),
    ...{ contextLimit, maxOutputTokens, deprecated: profile.deprecated ?? false, experimental: false },
    lifeCycle: { experimental: false },
  }
}
