import { Pool } from '../../accounts/pool.ts'
import { GatewayError } from '../../core/errors.ts'
import { type Provider, type Target, wireOf } from '../../routing/provider.ts'

/** Kinds of provider that speak OpenAI's dialect and have no vectors to give. */
const WITHOUT: ReadonlySet<string> = new Set(['demo'])

/** Kinds of account that may chat and nothing else (qwen.md §2.7). */
const CHAT_ONLY: ReadonlySet<string> = new Set(['qwen_oauth'])

function speaksEmbeddings(target: Target): boolean {
  const { provider } = target
  const wire = wireOf(target)
  // A vendor's route at somebody else's address need not have the others beside it.
  return (
    provider.dialect.id === 'openai-chat' && wire.dialect.id === 'openai-chat' && wire.path === undefined && !WITHOUT.has(provider.type)
  )
}

/** The target with only those of its accounts that may ask for embeddings; undefined where it has accounts and none may. */
function withKeys(target: Target): Target | undefined {
  const { provider } = target
  const { accounts, strategy } = provider.pool
  const able = accounts.filter(({ kind }) => !CHAT_ONLY.has(kind))
  if (able.length === accounts.length) return target
  return able.length === 0 ? undefined : { ...target, provider: { ...provider, pool: new Pool(able, strategy) } }
}

/**
 * Those of a model's targets that can be asked for embeddings. @throws GatewayError `invalid-request` naming `model` where there are targets and none of them can.
 */
export function servingTargets(targets: readonly Target[]): Target[] {
  const speaking = targets.filter(speaksEmbeddings)
  const serving = speaking.map(withKeys).filter(target => target !== undefined)
  if (serving.length > 0 || targets.length === 0) return serving
  const names = (of: readonly { provider: Provider }[]): string => [...new Set(of.map(({ provider }) => `'${provider.name}'`))].join(', ')
  const why =
    speaking.length > 0
      ? `embeddings need a key plan: the accounts of ${names(speaking)} are signed in by OAuth, which serves none; add an API key or a plan's key`
      : `no embeddings are served by ${names(targets)}, where this model is`
  throw new GatewayError('invalid-request', `model: ${why}`, { param: 'model', code: 'embeddings_not_supported' })
}
