import { GatewayError } from '../core/errors.ts'
import { sha256 } from '../core/secret.ts'
import type { Caller } from '../operations/call.ts'

/** What a presented key turned out to be; looked up by its SHA-256, so nothing depends on how far two keys agree. */
export type KeyVerdict = { kind: 'client'; caller: Caller } | { kind: 'expired' | 'revoked' } | { kind: 'admin' } | { kind: 'unknown' }

/** The keys there are, by SHA-256. */
export interface KeyRing {
  /** From memory; undefined where that does not know. */
  find(hash: string): KeyVerdict | undefined
  /** Asks the database too, before a caller is refused. */
  lookup(hash: string): Promise<KeyVerdict>
}

/** Hashes of keys that were good when they came last: what a hash costs is saved, and a key that is refused by now still is. */
const hashes = new Map<string, string>()
const MOST_HASHES = 10_000

function remember(key: string, hash: string): void {
  if (hashes.has(key)) return
  if (hashes.size >= MOST_HASHES) hashes.clear()
  hashes.set(key, hash)
}

async function verdictOn(key: string, ring: KeyRing): Promise<KeyVerdict> {
  const hash = sha256(key)
  return ring.find(hash) ?? ring.lookup(hash)
}

const MISSING_OR_WRONG = 'missing or wrong API key: send a client key as "Authorization: Bearer <key>" or "x-api-key: <key>"'

const refused = (message: string) => new GatewayError('authentication', message, { code: 'invalid_api_key' })

/** Header values that came twice are joined by a comma, and no key has one. */
function single(value: string | null, name: string): string | undefined {
  if (value === null || value.trim() === '') return undefined
  if (value.includes(',')) throw new GatewayError('invalid-request', `${name}: sent more than once`, { param: name })
  return value.trim()
}

/** The keys a request presents: `x-api-key` first, then the bearer token. @throws GatewayError for a doubled header. */
export function presentedKeys(headers: Headers): string[] {
  const apiKey = single(headers.get('x-api-key'), 'x-api-key') ?? single(headers.get('x-goog-api-key'), 'x-goog-api-key')
  const authorization = single(headers.get('authorization'), 'authorization')
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  return [apiKey, bearer].filter(key => key !== undefined)
}

/**
 * The caller, at once where the first key is one that memory knows. @throws GatewayError `authentication`; the same text for a missing and a wrong key.
 */
export function authenticateClient(headers: Headers, ring: KeyRing): Caller | Promise<Caller> {
  const keys = presentedKeys(headers)
  const [first] = keys
  if (first !== undefined) {
    const hash = hashes.get(first) ?? sha256(first)
    const verdict = ring.find(hash)
    if (verdict?.kind === 'client') {
      remember(first, hash)
      return verdict.caller
    }
  }
  return callerOfOne(keys, ring)
}

async function callerOfOne(keys: readonly string[], ring: KeyRing): Promise<Caller> {
  let hint: string | undefined
  for (const key of keys) {
    const verdict = await verdictOn(key, ring)
    if (verdict.kind === 'client') return verdict.caller
    if (verdict.kind === 'admin') hint ??= 'this is an admin key; client routes take a client key'
    else if (verdict.kind !== 'unknown') hint ??= `this API key is ${verdict.kind}`
  }
  throw refused(hint ?? MISSING_OR_WRONG)
}

/** @throws GatewayError `authentication`, or `permission` for a client key. */
export async function authenticateAdmin(headers: Headers, ring: KeyRing): Promise<void> {
  let client = false
  for (const key of presentedKeys(headers)) {
    const { kind } = await verdictOn(key, ring)
    if (kind === 'admin') return
    if (kind === 'client') client = true
  }
  if (client) throw new GatewayError('permission', 'a client key cannot administer; send the admin key', { code: 'admin_key_required' })
  throw new GatewayError('authentication', 'missing or wrong admin key: send it as "Authorization: Bearer <key>"', {
    code: 'invalid_admin_key',
  })
}
