/** Why the data dir, or something in it, cannot be used. None of them goes away by trying again, `locked` apart. */
export type StoreErrorKind = 'missing' | 'empty' | 'damaged' | 'foreign' | 'newer' | 'diverged' | 'permissions' | 'locked' | SealErrorKind

/** The database was sealed with another secret key (`wrong-key`), or one sealed value in it cannot be opened (`sealed`). */
export type SealErrorKind = 'wrong-key' | 'sealed'

/** A refusal to open or use what lies in the data dir; the message is for the operator, names the file and says what helps. */
export class StoreError extends Error {
  /** The process that holds the data dir, for `locked`; absent where it could not be found out. */
  readonly holderPid?: number

  constructor(
    readonly kind: StoreErrorKind,
    message: string,
    details: { holderPid?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause })
    this.name = 'StoreError'
    this.holderPid = details.holderPid
  }
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Another connection holds the write lock: worth another try soon. */
export const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY')

/** The file is no database, or no whole one. */
export const isDamage = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error))

/** The row is at fault, not the database: the same row would fail again. (A value that cannot be bound is a TypeError.) */
export const isRowFault = (error: unknown): boolean =>
  error instanceof TypeError || /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE)/.test(codeOf(error))
