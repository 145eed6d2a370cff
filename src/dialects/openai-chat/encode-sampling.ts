import type { Draft } from './draft.ts'

const MOST_STOPS = 4

/** The output limit. Clients that believe to speak to another model ask for more than this one can give, which is a 400. */
export function encodeLimit({ request, traits, family, body, context }: Draft): void {
  const wanted = request.maxOutputTokens
  if (wanted === undefined) return
  const note = (detail: string) => context.note({ action: 'approximated', field: 'max_tokens', detail })
  const field = traits.maxTokensField ?? (family.reasoning ? 'max_completion_tokens' : 'max_tokens')
  const most = Math.min(family.maxOutput, traits.maxOutput ?? family.maxOutput)
  body[field] = Math.max(1, Math.min(wanted, most))
  if (wanted > most) note(`the model's limit is ${most}`)
  // Anthropic's way to warm a cache; nobody else can answer with nothing.
  if (wanted < 1) note('the upstream writes at least one token')
}

export function encodeSampling(draft: Draft): void {
  const { request, traits, family, body, context } = draft
  const refused = family.reasoning && !(family.canDisableReasoning && body.reasoning_effort === 'none')
  const set = (field: string, value: number | undefined, harmless: number) => {
    if (value === undefined) return
    if (!refused || value === harmless) body[field] = value
    else context.note({ action: 'dropped', field, detail: 'reasoning model' })
  }
  set('temperature', request.temperature, 1)
  set('top_p', request.topP, 1)
  set('frequency_penalty', request.frequencyPenalty, 0)
  set('presence_penalty', request.presencePenalty, 0)
  if (request.topK !== undefined) {
    if (traits.extraSampling) body.top_k = request.topK
    else context.note({ action: 'dropped', field: 'top_k' })
  }
  if (request.seed !== undefined) body[traits.seedField ?? 'seed'] = request.seed
  if (request.choices !== undefined) body.n = request.choices
  if (request.logprobs && family.reasoning) context.note({ action: 'dropped', field: 'logprobs', detail: 'reasoning model' })
  else if (request.logprobs) {
    body.logprobs = true
    if (request.logprobs.top !== undefined) body.top_logprobs = request.logprobs.top
  }
  encodeStop(draft)
}

function encodeStop({ request, family, body, context }: Draft): void {
  const stops = request.stopSequences?.filter(stop => stop !== '') ?? []
  if (stops.length === 0) return
  const field = request.origin === 'anthropic' ? 'stop_sequences' : 'stop'
  if (family.reasoning) {
    context.note({ action: 'dropped', field, detail: 'reasoning model' })
    return
  }
  if (stops.length > MOST_STOPS) context.note({ action: 'approximated', field, detail: `only the first ${MOST_STOPS}` })
  body.stop = stops.slice(0, MOST_STOPS)
}
