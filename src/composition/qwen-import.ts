import { basename, resolve } from 'node:path'
import { isUsable, parseCredentialsFile, readQwenCredential } from '../accounts/qwen/credential.ts'
import type { OlderSignIn } from '../config/older/file.ts'
import type { Problem } from '../config/problem.ts'
import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Tally } from './older-import.ts'

/** Where imported sign-ins go. */
export interface SignInTarget {
  /** The label of the account that has this credential; undefined where none has. */
  labelOf(credential: JsonObject): Promise<string | undefined>
  /** Makes an account of it, and gives its label. @throws GatewayError */
  add(credential: JsonObject): Promise<string>
}

export interface ImportedSignIn {
  accounts: Tally
  inPlace: boolean
  problems: Pick<Problem, 'message' | 'leftOut'>[]
}

const TAKEN_OVER =
  'the tool that this file belongs to must not use the sign-in any more: its refresh token changes whenever it is used, and whoever shows ' +
  'an older one loses the account'

/**
 * Makes an account of a Qwen sign-in. A file in the form of the CLI's own stays where it is and is shared: of two copies of its refresh token one would
 * be dead after the first renewal. Other tools share no file, so theirs is copied, and they have to leave it alone.
 */
export async function importSignIn(
  file: string,
  { credential: json, isShared }: OlderSignIn,
  { signIns, dryRun }: { signIns: SignInTarget; dryRun: boolean },
): Promise<ImportedSignIn> {
  const accounts: Tally = { added: [], existing: [] }
  try {
    const credential = isShared ? inFile(file, json) : { ...readQwenCredential(json) }
    const known = await signIns.labelOf(credential)
    if (known === undefined) accounts.added.push(dryRun ? basename(file) : await signIns.add(credential))
    else accounts.existing.push(known)
    return { accounts, inPlace: isShared, problems: isShared || known !== undefined ? [] : [{ message: TAKEN_OVER }] }
  } catch (thrown) {
    if (!(thrown instanceof GatewayError) || thrown.kind === 'internal') throw thrown
    return { accounts, inPlace: false, problems: [{ message: thrown.message, leftOut: true }] }
  }
}

function inFile(file: string, json: JsonObject): JsonObject {
  const kept = parseCredentialsFile(json)
  if (!isUsable(kept)) throw new GatewayError('invalid-request', kept.problem)
  return { file: resolve(file) }
}
