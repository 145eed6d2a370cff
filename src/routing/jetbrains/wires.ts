import type { GatewayError } from '../../core/errors.ts'
import type { Dialect, UpstreamTraits } from '../../dialects/dialect.ts'
import type { Wire } from '../provider.ts'
import { vendorIdOf } from './names.ts'
import type { Profile } from './profiles.ts'

/** The wire formats that a profile can be reached by. */
export interface JetbrainsDialects {
  /** JetBrains' own, for every model: no token counts, no thinking. */
  own: Dialect
  anthropic: Dialect
  openai: Dialect
}

/** A vendor's own route behind JetBrains' authentication (jetbrains-ai.md §2.6), and the profiles it is for. */
interface NativeRoute {
  profiles: RegExp
  dialect: Exclude<keyof JetbrainsDialects, 'own'>
  path: string
  traits: UpstreamTraits
}

/** Codex and Grok have their vendors' Responses routes only, which nothing here speaks; Gemini has none. */
const NATIVE_ROUTES: readonly NativeRoute[] = [
  { profiles: /^anthropic-/, dialect: 'anthropic', path: '/user/v5/llm/anthropic/v1/messages', traits: {} },
  { profiles: /^openai-(?!.*codex)/, dialect: 'openai', path: '/user/v5/llm/openai/v1/chat/completions', traits: { developerRole: true } },
]

/** JetBrains has a list of its own of what its native routes take, and says so in words. */
const UNSUPPORTED = /unsupported model|profile\.features|should support proxy/i

const saysUnsupported = ({ kind, message, upstream }: GatewayError): boolean =>
  kind === 'model-not-found' ||
  kind === 'not-found' ||
  kind === 'method-not-allowed' ||
  (upstream?.status === 400 && UNSUPPORTED.test(message))

/**
 * How each profile is reached: by its vendor's own route where the profile list offers that (`Proxy`) and it has not been refused since, so that bytes pass through
 * and thinking, cache counters and token counts survive; else by JetBrains' own chat.
 */
export class JetbrainsWires {
  readonly #refused = new Set<string>()
  /** By what the list said last; made anew where one was refused. */
  #wires = new WeakMap<Profile, Wire>()

  constructor(
    private readonly dialects: JetbrainsDialects,
    private readonly native: boolean,
  ) {}

  /** The wire for the profile now; another one after its `refused` has said yes. */
  wireOf(profile: Profile): Wire {
    let wire = this.#wires.get(profile)
    if (!wire) {
      wire = this.#nativeWire(profile) ?? this.#ownWire(profile)
      this.#wires.set(profile, wire)
    }
    return wire
  }

  #ownWire({ id, parameters, mediaTypes, maxOutput }: Profile): Wire {
    return { dialect: this.dialects.own, model: id, traits: { parameters, mediaTypes, maxOutput } }
  }

  #nativeWire(profile: Profile): Wire | undefined {
    const route = NATIVE_ROUTES.find(({ profiles }) => profiles.test(profile.id))
    if (!this.native || !route || !profile.features?.includes('Proxy')) return undefined
    const names = [...new Set([vendorIdOf(profile.id), profile.vendorId ?? vendorIdOf(profile.id)])]
    const model = names.find(name => !this.#refused.has(`${profile.id} ${name}`))
    if (model === undefined) return undefined
    return {
      dialect: this.dialects[route.dialect],
      model,
      traits: route.traits,
      path: route.path,
      refused: error => {
        if (!saysUnsupported(error)) return false
        this.#refused.add(`${profile.id} ${model}`)
        this.#wires = new WeakMap()
        return true
      },
    }
  }
}
