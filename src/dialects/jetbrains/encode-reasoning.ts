import { BUDGET_OF_EFFORT, type Effort, effortOfBudget } from '../../ir/reasoning.ts'
import { reasoningField } from './caller-fields.ts'
import type { Draft } from './draft.ts'

/** The wire's three words for our scale. */
const WORDS: Record<Effort, 'low' | 'medium' | 'high'> = {
  none: 'low',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}

/** `reasoning-effort` or `thinking-budget`, whichever the profile takes; none leaves it to the model. */
export function encodeReasoning(draft: Draft): void {
  const { request, parameters, context } = draft
  const { reasoning } = request
  if (!reasoning) return
  const field = reasoningField(request)
  const byEffort = parameters.allows('reasoning-effort')
  const byBudget = parameters.allows('thinking-budget')
  const off = reasoning.mode === 'disabled' || reasoning.effort === 'none'
  if (!byEffort && !byBudget) {
    // Where nothing turns it on, nothing need be turned off.
    if (!off) context.note({ action: 'dropped', field, detail: 'this model is told nothing of reasoning' })
    return
  }
  if (byBudget && (off || reasoning.budgetTokens !== undefined || !byEffort)) {
    const budget = off ? 0 : (reasoning.budgetTokens ?? (reasoning.effort && BUDGET_OF_EFFORT[reasoning.effort]))
    if (budget !== undefined) parameters.add('thinking-budget', budget)
    return
  }
  const wanted = off ? 'none' : (reasoning.effort ?? ofBudget(reasoning.budgetTokens))
  if (wanted === undefined) return
  const chosen = WORDS[wanted]
  if (chosen !== wanted) context.note({ action: 'approximated', field, detail: `${wanted} became ${chosen}` })
  parameters.add('reasoning-effort', chosen)
}

const ofBudget = (tokens: number | undefined): Effort | undefined => (tokens === undefined ? undefined : effortOfBudget(tokens))

/** OpenAI's `verbosity`, which has a parameter here. */
export function encodeVerbosity({ request, parameters, context }: Draft): void {
  const verbosity = request.extensions?.['openai-chat']?.verbosity ?? request.extensions?.['openai-responses']?.verbosity
  if (verbosity === undefined || verbosity === null) return
  if (typeof verbosity === 'string' && parameters.allows('verbosity')) parameters.add('verbosity', verbosity)
  else context.note({ action: 'dropped', field: 'verbosity', detail: 'this model does not take it' })
}
