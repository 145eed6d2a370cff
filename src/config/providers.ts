import { TRANSPORT_HEADERS } from '../core/transport-headers.ts'
import { effectiveBaseUrl, needsUrl, urlFault } from './base-url.ts'
import type { Path } from './problem.ts'
import type { ProviderConfig } from './schema/provider.ts'

/** A member of a provider, and what is wrong with it. */
export interface ProviderFault {
  path: Path
  message: string
  suggestion?: string
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Headers that cannot be sent with every request, at their path below what holds `headers`. */
export const headerFaults = (headers: Record<string, string>): ProviderFault[] =>
  Object.entries(headers).flatMap(([name, value]) => {
    const path = ['headers', name]
    if (!HEADER_NAME.test(name)) return [{ path, message: 'is no name for a header' }]
    if (TRANSPORT_HEADERS.has(name.toLowerCase())) return [{ path, message: 'belongs to the connection and cannot be set' }]
    return HEADER_VALUE.test(value) ? [] : [{ path, message: 'holds characters that a header cannot' }]
  })

/** What the schema cannot say of a provider. Where nothing is wrong its base URL is put into effect. */
export function completeProvider(provider: ProviderConfig): ProviderFault[] {
  const faults: ProviderFault[] = []
  const type = provider.provider_type
  if (provider.base_url !== undefined) {
    const fault = urlFault(provider.base_url, { allowHttp: provider.allow_http })
    const suggestion = fault?.startsWith('plain') ? 'use https://, or set "allow_http": true' : undefined
    if (fault) faults.push({ path: ['base_url'], message: fault, suggestion })
  } else if (needsUrl(type)) {
    faults.push({ path: ['base_url'], message: `is required for a provider of type ${type}` })
  }
  faults.push(...headerFaults(provider.headers))
  if (faults.length > 0) return faults
  const url = effectiveBaseUrl(type, provider.base_url)
  if (url !== undefined) provider.base_url = url
  return faults
}
