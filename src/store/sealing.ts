import { hkdfSync } from 'node:crypto'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Store } from './database.ts'
import { StoreError } from './store-error.ts'

/** For `deriveKey`: each use of the secret key has a label, and so a key, of its own. */
export const SEAL_LABEL = 'dragoman:seal'

/** Encrypts what must not lie readable in the database. */
export interface Sealer {
  /** `context` names the place that the text is for, such as a row's id; it can be read without the key. */
  seal(text: string, context: string): Promise<string>
  /** @throws {StoreError} `sealed` where the value was sealed with another key, for another place, or was changed */
  open(sealed: string, context: string): Promise<string>
}

/** The setting that tells a wrong key before it does harm. */
const CHECK_NAME = 'secret_key_check'
const CHECK_TEXT = 'dragoman'
const KEY_BYTES = 32

/**
 * The 256-bit key of one use of the secret key, by HKDF-SHA256 (RFC 5869) without salt.
 * @throws {StoreError} `wrong-key` where the secret is empty
 */
export function deriveKey(secret: string, label: string): Uint8Array {
  if (secret.trim() === '')
    throw new StoreError('wrong-key', 'secret_key is empty: give a long random text, or leave it out to have one made')
  return new Uint8Array(hkdfSync('sha256', secret, '', label, KEY_BYTES))
}

/** Compact JWEs (RFC 7516), `dir` with `A256GCM`. The context stands in the header, which the encryption authenticates. */
export function createSealer(secret: string): Sealer {
  const key = deriveKey(secret, SEAL_LABEL)
  return {
    seal: (text, context) =>
      new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', context }).encrypt(key),
    async open(sealed, context) {
      const { plaintext, protectedHeader } = await decrypt(sealed, key, context)
      if (protectedHeader.context !== context) throw unopened(context)
      return new TextDecoder().decode(plaintext)
    },
  }
}

async function decrypt(sealed: string, key: Uint8Array, context: string) {
  try {
    return await compactDecrypt(sealed, key, { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] })
  } catch (cause) {
    throw unopened(context, cause)
  }
}

const unopened = (context: string, cause?: unknown): StoreError =>
  new StoreError('sealed', `what is sealed for "${context}" cannot be opened: it was sealed with another secret_key, or changed since`, {
    cause,
  })

export interface OpenSealerOptions {
  store: Store
  /** The `secret_key` in effect; undefined where there is none. */
  secret: string | undefined
  /** Makes one where nothing is sealed with another. */
  makeSecret?(): string
  clock?: Clock
  /**
   * For the one server of a data dir: where nothing is sealed yet, another key than before takes its place, as when a secret key is
   * set after a first start has made one. Managing commands leave it out: theirs must be the server's.
   */
  replaceUnused?: boolean
}

/**
 * The sealer of this database. The first one leaves a check value; from then on another key is refused.
 * @throws {StoreError} `wrong-key`
 */
export async function openSealer(options: OpenSealerOptions): Promise<Sealer> {
  const { store, clock = systemClock, replaceUnused = false } = options
  const kept = await readCheck(store.db)
  const secret = options.secret ?? (kept !== undefined && (await hasSealed(store.db)) ? undefined : options.makeSecret?.())
  // A new key would only cover up that the old one is missing.
  if (secret === undefined) throw wrongKey()
  const sealer = createSealer(secret)
  if (kept !== undefined && (await isOurs(sealer, kept))) return sealer
  const value = await sealer.seal(CHECK_TEXT, CHECK_NAME)
  const standing = await store.durable(async tx => {
    const now = await readCheck(tx)
    // Where it is not what was read before, another process has just left its own.
    const replaceable = now === undefined || (replaceUnused && now === kept && !(await hasSealed(tx)))
    if (!replaceable) return now
    await tx
      .insertInto('settings')
      .values({ name: CHECK_NAME, value, updated_at: clock.now() })
      .onConflict(on => on.column('name').doUpdateSet({ value, updated_at: clock.now() }))
      .execute()
    return value
  })
  if (!(await isOurs(sealer, standing))) throw wrongKey()
  return sealer
}

async function readCheck(db: Store['db']): Promise<string | undefined> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', CHECK_NAME).executeTakeFirst()
  return row?.value
}

const hasSealed = async (db: Store['db']): Promise<boolean> =>
  (await db.selectFrom('accounts').select('id').limit(1).executeTakeFirst()) !== undefined

async function isOurs(sealer: Sealer, value: string): Promise<boolean> {
  try {
    return (await sealer.open(value, CHECK_NAME)) === CHECK_TEXT
  } catch {
    return false
  }
}

const wrongKey = (): StoreError =>
  new StoreError(
    'wrong-key',
    'the database belongs to a secret_key that is not here: give it again (secret_key in the config file, SECRET_KEY in the ' +
      'environment, or the file secret.key of the data dir), or restore a backup of the database that belongs to this one',
  )
