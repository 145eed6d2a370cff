import type { Credential } from '../accounts/account.ts'
import type { UpstreamTraits } from '../dialects/dialect.ts'
import type { DialectId } from '../ir/dialect-id.ts'

/** What a kind of provider is: a wire format, a way to show the credential, and how its server differs from the vendor's. */
export interface Preset {
  dialect: DialectId
  authorize(credential: Credential): Record<string, string>
  traits: UpstreamTraits
}

const bearer = (credential: Credential): Record<string, string> =>
  credential.kind === 'api_key' ? { authorization: `Bearer ${credential.apiKey}` } : {}

const apiKeyHeader = (credential: Credential): Record<string, string> =>
  credential.kind === 'api_key' ? { 'x-api-key': credential.apiKey } : {}

const openaiLike = (traits: UpstreamTraits = {}): Preset => ({ dialect: 'openai-chat', authorize: bearer, traits })

/** By `provider_type`. Kinds that are missing here need more than a key and a known wire format. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  openai: openaiLike(),
  anthropic: { dialect: 'anthropic', authorize: apiKeyHeader, traits: {} },
  custom: openaiLike({ extraSampling: true, unknownFields: true }),
  mistral: openaiLike(),
  groq: openaiLike(),
  ollama: openaiLike({ extraSampling: true }),
  perplexity: openaiLike(),
  qwen: openaiLike({ extraSampling: true }),
  demo: openaiLike(),
}
