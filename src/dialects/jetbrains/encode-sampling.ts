import { invalidField } from '../../core/errors.ts'
import { callersName } from './caller-fields.ts'
import type { Draft } from './draft.ts'
import type { ParameterKey } from './parameters.ts'

const REFUSED = 'this model does not take it'

/** The output limit, sampling and stop. What the profile does not take would be a 400. @throws GatewayError `invalid-request` for more choices than can be had */
export function encodeSampling(draft: Draft): void {
  const { request, parameters } = draft
  encodeLimit(draft)
  encodeTemperature(draft)
  const { topP } = request
  if (topP !== undefined && draft.version.name === 'v7' && parameters.allows('top-p') && request.temperature !== undefined)
    drop('top_p', draft, 'not together with temperature')
  else set('top-p', 'top_p', topP, draft)
  set('top-k', 'top_k', request.topK, draft)
  set('seed', 'seed', request.seed, draft)
  encodeStop(draft)
  encodeChoices(draft)
}

function drop(field: string, { context }: Draft, detail: string = REFUSED): void {
  context.note({ action: 'dropped', field, detail })
}

function set(key: ParameterKey, field: string, value: number | undefined, draft: Draft): void {
  if (value === undefined) return
  if (draft.parameters.allows(key)) draft.parameters.add(key, value)
  else drop(field, draft)
}

function encodeLimit(draft: Draft): void {
  const { request, traits, context } = draft
  const wanted = request.maxOutputTokens
  if (wanted === undefined) return
  const limit = Math.max(1, Math.min(wanted, traits.maxOutput ?? wanted))
  // Nothing but Anthropic's own API answers with nothing.
  if (limit !== wanted && draft.parameters.allows('length'))
    context.note({ action: 'approximated', field: 'max_tokens', detail: wanted < 1 ? 'at least 1' : `this model writes at most ${limit}` })
  set('length', 'max_tokens', limit, draft)
}

function encodeTemperature(draft: Draft): void {
  const { request, family, parameters, context } = draft
  const wanted = request.temperature
  if (wanted === undefined) return
  const value = Math.max(0, Math.min(wanted, family.hottest))
  if (value !== wanted && parameters.allows('temperature'))
    context.note({ action: 'approximated', field: 'temperature', detail: `from 0 to ${family.hottest}` })
  set('temperature', 'temperature', value, draft)
}

/** The wire has one stop text. */
function encodeStop(draft: Draft): void {
  const { request, parameters, context } = draft
  const [first, ...others] = request.stopSequences?.filter(stop => stop !== '') ?? []
  if (first === undefined) return
  const field = callersName('stop', request)
  if (!parameters.allows('stop-token')) {
    drop(field, draft)
    return
  }
  parameters.add('stop-token', first)
  if (others.length > 0) context.note({ action: 'approximated', field, detail: 'only the first' })
}

/** Fewer answers than were asked for are no answer to the request. */
function encodeChoices({ request, parameters }: Draft): void {
  const { choices } = request
  if (choices === undefined || choices <= 1) return
  if (!parameters.allows('number-of-choices')) throw invalidField('n', 'must be 1 with this model', 'unsupported_value')
  parameters.add('number-of-choices', choices)
}
