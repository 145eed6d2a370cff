import type { JsonObject } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import { fitTools, type ToolLimits } from '../../ir/tool-limits.ts'
import { type CodecContext, type EncodedRequest, type EncodeOptions, traitsOf } from '../dialect.ts'
import { readConversation } from './conversation.ts'
import type { Draft } from './draft.ts'
import { encodeFormat } from './encode-format.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeReasoning, encodeVerbosity } from './encode-reasoning.ts'
import { encodeSampling } from './encode-sampling.ts'
import { encodeTools } from './encode-tools.ts'
import { noteFields } from './foreign-fields.ts'
import { allowedParameters } from './parameters.ts'
import { profileFamily } from './profile-family.ts'
import { RESPONSES_PATH, V8, type Version } from './wire.ts'

/** Ids of calls are at most 40 characters (jetbrains-ai.md §2.3), of those that every vendor behind the service takes. */
const IDS: Pick<ToolLimits, 'id' | 'idPrefix'> = { id: /^[a-zA-Z0-9_-]{1,40}$/, idPrefix: 'call_' }

/**
 * A request for the chat endpoint of a version (jetbrains-ai.md §2); codex profiles have an endpoint of their own, which speaks v8.
 * @throws GatewayError `invalid-request` naming the caller's field
 */
export function encodeRequest(given: GenerateRequest, wanted: Version, options: EncodeOptions, context: CodecContext): EncodedRequest {
  const profile = options.model
  const family = profileFamily(profile)
  const isCodex = family.name === 'codex'
  const version = isCodex ? V8 : wanted
  const traits = traitsOf(options)
  const { request, names } = fitTools(given, { ...IDS, name: family.toolName })
  const parameters = allowedParameters(version, family, traits)
  const draft: Draft = { request, profile, family, version, traits, parameters, context }
  noteFields(draft)
  const steps = readConversation(draft)
  encodeTools(draft)
  encodeSampling(draft)
  encodeReasoning(draft)
  encodeVerbosity(draft)
  const instruction = encodeFormat(draft)
  if (instruction !== undefined) {
    const leading = steps.findIndex(step => step.type !== 'instructions')
    steps.splice(leading === -1 ? steps.length : leading, 0, { type: 'instructions', text: instruction })
  }
  const body: JsonObject = { prompt: version.prompt, profile, chat: { messages: encodeMessages(steps, version) } }
  // An empty or null list is answered with a 400.
  if (parameters.data.length > 0) body.parameters = { data: parameters.data }
  return { body, ...(isCodex && { path: RESPONSES_PATH }), ...(names && { reversal: { names } }) }
}
