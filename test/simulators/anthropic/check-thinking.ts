import { isObject, type Json } from '../../checkers/json.ts'
import { checkConstrainedSchema } from './check-schema.ts'
import type { CheckContext } from './context.ts'
import type { ModelRules } from './model-rules.ts'
import { checkInteger, checkOneOf, onlyKnown, refuse } from './refuse.ts'

const MIN_BUDGET = 1024
const FIELDS: Record<string, readonly string[]> = {
  enabled: ['type', 'budget_tokens', 'display'],
  adaptive: ['type', 'display'],
  between_tools: ['type', 'display'],
  disabled: ['type'],
}

export const thinkingType = (body: Json): string | undefined =>
  isObject(body.thinking) && typeof body.thinking.type === 'string' ? body.thinking.type : undefined

/** The `thinking` object against the model (dialects.md §2.6.1 has the wordings), the output limit and forced tools. */
export function checkThinking(body: Json, rules: ModelRules): void {
  const { thinking } = body
  if (thinking === undefined) return
  if (!isObject(thinking)) return refuse('thinking: Input should be an object')
  checkOneOf('thinking.type', thinking.type, Object.keys(FIELDS))
  const { type } = thinking
  onlyKnown(`thinking.${type}`, thinking, FIELDS[type] ?? [])
  if (type === 'disabled') return checkDisabled(body, rules)
  if (!rules.thinking.includes(type)) notThisThinking(type, rules)
  if (thinking.display !== undefined && thinking.display !== null) {
    checkOneOf(`thinking.${type}.display`, thinking.display, ['summarized', 'omitted', 'updates'])
  }
  if (type !== 'enabled') return
  checkInteger('thinking.enabled.budget_tokens', thinking.budget_tokens, MIN_BUDGET)
  if (typeof body.max_tokens === 'number' && body.max_tokens <= thinking.budget_tokens) {
    refuse('`max_tokens` must be greater than `thinking.budget_tokens`.')
  }
  const choice = isObject(body.tool_choice) ? body.tool_choice.type : undefined
  if (choice === 'any' || choice === 'tool') refuse('Thinking may not be enabled when tool_choice forces tool use.')
}

function checkDisabled(body: Json, { disable }: ModelRules): void {
  const effort = isObject(body.output_config) ? body.output_config.effort : undefined
  if (disable === false || (disable === 'to-high' && (effort === 'xhigh' || effort === 'max'))) {
    refuse('"thinking.type.disabled" is not supported for this model. Use "output_config.effort" to control thinking behavior.')
  }
}

function notThisThinking(type: string, rules: ModelRules): never {
  if (rules.thinking.length === 0) refuse('thinking is not supported on this model')
  if (type !== 'enabled') refuse(`${type} thinking is not supported on this model`)
  const instead = 'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
  return refuse(`"thinking.type.enabled" is not supported for this model. ${instead}`)
}

export function checkSampling(body: Json, { rules }: CheckContext): void {
  const { temperature, top_p: topP, top_k: topK } = body
  for (const [name, value] of Object.entries({ temperature, top_p: topP })) {
    if (value === undefined) continue
    if (typeof value !== 'number') return refuse(`${name}: Input should be a valid number`)
    if (value < 0) refuse(`${name}: Input should be greater than or equal to 0`)
    if (value > 1) refuse(`${name}: Input should be less than or equal to 1`)
    if (!rules.sampling && value !== 1) refuse(`\`${name}\` is deprecated for this model.`)
  }
  if (topK !== undefined) {
    checkInteger('top_k', topK, 0)
    if (!rules.sampling) refuse('`top_k` is deprecated for this model.')
  }
  if (!rules.sampling) return
  const type = thinkingType(body)
  if (type !== undefined && type !== 'disabled') {
    if (temperature !== undefined && temperature !== 1) refuse('`temperature` may only be set to 1 when thinking is enabled.')
    if (topK !== undefined) refuse('`top_k` must be unset when thinking is enabled.')
    if (Number(topP ?? 1) < 0.95) refuse('`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.')
  }
  const fourth = /-4(-|$)/.test(String(body.model))
  if (fourth && temperature !== undefined && topP !== undefined) {
    refuse('`temperature` and `top_p` cannot both be specified for this model. Please use only one.')
  }
}

export function checkOutputConfig(body: Json, { rules, betas }: CheckContext): void {
  const { output_config: config } = body
  if (config === undefined) return
  if (!isObject(config)) return refuse('output_config: Input should be an object')
  const budgets = betas.some(name => name.startsWith('task-budgets-')) ? ['task_budget'] : []
  onlyKnown('output_config', config, ['effort', 'format', ...budgets])
  const { effort, format } = config
  if (effort !== undefined && effort !== null) {
    if (rules.efforts.length === 0) refuse('This model does not support the effort parameter.')
    checkOneOf('output_config.effort', effort, rules.efforts)
  }
  if (format === undefined || format === null) return
  if (!isObject(format)) return refuse('output_config.format: Input should be an object')
  if (!rules.structuredOutputs) refuse('output_config.format: structured outputs are not supported on this model')
  checkOneOf('output_config.format.type', format.type, ['json_schema'])
  onlyKnown('output_config.format', format, ['type', 'schema'])
  if (!isObject(format.schema)) return refuse('output_config.format.schema: Field required')
  checkConstrainedSchema('output_config.format.schema', format.schema)
}
