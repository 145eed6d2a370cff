import { GatewayError } from '../core/errors.ts'
import type { DialectId } from '../ir/dialect-id.ts'
import type { Catalog, Resolution } from '../routing/catalog.ts'
import type { Target } from '../routing/provider.ts'
import type { Call, Caller } from './call.ts'

/** What of the configuration a request needs; immutable, replaced whole by a reload. */
export interface RoutingState {
  catalog: Catalog
  routingHeaders: boolean
  heartbeatMs: number
}

/** How many names an error shows to somebody whose own is like none of them. */
const SHOWN_NAMES = 5

/** A name as it is repeated to the caller, who may have sent megabytes. */
const shown = (model: string): string => (model.length > 200 ? `${model.slice(0, 200)}…` : model)

/** The error for a name that leads nowhere, with those that may have been meant. */
export function unknownModel(model: string, nearest: readonly string[], known: readonly string[]): GatewayError {
  const quoted = (names: readonly string[], link: string) => names.map(name => `'${name}'`).join(link)
  const some = `${quoted(known.slice(0, SHOWN_NAMES), ', ')}${known.length > SHOWN_NAMES ? ', …' : ''}`
  const hint = nearest.length > 0 ? `; did you mean ${quoted(nearest, ' or ')}?` : known.length > 0 ? `; models here: ${some}` : ''
  return new GatewayError('model-not-found', `the model '${shown(model)}' does not exist here${hint}`, {
    param: 'model',
    code: 'model_not_found',
  })
}

/** What a key's model list leaves of the targets: it is checked on the name after aliases, and where a tier led elsewhere on the target's own name too. */
function permitted({ name, byTier, byAlias, targets }: Extract<Resolution, { found: true }>, caller: Caller): Target[] {
  if (byAlias) {
    const isOpen = ({ model }: Target) => !caller.denies?.(name) && !caller.denies?.(model) && (caller.allows(name) || caller.allows(model))
    return targets.filter(isOpen)
  }
  if (!caller.allows(name)) return []
  return byTier ? targets.filter(target => caller.allows(target.model)) : targets
}

/** Whether a request for `model` would be let through: what a list may show, and a suggestion name. */
export function mayUse(model: string, caller: Caller, dialect: DialectId, catalog: Catalog): boolean {
  const resolution = catalog.resolve(model, dialect)
  return resolution.found && permitted(resolution, caller).length > 0
}

/** The targets for a model's name; none where its entry names only providers that are switched off. @throws GatewayError when there is no such model here, or the key may not use it. */
export function route(model: string, call: Pick<Call, 'caller' | 'dialect'>, catalog: Catalog): { name: string; targets: Target[] } {
  const resolution = catalog.resolve(model, call.dialect.id)
  if (!resolution.found) {
    const usable = (name: string) => mayUse(name, call.caller, call.dialect.id, catalog)
    throw unknownModel(model, resolution.nearest.filter(usable), catalog.names().filter(usable))
  }
  const { name, targets } = resolution
  const allowed = permitted(resolution, call.caller)
  if (allowed.length === 0 && (targets.length > 0 || !call.caller.allows(name))) {
    throw new GatewayError('permission', `this key may not use the model '${shown(model)}'`, { param: 'model', code: 'model_not_allowed' })
  }
  return { name, targets: allowed }
}
