import { isObject, type JsonObject } from '../../core/json.ts'
import { BUDGET_OF_EFFORT, EFFORTS, type Effort, effortOfBudget, type Reasoning } from '../../ir/reasoning.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext } from '../dialect.ts'
import type { Capabilities } from './capabilities.ts'
import { isBegun, type Turn } from './wire.ts'

const LEAST_BUDGET = 1024

export interface ThinkingSituation {
  maxTokens: number
  /** `tool_choice` demands a tool. */
  forcedTool: boolean
  messages: readonly Turn[]
}

export interface EncodedThinking {
  thinking?: JsonObject
  effort?: Effort
}

/** `thinking` and `output_config.effort` as the target model takes them (dialects.md §2.6). */
export function encodeThinking(
  request: GenerateRequest,
  capabilities: Capabilities,
  situation: ThinkingSituation,
  context: CodecContext,
): EncodedThinking {
  const { reasoning } = request
  const native = request.origin === 'anthropic'
  const own = request.extensions?.anthropic?.thinking
  if (isObject(own)) {
    if (own.type !== 'between_tools' || capabilities.disable === 'between-tools')
      return { thinking: own, effort: nearestEffort(reasoning?.effort, request, capabilities, context) }
    context.note({ action: 'approximated', field: 'thinking', detail: 'this model cannot think between tools only' })
  }
  if (!reasoning) return {}
  if (reasoning.mode === 'disabled' || (reasoning.mode === undefined && reasoning.effort === 'none')) {
    return disabled(request, reasoning, capabilities, context)
  }
  // Anthropic's clients set an effort without asking for thinking; elsewhere the one is the other.
  if (native && reasoning.mode === undefined) return { effort: nearestEffort(reasoning.effort, request, capabilities, context) }
  if (capabilities.thinking === 'none') {
    context.note({ action: 'dropped', field: fieldOf(request), detail: 'this model does not reason' })
    return {}
  }
  return isBudgeted(request, reasoning, capabilities)
    ? withBudget(request, reasoning, capabilities, situation, context)
    : adaptive(request, reasoning, capabilities, context)
}

const isBudgeted = ({ origin }: GenerateRequest, { mode }: Reasoning, { thinking }: Capabilities): boolean =>
  thinking === 'budget' || (thinking === 'both' && origin === 'anthropic' && mode === 'enabled')

/** Whether the request asks for thinking that this model only does with a budget; that excludes much else. */
export function thinksWithBudget(request: GenerateRequest, capabilities: Capabilities): boolean {
  const { reasoning } = request
  if (!reasoning || reasoning.mode === 'disabled' || (reasoning.mode === undefined && reasoning.effort === 'none')) return false
  return isBudgeted(request, reasoning, capabilities) && (request.origin !== 'anthropic' || reasoning.mode !== undefined)
}

const fieldOf = ({ origin, reasoning }: GenerateRequest): string => {
  if (origin === 'anthropic') return 'thinking'
  if (origin !== 'openai-chat') return 'reasoning'
  return reasoning?.mode === undefined ? 'reasoning_effort' : 'thinking'
}

function adaptive(request: GenerateRequest, reasoning: Reasoning, capabilities: Capabilities, context: CodecContext): EncodedThinking {
  const wanted = reasoning.effort ?? (reasoning.budgetTokens === undefined ? undefined : effortOfBudget(reasoning.budgetTokens))
  const thinking: JsonObject = { type: 'adaptive' }
  const display = displayOf(request)
  if (display !== undefined) thinking.display = display
  if (reasoning.mode === 'enabled' && reasoning.budgetTokens !== undefined) {
    context.note({ action: 'approximated', field: 'thinking.budget_tokens', detail: 'this model takes an effort instead of a budget' })
  }
  return { thinking, effort: nearestEffort(wanted, request, capabilities, context) }
}

/**
 * Newer models hide the text unless asked. Responses clients say what they want; those of the other dialects that ask for reasoning have
 * nowhere to, and expect to see it.
 */
function displayOf(request: GenerateRequest): string | undefined {
  const { display } = request.reasoning ?? {}
  if (display !== undefined) return display === 'omitted' ? 'omitted' : request.origin === 'anthropic' ? display : 'summarized'
  return request.origin === 'anthropic' || request.origin === 'openai-responses' ? undefined : 'summarized'
}

