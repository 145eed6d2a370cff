import { QWEN_PLANS, QWEN_USUAL_REGION, type QwenPlan } from '../routing/model-data.ts'

/** The line of the config file that serves a plan by its key. */
function configLine({ plan, keyPrefix = 'sk-', regions }: QwenPlan): string {
  const region = regions.has(QWEN_USUAL_REGION) ? QWEN_USUAL_REGION : [...regions.keys()][0]
  return `{ "name": "Qwen", "provider_type": "qwen", "plan": "${plan}", "region": "${region}", "api_key": "${keyPrefix}…" }`
}

const planText = (plan: QwenPlan): string =>
  `  ${plan.title} (regions: ${[...plan.regions.keys()].join(', ')}; the Qwen CLI has its key in ${plan.keyEnv})\n    ${configLine(plan)}\n`

/** What whoever signs in to Qwen should know before: what works without, and what a sign-in is still good for. */
export const qwenIntroduction =
  (): string => `With a key of one of Qwen's plans you need no sign-in. One line in "providers" of the config file is enough:

${QWEN_PLANS.map(planText).join('')}
The free tier of signed-in accounts was closed by Qwen on 2026-04-15. Signing in may still go well: if Qwen then refuses every
request, it means exactly that, and a key is what helps. Accounts of other kinds, and other servers, are signed in as before.
Qwen may not want its CLI's sign-in used by other programs; its terms say what it wants, and the risk is yours.
`
