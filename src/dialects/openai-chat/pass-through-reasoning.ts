import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { EFFORTS } from '../../ir/reasoning.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import { enableThinking, stopsReasoning } from './encode-reasoning.ts'

/** How reasoning is turned off, as far as a client's own words are changed for it. */
const OFF: Partial<Record<NonNullable<UpstreamTraits['reasoningSwitch']>, JsonObject>> = {
  enable_thinking: { enable_thinking: false },
  reasoning_effort: { reasoning_effort: 'none' },
}

/**
 * What changes in a client's own words about reasoning and forced tools (qwen.md §2.3): servers that switch reasoning by `enable_thinking` know no
 * `reasoning_effort`, and with reasoning on they refuse to force a tool. null takes a member out.
 */
export function reasoningChanges(body: JsonObject, traits: UpstreamTraits, context?: CodecContext): JsonObject {
  const changes: JsonObject = {}
  if (traits.reasoningSwitch === 'enable_thinking' && isGiven(body.reasoning_effort)) {
    const effort = EFFORTS.find(known => known === body.reasoning_effort)
    // What the client says in the server's own words holds.
    const isSaid = isGiven(body.enable_thinking) || isGiven(body.thinking_budget)
    Object.assign(changes, { reasoning_effort: null }, effort !== undefined && !isSaid && enableThinking({ effort }))
  }
  const off = traits.forcedStopsReasoning ? OFF[traits.reasoningSwitch ?? 'none'] : undefined
  if (!off) return changes
  const choice = toolChoice(body, traits)
  if (choice !== body.tool_choice) changes.tool_choice = choice ?? null
  if (choice === 'auto' && choice !== body.tool_choice)
    context?.note({ action: 'approximated', field: 'tool_choice', detail: 'the upstream cannot be made to call a tool' })
  if (!isObject(choice) || choice.type === 'allowed_tools' || stopsReasoning(body)) return changes
  // A forced tool is worth more than thoughts about it.
  if (body.enable_thinking === true || isGiven(body.thinking_budget) || isGiven(body.reasoning_effort))
    context?.note({ action: 'approximated', field: 'reasoning_effort', detail: 'off, because a tool is forced' })
  const budget = isGiven(body.thinking_budget) || changes.thinking_budget !== undefined
  return { ...changes, ...(budget && { thinking_budget: null }), ...off }
}

const isGiven = (value: JsonValue | undefined): boolean => value !== undefined && value !== null

/** "required" as the one tool there is, or as the server's own word. */
function toolChoice({ tool_choice: choice, tools }: JsonObject, { requiredChoice }: UpstreamTraits): JsonValue | undefined {
  if (choice !== 'required' || requiredChoice !== 'auto') return choice
  const [sole, ...others] = Array.isArray(tools) ? tools : []
  const name = isObject(sole) && isObject(sole.function) ? sole.function.name : undefined
  return typeof name === 'string' && others.length === 0 ? { type: 'function', function: { name } } : 'auto'
}
