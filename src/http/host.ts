import { isIP } from 'node:net'
import { GatewayError } from '../core/errors.ts'
import type { HttpSettings } from './settings.ts'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '::1'])
const WILDCARD = new Set(['0.0.0.0', '::', '[::]', ''])

/** A host and port as RFC 9110 allows them in `Host`; nothing that a URL parser could read differently. */
const WELL_FORMED = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

const nameOf = (host: string): string => host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')

/**
 * Whether a request may be served under the `Host` it came with. A web page can make a browser call us under a name of its own (DNS rebinding),
 * so only known names are served; addresses are known where we were told to listen on all of them.
 * @throws GatewayError
 */
export function checkHost(host: string | null, settings: HttpSettings): void {
  // Clients come back under the name they came by last.
  if (host !== null && host === passed.host && settings === passed.settings) return
  judgeHost(host, settings)
  passed = { host, settings }
}

/** The last host that was let through, under the settings of then. */
let passed: { host: string | null; settings: HttpSettings | undefined } = { host: null, settings: undefined }

function judgeHost(host: string | null, settings: HttpSettings): void {
  if (host === null || !WELL_FORMED.test(host)) throw new GatewayError('invalid-request', 'host: missing or malformed', { param: 'host' })
  const name = nameOf(host)
  if (LOOPBACK.has(name) || name === settings.boundHost.toLowerCase()) return
  if (WILDCARD.has(settings.boundHost) && isIP(name.replace(/^\[|\]$/g, '')) !== 0) return
  if (settings.allowedHosts.some(allowed => nameOf(allowed) === name)) return
  throw new GatewayError('permission', `host: '${name}' is not served here; add it to allowed_hosts`, {
    param: 'host',
    code: 'host_not_allowed',
  })
}

/**
 * Whether a web page of this origin may call. Programs send no origin or one that is no website's; pages need to be listed, or be our own.
 * @throws GatewayError
 */
export function checkOrigin(origin: string | null, host: string | null, settings: HttpSettings): void {
  if (origin === null || originAllowed(origin, settings)) return
  const website = origin === 'null' || /^https?:/i.test(origin)
  if (!website || origin.replace(/^https?:\/\//i, '') === host) return
  throw new GatewayError('permission', 'origin: this website may not call; add it to cors_origins', {
    param: 'origin',
    code: 'origin_not_allowed',
  })
}

export const originAllowed = (origin: string, settings: HttpSettings): boolean => settings.corsOrigins.includes(origin)
