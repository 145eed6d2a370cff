import { isObject, type JsonValue } from '../../core/json.ts'

/** A model as JetBrains AI offers it (jetbrains-ai.md §7.2). What the list does not say is absent. */
export interface Profile {
  id: string
  /** The vendor's own name for the model. */
  vendorId?: string
  /** `Chat`, `Responses`, `Proxy` (the vendor's own routes take it), and others. */
  features?: readonly string[]
  /** What may be set, by fqdn. */
  parameters?: readonly string[]
  mediaTypes?: readonly string[]
  contextLimit?: number
  maxOutput?: number
}

const MOST_PROFILES = 1000
const MOST_PARAMETERS = 100
const ID = /^[\w.:@/-]{1,200}$/

const texts = (value: JsonValue | undefined): string[] | undefined =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string').slice(0, MOST_PARAMETERS) : undefined

const count = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined

function parseProfile(value: JsonValue): Profile[] {
  if (!isObject(value) || typeof value.id !== 'string' || !ID.test(value.id)) return []
  const definition = isObject(value.chatDefinition) ? value.chatDefinition : {}
  const media = isObject(definition.multimediaDataDefinition) ? definition.multimediaDataDefinition : {}
  const parameters = Array.isArray(definition.parameters)
    ? texts(definition.parameters.map(parameter => (isObject(parameter) ? (parameter.fqdn ?? null) : parameter)))
    : undefined
  const isSaid = parameters !== undefined && parameters.length > 0
  return [
    {
      id: value.id,
      vendorId: typeof value.providerModelID === 'string' && ID.test(value.providerModelID) ? value.providerModelID : undefined,
      features: texts(value.features),
      // An empty list says nothing: no model takes nothing at all.
      parameters: isSaid ? parameters : undefined,
      mediaTypes: texts(media.supportedTypes),
      contextLimit: count(value.contextLimit),
      maxOutput: count(value.maxOutputTokens),
    },
  ]
}

const defined = (profile: Profile): Profile => JSON.parse(JSON.stringify(profile)) as Profile

/** Models nobody talks to. */
const NO_CHAT = /embedding|instruct/

const isForChat = ({ id, features }: Profile): boolean =>
  !NO_CHAT.test(id) &&
  (features === undefined || features.length === 0 || features.some(feature => feature === 'Chat' || feature === 'Responses'))

/** The models for conversations in an answer of the profile list, whichever of its forms; none where it holds no list. */
export function parseProfiles(body: JsonValue | undefined): Profile[] {
  const list = isObject(body) ? body.profiles : body
  if (!Array.isArray(list)) return []
  const profiles = new Map<string, Profile>()
  for (const profile of list.slice(0, MOST_PROFILES).flatMap(parseProfile)) profiles.set(profile.id, profile)
  const all = [...profiles.values()]
  // A list that names media for some models has none for the others.
  const namesMedia = all.some(({ mediaTypes }) => mediaTypes !== undefined)
  return all.filter(isForChat).map(profile => (namesMedia ? { mediaTypes: [], ...defined(profile) } : profile))
}

const ids = (prefix: string, names: string): Profile[] => names.split(' ').map(name => ({ id: prefix + name }))

/** What there is where the list cannot be had: the ids seen in the wild (jetbrains-ai.md §7.1, as of April 2026). */
export const BUILT_IN_PROFILES: readonly Profile[] = [
  ...ids('openai-', 'gpt-4o gpt-4o-mini gpt4.1 gpt4.1-mini gpt4.1-nano o1 o3 o3-mini o4-mini'),
  ...ids('openai-gpt-5', ' -mini -nano -codex -1 -1-codex -1-codex-mini -1-codex-max -2 -2-codex -3-codex -4 -4-mini -4-nano -5'),
  ...ids('anthropic-claude-', '3.5-haiku 3.5-sonnet 3.7-sonnet 4-sonnet 4-opus 4.1-opus'),
  ...ids('anthropic-claude-', '4-5-haiku 4-5-sonnet 4-5-opus 4-6-sonnet 4-6-opus 4-7-opus'),
  ...ids('google-chat-gemini-', 'flash-2.0 flash-lite-2.0 pro-2.5 flash-2.5 flash-lite-2.5'),
  ...ids('google-gemini-', '3-0-pro 3-0-flash 3-1-pro 3-1-flash-lite'),
  ...ids('xai-grok-', '4 4-fast code-fast-1 4-1-fast 4-1-fast-non-reasoning'),
]
