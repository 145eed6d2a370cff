import { kindOf, readJetbrainsCredential } from '../accounts/jetbrains/credential.ts'
import type { OlderAccount } from '../config/older/accounts.ts'
import type { OlderKey } from '../config/older/client-keys.ts'
import type { OlderFile } from '../config/older/file.ts'
import type { Path, Problem } from '../config/problem.ts'
import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Accounts } from '../store/accounts.ts'
import type { KeyRecord } from '../store/key-record.ts'
import { checkGivenKey, type Keys } from '../store/keys.ts'
import { checkModel, type Models, type NewModel } from '../store/models.ts'
import { accountIdOf } from './account-identity.ts'
import { importSignIn, type SignInTarget } from './qwen-import.ts'

/** What became of the entries of one sort, by their labels or names. */
export interface Tally {
  added: string[]
  /** They are known, and stay as they are. */
  existing: string[]
}

export interface Imported {
  accounts: Tally
  keys: Tally
  models: Tally
  /** Settings for the config file; the store has no place for them. */
  settings: JsonObject
  /** The file is used where it lies. */
  inPlace?: true
  /** The file's own, and what came up here. */
  problems: Problem[]
}

/** An account that is there already. */
export interface KnownAccount {
  id: string
  label: string
  /** It stands in the configuration, and in more than the file that is being imported. */
  isDeclared: boolean
  origin: 'admin' | 'config'
}

/** Where an import puts things. In a dry run everything is looked up and nothing written. */
export interface ImportTarget {
  /** The provider that JetBrains accounts join. */
  provider: string
  accounts: Pick<Accounts, 'create' | 'takeOver'>
  /** The account of this identity, see `accountIdOf`. */
  knownAccount(identity: string): Promise<KnownAccount | undefined>
  keys: Pick<Keys, 'importKey'>
  knownKey(key: string): Promise<KeyRecord | undefined>
  models: Pick<Models, 'put' | 'list'>
  /** Qwen sign-ins. */
  signIns: SignInTarget
  dryRun: boolean
}

/** Puts what an older proxy's file holds into the store: accounts, client keys, names of models. */
export async function importOlder(file: string, older: OlderFile, target: ImportTarget): Promise<Imported> {
  const problems = [...older.problems]
  const told = (at: Path, shown: string, message: string): void => {
    problems.push({ file, ...older.locate(at), path: shown, message, leftOut: true })
  }
  const signIn = older.signIn && (await importSignIn(file, older.signIn, target))
  problems.push(...(signIn?.problems ?? []).map(problem => ({ file, ...older.locate([]), path: '', ...problem })))
  return {
    ...(signIn?.inPlace && { inPlace: true }),
    accounts: signIn?.accounts ?? (await importAccounts(older.accounts, target, told)),
    keys: await importKeys(older.clientKeys, target, told),
    models: await importModels(older, target, told),
    settings: settingsOf(older),
    problems,
  }
}

type Tell = (at: Path, shown: string, message: string) => void

const noTally = (): Tally => ({ added: [], existing: [] })

const entryName = (at: Path): string => at.map(step => (typeof step === 'number' ? `[${step}]` : step)).join('')

/** The message of a refusal; whatever else was thrown is thrown on. */
function refusal(thrown: unknown): string {
  if (thrown instanceof GatewayError && thrown.kind !== 'internal') return thrown.message
  throw thrown
}

async function importAccounts(entries: readonly OlderAccount[], target: ImportTarget, told: Tell): Promise<Tally> {
  const tally = noTally()
  for (const entry of entries) {
    try {
      const { isNew, label } = await importAccount(entry, target)
      tally[isNew ? 'added' : 'existing'].push(label)
    } catch (thrown) {
      told(entry.at, entryName(entry.at), refusal(thrown))
    }
  }
  return tally
}

