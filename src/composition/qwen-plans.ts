import type { ProviderConfig } from '../config/schema.ts'
import { QWEN_PLANS, QWEN_USUAL_REGION, type QwenPlanName, qwenPlan, qwenPlanUrl } from '../routing/model-data.ts'
import { signsIn } from './qwen-provider.ts'

/** The plan of a key: as configured, else as the key begins, else the usual one. */
const planOf = ({ plan, api_key: key = '' }: ProviderConfig): QwenPlanName =>
  plan ?? QWEN_PLANS.find(({ keyPrefix }) => keyPrefix !== undefined && key.startsWith(keyPrefix))?.plan ?? 'standard'

/** A Qwen provider by key with what its plan says of address and models; any other as it is. */
export function withPlan(provider: ProviderConfig): { provider: ProviderConfig; fault?: string } {
  if (provider.provider_type !== 'qwen' || signsIn(provider)) return { provider }
  const name = planOf(provider)
  const plan = qwenPlan(name)
  const base_url = provider.base_url ?? qwenPlanUrl(name, provider.region)
  if (base_url === undefined) {
    const regions = [...plan.regions.keys()].join(', ')
    return { provider, fault: `${plan.title} is not sold in the region ${provider.region ?? QWEN_USUAL_REGION}; it is in ${regions}` }
  }
  // What a plan offers is known for its own addresses only.
  const models = provider.models.length === 0 && provider.base_url === undefined ? [...(plan.models ?? [])] : provider.models
  return { provider: { ...provider, base_url, models } }
}
