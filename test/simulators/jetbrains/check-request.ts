import type { Json } from '../../checkers/json.ts'
import { estimateTokens } from '../tokens.ts'
import { checkMessages } from './check-messages.ts'
import { checkMessagesV7 } from './check-messages-v7.ts'
import { checkParameters, checkRanges, checkV7Names, type Parameters } from './check-parameters.ts'
import { checkTools, type OfferedTool } from './check-tools.ts'
import { objectAt, onlyKnown } from './check-values.ts'
import { familyOf } from './families.ts'
import { allowedParameters, PROFILES, type ProfileListOptions } from './profiles.ts'
import { refuse } from './refuse.ts'

/** A chat request that passed. */
export interface ChatRequest {
  profile: string
  messages: Json[]
  parameters: Parameters
  tools: OfferedTool[]
}

export interface ChatEndpoint {
  version: 'v7' | 'v8'
  /** What a profile needs among its features. */
  feature: 'Chat' | 'Responses'
}

/** Checks a body of the aggregated endpoints (jetbrains-ai.md §2). @throws Refusal 400 */
export function checkRequest(body: Json | undefined, endpoint: ChatEndpoint, list: ProfileListOptions): ChatRequest {
  if (!body) return refuse('Request body is not a JSON object')
  onlyKnown('$', body, ['prompt', 'profile', 'chat', 'parameters'])
  if (body.prompt !== undefined && typeof body.prompt !== 'string') refuse('Expected string literal at path: $.prompt')
  if (typeof body.profile !== 'string') return refuse("Field 'profile' is required as text at path: $")
  const profile = PROFILES.find(({ id }) => id === body.profile)
  if (!profile) return refuse(`Unknown profile: ${body.profile}`)
  if (!profile.features.includes(endpoint.feature)) refuse(`profile.features - Should support ${endpoint.feature}`)
  const { messages: given, ...rest } = objectAt('$.chat', body.chat)
  onlyKnown('$.chat', rest, [])
  const v7 = endpoint.version === 'v7'
  const family = familyOf(profile.id)
  const messages = v7 ? checkMessagesV7(given, profile) : checkMessages(given, profile)
  if (v7) checkV7Names(body.parameters, family)
  const parameters = checkParameters(body.parameters, v7 ? family.v7 : allowedParameters(profile.id, list))
  checkRanges(parameters, family, endpoint.version)
  const tools = checkTools(parameters, family)
  const tokens = estimateTokens([messages, tools])
  if (tokens > profile.contextLimit) refuse(`prompt is too long: ${tokens} tokens > ${profile.contextLimit} maximum`)
  return { profile: profile.id, messages, parameters, tools }
}