async function importAccount(entry: OlderAccount, target: ImportTarget): Promise<{ isNew: boolean; label: string }> {
  const { accounts, provider, dryRun } = target
  const { licenseId, authorization, jwt, refresh_token, id_token, priority, enabled, at } = entry
  const given = { licenseId, authorization, jwt, refresh_token, id_token }
  const credential = readJetbrainsCredential(given)
  const id = accountIdOf(provider, credential)
  const known = await target.knownAccount(id)
  if (known && (known.origin === 'admin' || known.isDeclared)) return { isNew: false, label: known.label }
  if (known) {
    // A server has served it from this file. Its tokens may be newer than the file's, so they are kept.
    if (!dryRun) await accounts.takeOver(known.id)
    return { isNew: true, label: known.label }
  }
  const label = entry.name?.trim() || undefined
  if (dryRun) return { isNew: true, label: label ?? entryName(at) }
  const wanted = { id, provider, kind: kindOf(credential), credential: { ...credential }, priority, enabled }
  const made = await accounts.create({ ...wanted, label }).catch(thrown => {
    // Two files may have called different accounts the same: the second gets a label of ours.
    if (thrown instanceof GatewayError && thrown.code === 'label_taken') return accounts.create(wanted)
    throw thrown
  })
  return { isNew: true, label: made.label }
}

async function importKeys(entries: readonly OlderKey[], { keys, knownKey, dryRun }: ImportTarget, told: Tell): Promise<Tally> {
  const tally = noTally()
  for (const [index, { key, name, at }] of entries.entries()) {
    const [member] = at
    // In one form the key itself stands where others have a member's name.
    const [place, usualName] = member === key || typeof member !== 'string' ? [`[${index}]`, `imported ${index + 1}`] : [member, member]
    const given = { key, name: name?.trim() || usualName }
    try {
      checkGivenKey(key)
      const known = await knownKey(key)
      if (known?.revokedAt !== undefined) told(at, place, 'this key was revoked here; it stays so')
      else if (known) tally.existing.push(known.name)
      else tally.added.push(dryRun ? given.name : (await keys.importKey(given)).record.name)
    } catch (thrown) {
      told(at, place, `${refusal(thrown)} to be stored here; client_api_keys of the config file takes any`)
    }
  }
  return tally
}

async function importModels({ models: { aliases, mappings } }: OlderFile, target: ImportTarget, told: Tell): Promise<Tally> {
  const tally = noTally()
  const stored = new Map((await target.models.list()).map(model => [`${model.dialect} ${model.name}`, model]))
  const wanted = [...namesOf(aliases, 'any', 'models'), ...namesOf(mappings, 'anthropic', 'anthropic_model_mappings')]
  const put = wanted.filter(({ model, at }) => {
    const { name, dialect } = model
    try {
      checkModel('model', model)
    } catch (thrown) {
      told(at, at.join('.'), refusal(thrown))
      return false
    }
    const known = stored.get(`${dialect} ${name}`)
    // What was said by hand counts for more than a file, and the same file twice changes nothing.
    const stays = known !== undefined && (known.origin !== model.origin || Bun.deepEquals(known.target, model.target))
    tally[stays ? 'existing' : 'added'].push(name)
    return !stays
  })
  if (!target.dryRun && put.length > 0) await target.models.put(put.map(({ model }) => model))
  return tally
}

function namesOf(pairs: Record<string, string>, dialect: NewModel['dialect'], member: string): { model: NewModel; at: Path }[] {
  return Object.entries(pairs).flatMap(([name, alias]) =>
    name === alias ? [] : [{ model: { name, dialect, target: { alias }, origin: 'import' }, at: [member, name] }],
  )
}

/** Settings as they would stand in the config file. */
function settingsOf({ settings, models }: OlderFile): JsonObject {
  const all = [...settings, ...(models.listed.length > 0 ? [{ path: ['jetbrains', 'models'], value: models.listed }] : [])]
  const root: JsonObject = {}
  for (const { path, value } of all) {
    const steps = path.map(String)
    const last = steps.pop()
    let place = root
    for (const step of steps) {
      const next = (place[step] ?? {}) as JsonObject
      place[step] = next
      place = next
    }
    if (last !== undefined) place[last] = value
  }
  return root
}
