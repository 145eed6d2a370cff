import { isObject, type JsonObject } from '../../core/json.ts'
import { BUDGET_OF_EFFORT, EFFORTS, type Effort, effortOfBudget, type Reasoning } from '../../ir/reasoning.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import type { ModelFamily } from './model-family.ts'

const FIELD = 'reasoning_effort'

/**
 * The request fields that tell the model how much to reason; none leave it to the model (dialects.md §2.6.2). A model that decides for itself needs no word from
 * us, and one that does not reason has nothing to turn off.
 */
export function encodeReasoning(request: GenerateRequest, traits: UpstreamTraits, family: ModelFamily, context: CodecContext): JsonObject {
  const { reasoning } = request
  if (!reasoning) return {}
  const off = reasoning.mode === 'disabled' || reasoning.effort === 'none'
  const wanted = off ? 'none' : (reasoning.effort ?? ofBudget(reasoning.budgetTokens))
  const on = reasoning.mode === 'enabled' || (wanted !== undefined && !off)
  const effort = () => withField(encodeEffort(request, wanted, traits, family, context))
  switch (traits.reasoningSwitch) {
    case 'none':
      return {}
    case 'thinking':
      if (off) return { thinking: { type: 'disabled' } }
      return { ...(on && { thinking: { type: 'enabled' } }), ...effort() }
    case 'enable_thinking':
      return off || on ? enableThinking({ effort: wanted, budgetTokens: reasoning.budgetTokens }) : {}
    case 'chat_template_kwargs':
      if (off) return { chat_template_kwargs: { enable_thinking: false } }
      return { ...(reasoning.mode === 'enabled' && { chat_template_kwargs: { enable_thinking: true } }), ...effort() }
    case 'reasoning':
      if (off) return { reasoning: { enabled: false } }
      if (reasoning.budgetTokens !== undefined && reasoning.effort === undefined && !traits.efforts)
        return { reasoning: { max_tokens: reasoning.budgetTokens } }
      if (!on) return {}
      return { reasoning: wanted === undefined || traits.efforts?.length === 0 ? { enabled: true } : { effort: wanted } }
    default:
      return effort()
  }
}

/** Whether the fields turn reasoning off. */
export const stopsReasoning = (fields: JsonObject): boolean => {
  const { thinking, enable_thinking, reasoning_effort, chat_template_kwargs: template, reasoning } = fields
  if (enable_thinking === false || reasoning_effort === 'none') return true
  if (isObject(thinking) && thinking.type === 'disabled') return true
  return (isObject(template) && template.enable_thinking === false) || (isObject(reasoning) && reasoning.enabled === false)
}

const withField = (effort: Effort | undefined): JsonObject => (effort === undefined ? {} : { reasoning_effort: effort })

const ofBudget = (tokens: number | undefined): Effort | undefined => (tokens === undefined ? undefined : effortOfBudget(tokens))

/** Alibaba's switch, with a budget where one is known (qwen.md §2.3). */
export const enableThinking = ({ effort, budgetTokens }: Pick<Reasoning, 'effort' | 'budgetTokens'>): JsonObject =>
  effort === 'none' ? { enable_thinking: false } : { enable_thinking: true, ...budgetFor(budgetTokens, effort) }

/** Alibaba's `thinking_budget`; without one the model takes all it may. */
function budgetFor(tokens: number | undefined, effort: Effort | undefined): JsonObject {
  if (tokens !== undefined) return { thinking_budget: tokens }
  return effort === undefined || effort === 'max' ? {} : { thinking_budget: BUDGET_OF_EFFORT[effort] }
}

function encodeEffort(
  request: GenerateRequest,
  wanted: Effort | undefined,
  traits: UpstreamTraits,
  family: ModelFamily,
  context: CodecContext,
): Effort | undefined {
  if (wanted === undefined || traits.refuses?.includes(FIELD) || (family.openAi && !family.reasoning)) return undefined
  // Names of other vendors' models tell nothing, so a client that speaks OpenAI's words is taken at them.
  if (!family.openAi && !traits.efforts && request.origin === 'openai-chat') return wanted
  const efforts = family.openAi ? family.efforts : (traits.efforts ?? family.efforts)
  const canStop = efforts.includes('none')
  if (wanted === 'none' && !canStop && !family.reasoning) return undefined
  // One that cannot stop reasoning does the least it can.
  const chosen = wanted === 'none' && !canStop ? efforts[0] : nearestEffort(wanted, efforts)
  if (chosen !== undefined && chosen !== wanted)
    context.note({ action: 'approximated', field: callersField(request), detail: `${wanted} became ${chosen}` })
  return chosen
}

/** Where the caller said it. */
function callersField({ origin, reasoning }: GenerateRequest): string {
  if (origin !== 'anthropic') return FIELD
  return reasoning?.effort === undefined ? 'thinking' : 'output_config.effort'
}

/** The same effort, or the next one up, or the highest there is; `none` is never near to anything. */
function nearestEffort(wanted: Effort, efforts: readonly Effort[]): Effort | undefined {
  if (efforts.includes(wanted)) return wanted
  const rank = EFFORTS.indexOf(wanted)
  const real = efforts.filter(effort => effort !== 'none')
  return real.find(effort => EFFORTS.indexOf(effort) > rank) ?? real.at(-1)
}
