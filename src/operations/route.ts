import { GatewayError } from '../core/errors.ts'
import type { Catalog } from '../routing/catalog.ts'
import type { Target } from '../routing/provider.ts'
import type { Call } from './call.ts'

/** What of the configuration a request needs; immutable, replaced whole by a reload. */
export interface RoutingState {
  catalog: Catalog
  routingHeaders: boolean
  heartbeatMs: number
}

/** A name as it is repeated to the caller, who may have sent megabytes. */
const shown = (model: string): string => (model.length > 200 ? `${model.slice(0, 200)}…` : model)

/** The targets for a model's name; none where its entry names only providers that are switched off. @throws GatewayError when there is no such model here, or the key may not use it. */
export function route(model: string, call: Pick<Call, 'caller' | 'dialect'>, catalog: Catalog): { name: string; targets: Target[] } {
  const resolution = catalog.resolve(model, call.dialect.id)
  if (!resolution.found) {
    const nearest = resolution.nearest.filter(name => call.caller.allows(name))
    const hint = nearest.length > 0 ? `; did you mean ${nearest.map(name => `'${name}'`).join(' or ')}?` : ''
    throw new GatewayError('model-not-found', `the model '${shown(model)}' does not exist here${hint}`, { param: 'model', code: 'model_not_found' })
  }
  const { name, byTier, targets } = resolution
  // A tier must not lead outside a key's list, so there the target's own name counts too.
  const allowed = call.caller.allows(name) ? targets.filter(target => !byTier || call.caller.allows(target.model)) : []
  if (allowed.length === 0 && (targets.length > 0 || !call.caller.allows(name))) {
    throw new GatewayError('permission', `this key may not use the model '${shown(model)}'`, { param: 'model', code: 'model_not_allowed' })
  }
  return { name, targets: allowed }
}