function disabled(request: GenerateRequest, reasoning: Reasoning, capabilities: Capabilities, context: CodecContext): EncodedThinking {
  const effort = reasoning.effort === 'none' ? undefined : nearestEffort(reasoning.effort, request, capabilities, context)
  if (capabilities.thinking === 'none') return {}
  switch (capabilities.disable) {
    case 'yes':
      return { thinking: { type: 'disabled' }, effort }
    case 'up-to-high': {
      const above = effort === 'xhigh' || effort === 'max'
      if (above) context.note({ action: 'approximated', field: 'output_config.effort', detail: 'at most high without thinking' })
      return { thinking: { type: 'disabled' }, effort: above ? 'high' : effort }
    }
    case 'between-tools':
      context.note({ action: 'approximated', field: fieldOf(request), detail: 'this model always thinks between tools' })
      return { thinking: { type: 'between_tools' }, effort }
    case 'no':
      context.note({ action: 'approximated', field: fieldOf(request), detail: 'this model always thinks; the least effort was set' })
      return { effort: capabilities.efforts[0] }
  }
}

/** A budget has to be at least 1,024 tokens and below the output limit, which is the caller's and stays as it is. */
function withBudget(
  request: GenerateRequest,
  reasoning: Reasoning,
  capabilities: Capabilities,
  situation: ThinkingSituation,
  context: CodecContext,
): EncodedThinking {
  const field = fieldOf(request)
  const effort = request.origin === 'anthropic' ? nearestEffort(reasoning.effort, request, capabilities, context) : undefined
  const drop = (detail: string): EncodedThinking => {
    context.note({ action: 'dropped', field, detail })
    return { effort }
  }
  if (situation.forcedTool) return drop('a forced tool choice excludes thinking with a budget')
  if (isBegun(situation.messages)) return drop('an answer that was begun excludes thinking with a budget')
  if (resumesUnsignedStep(situation.messages)) return drop('the last step has no thinking of this model')
  const wanted = reasoning.budgetTokens ?? BUDGET_OF_EFFORT[reasoning.effort ?? 'medium']
  const budget = Math.min(Math.max(wanted, LEAST_BUDGET), situation.maxTokens - 1)
  if (budget < LEAST_BUDGET) return drop('max_tokens leaves no room for thinking')
  if (reasoning.budgetTokens !== undefined && budget !== wanted) {
    context.note({ action: 'approximated', field, detail: `a budget of ${budget} tokens` })
  }
  const thinking: JsonObject = { type: 'enabled', budget_tokens: budget }
  if (reasoning.display !== undefined && request.origin === 'anthropic') thinking.display = reasoning.display
  return { thinking, effort }
}

/** With a budget, an assistant turn whose calls were just answered must begin with its thinking, or the request is refused. */
function resumesUnsignedStep(messages: readonly Turn[]): boolean {
  const results = messages.at(-1)
  const step = messages.at(-2)
  if (step?.role !== 'assistant' || !results?.content.some(block => block.type === 'tool_result')) return false
  const first = step.content[0]?.type
  return first !== 'thinking' && first !== 'redacted_thinking'
}

/** The wanted level, or the nearest one that the model has: the one below, for want of that the one above. */
function nearestEffort(
  wanted: Effort | undefined,
  request: GenerateRequest,
  capabilities: Capabilities,
  context: CodecContext,
): Effort | undefined {
  if (wanted === undefined || wanted === 'none') return undefined
  const { efforts } = capabilities
  const field = request.origin === 'anthropic' ? 'output_config.effort' : fieldOf(request)
  const note = (action: 'approximated' | 'dropped', detail: string): void => context.note({ action, field, detail })
  if (efforts.length === 0) {
    note('dropped', 'this model takes no effort')
    return undefined
  }
  if (efforts.includes(wanted)) return wanted
  // `minimal` is Anthropic's `low`: the scales name the same least step.
  if (wanted === 'minimal') return efforts[0]
  const rank = EFFORTS.indexOf(wanted)
  const instead = wanted === 'xhigh' ? capabilities.insteadOfXhigh : undefined
  const nearest = instead ?? efforts.findLast(effort => EFFORTS.indexOf(effort) < rank) ?? efforts[0]
  note('approximated', `${nearest} is the nearest that this model has`)
  return nearest
}
