import { EFFORTS, type Effort, effortOfBudget } from '../../ir/reasoning.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext } from '../dialect.ts'
import type { ModelFamily } from './model-family.ts'

const FIELD = 'reasoning_effort'

/**
 * The value of `reasoning_effort`; undefined leaves it out (dialects.md §2.6.2). A model that decides for itself needs no word from us, and one that does
 * not reason has nothing to turn off.
 */
export function encodeEffort(request: GenerateRequest, family: ModelFamily, context: CodecContext): Effort | undefined {
  const { reasoning } = request
  if (!reasoning || (family.openAi && !family.reasoning)) return undefined
  const wanted = reasoning.mode === 'disabled' ? 'none' : (reasoning.effort ?? ofBudget(reasoning.budgetTokens))
  if (wanted === undefined) return undefined
  if (wanted === 'none') return encodeNone(request, family, context)
  // Names of other vendors' models tell nothing, so a client that speaks OpenAI's words is taken at them.
  if (!family.openAi && request.origin === 'openai-chat') return wanted
  const nearest = nearestEffort(wanted, family.efforts)
  if (nearest !== wanted) context.note({ action: 'approximated', field: FIELD, detail: `${wanted} became ${nearest}` })
  return nearest
}

const ofBudget = (tokens: number | undefined): Effort | undefined => (tokens === undefined ? undefined : effortOfBudget(tokens))

function encodeNone(request: GenerateRequest, family: ModelFamily, context: CodecContext): Effort | undefined {
  if (family.canDisableReasoning) return 'none'
  if (!family.openAi && request.origin === 'openai-chat' && request.reasoning?.effort === 'none') return 'none'
  if (family.reasoning) context.note({ action: 'dropped', field: FIELD, detail: 'the model cannot stop reasoning' })
  return undefined
}

/** The same effort, or the next one up, or the highest there is; `none` is never near to anything. */
function nearestEffort(wanted: Effort, efforts: readonly Effort[]): Effort {
  if (efforts.includes(wanted)) return wanted
  const rank = EFFORTS.indexOf(wanted)
  const real = efforts.filter(effort => effort !== 'none')
  return real.find(effort => EFFORTS.indexOf(effort) > rank) ?? real.at(-1) ?? wanted
}
