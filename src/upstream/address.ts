import { GatewayError } from '../core/errors.ts'

/** Where an upstream listens, and what of its URL goes into the request. */
export interface Address {
  secure: boolean
  /** A name, or an IP address without brackets. */
  hostname: string
  port: number
  /** The `host` header: the port only where it is not the scheme's own. */
  host: string
  /** Path and query. */
  path: string
  /** The same for all URLs that can share a connection. */
  origin: string
}

/** URLs come from the configuration, so there are few; a query that varies must not make the table grow for ever. */
const MOST_ADDRESSES = 1000

const known = new Map<string, Address>()

/** @throws GatewayError `bad-gateway` where `url` is no http or https URL */
export function addressOf(url: string): Address {
  const found = known.get(url)
  if (found) return found
  const parsed = URL.parse(url)
  if (parsed?.protocol !== 'https:' && parsed?.protocol !== 'http:') {
    throw new GatewayError('bad-gateway', 'the upstream has no URL that can be called', { upstream: { maybeExecuted: false } })
  }
  const { protocol, hostname, port, host, pathname, search } = parsed
  const secure = protocol === 'https:'
  const address: Address = {
    secure,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    host,
    path: pathname + search,
    origin: `${protocol}//${host}`,
  }
  if (known.size >= MOST_ADDRESSES) known.clear()
  known.set(url, address)
  return address
}
