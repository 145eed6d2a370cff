import { GatewayError } from '../../src/core/errors.ts'
import { Catalog, type ModelEntry } from '../../src/routing/catalog.ts'
import type { paperProvider } from '../routing/providers.ts'

/** The gateway's error that `run` throws. */
export function thrown(run: () => unknown): GatewayError {
  try {
    run()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('did not throw')
}

/** A catalogue of these providers and entries. */
export const catalogOf = (providers: ReturnType<typeof paperProvider>[], models: Record<string, ModelEntry> = {}) =>
  new Catalog({ providers, models: new Map(Object.entries(models)), anthropicMappings: new Map() })
