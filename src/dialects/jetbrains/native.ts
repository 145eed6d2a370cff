import { isObject, tryParseJson } from '../../core/json.ts'
import { type Dialect, withUpstream } from '../dialect.ts'
import { decodeError } from './upstream-error.ts'

/** Both vendors wrap their errors in `error`; the service itself does not. */
const isVendors = (body: string): boolean => {
  const parsed = tryParseJson(body)
  return isObject(parsed) && isObject(parsed.error)
}

/** Statuses that no vendor has. */
const OWN_STATUSES = [451, 477]

/**
 * A vendor's dialect as it is spoken on a native route (jetbrains-ai.md §2.6): the bodies are the vendor's, but what the service says of token, quota and
 * licence it says in its own way.
 */
export const behindJetbrains = (dialect: Dialect): Dialect =>
  withUpstream(dialect, upstream => ({
    decodeError: (status, headers, body, traits) => {
      const vendors = !OWN_STATUSES.includes(status) && isVendors(body)
      return vendors ? upstream.decodeError(status, headers, body, traits) : decodeError(status, headers, body)
    },
  }))
