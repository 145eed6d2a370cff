import type { Quirks } from '../config/schema/quirks.ts'
import type { ProviderConfig } from '../config/schema.ts'
import type { UpstreamTraits } from '../dialects/dialect.ts'

/** What only a vendor's own servers, or a single account's, are known for. */
type OfVendor =
  | ('models' | 'apiVersion' | 'sealsOf' | 'parameters' | 'mediaTypes')
  | ('cacheMarks' | 'strictFalse' | 'falseStop' | 'alwaysFinishes' | 'errors' | 'clientHeaders')

type Trait = Exclude<keyof UpstreamTraits, OfVendor>

/** Every quirk by the trait it sets. */
const QUIRK_OF: { [Name in Trait]: keyof Quirks } = {
  maxTokensField: 'max_tokens_field',
  maxOutput: 'max_output',
  developerRole: 'developer_role',
  streamOptions: 'stream_options',
  extraSampling: 'extra_sampling',
  unknownFields: 'unknown_fields',
  replaysReasoning: 'replays_reasoning',
  strictMessages: 'strict_messages',
  reasoningField: 'reasoning_field',
  requiresReasoning: 'requires_reasoning',
  refuses: 'refuses',
  midSystem: 'mid_system',
  alternates: 'alternates',
  answersResults: 'answers_results',
  stringContent: 'string_content',
  images: 'images',
  documents: 'documents',
  nullContent: 'null_content',
  tools: 'tools',
  requiredChoice: 'required_choice',
  namedChoice: 'named_choice',
  forcedStopsReasoning: 'forced_stops_reasoning',
  toolCallIds: 'tool_call_ids',
  prefill: 'prefill',
  reasoningSwitch: 'reasoning_switch',
  efforts: 'efforts',
  jsonSchema: 'json_schema',
  thinkTags: 'think_tags',
  endUserField: 'end_user_field',
  seedField: 'seed_field',
  serviceTiers: 'service_tiers',
  cacheControl: 'cache_control',
  leadingSystem: 'leading_system',
}

/** The preset's traits with what the operator says otherwise, which holds for every model. */
export function configuredTraits(config: ProviderConfig, preset: UpstreamTraits): UpstreamTraits {
  const said: Quirks = { ...config, ...config.quirks }
  const own = Object.fromEntries(
    Object.entries(QUIRK_OF).flatMap(([trait, quirk]) => (said[quirk] === undefined ? [] : [[trait, said[quirk]] as const])),
  ) as UpstreamTraits
  const { models, ...general } = preset
  return { ...general, ...own, ...(models && { models: models.map(row => ({ ...row, traits: { ...row.traits, ...own } })) }) }
}
