import { basename } from 'node:path'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { type JsoncDocument, type Position, parseJsonc } from '../jsonc.ts'
import type { Path, Problem } from '../problem.ts'
import { type OlderAccount, readAccounts } from './accounts.ts'
import { type OlderKey, readClientKeys } from './client-keys.ts'
import { type OlderKind, recognise } from './file-kind.ts'
import { Findings } from './findings.ts'
import { noModels, type OlderModels, readModels } from './models.ts'
import { goSettings, nodeSettings, type OlderSetting } from './settings.ts'

/** What a file of an older proxy says, in our terms. */
export interface OlderFile {
  /** Undefined where it is of no form that is known. */
  kind: OlderKind | undefined
  /** False where nothing could be read; the problems say why. */
  isReadable: boolean
  accounts: OlderAccount[]
  clientKeys: OlderKey[]
  models: OlderModels
  settings: OlderSetting[]
  /** A Qwen sign-in. */
  signIn?: OlderSignIn
  /** What was left out (`leftOut`), has no equivalent, or keeps the file from being read. */
  problems: Problem[]
  /** Where something stands in the file, by its `at`. */
  locate(path: Path, key?: boolean): Position
}

/** A Qwen sign-in (qwen.md §1.7, §1.10). */
export interface OlderSignIn {
  /** As the file has it; unchecked. */
  credential: JsonObject
  /** Whether it has the form of the Qwen CLI's own file, which all who know that form can use together. */
  isShared: boolean
}

type Content = Partial<Pick<OlderFile, 'accounts' | 'clientKeys' | 'models' | 'settings' | 'signIn'>>

interface Form {
  /** What the file must be. */
  shape: string
  /** Undefined where it has another shape. */
  read(json: JsonValue, findings: Findings): Content | undefined
}

const accountList: Form = {
  shape: 'a list of accounts',
  read: (json, findings) => (Array.isArray(json) ? { accounts: readAccounts(json, [], findings) } : undefined),
}

const FORMS: Record<OlderKind, Form> = {
  jetbrainsai: accountList,
  node_credentials: accountList,
  grazie_credentials: accountList,
  client_api_keys: {
    shape: 'a list of keys, or an object of keys and descriptions',
    read(json, findings) {
      const clientKeys = readClientKeys(json, findings)
      return clientKeys && { clientKeys }
    },
  },
  models: {
    shape: 'a list of models, or an object with "models"',
    read(json, findings) {
      const models = readModels(json, findings)
      return models && { models }
    },
  },
  go_config: { shape: 'an object', read: (json, findings) => (isObject(json) ? goConfig(json, findings) : undefined) },
  node_config: {
    shape: 'an object',
    read: (json, findings) =>
      isObject(json) ? { clientKeys: keyAt(json, 'api_key', findings), settings: nodeSettings(json, findings) } : undefined,
  },
  qwen: {
    shape: 'an object',
    // Other tools tell the end in another way, or not at all.
    read: json => (isObject(json) ? { signIn: { credential: json, isShared: typeof json.expiry_date === 'number' } } : undefined),
  },
}

function goConfig(json: JsonObject, findings: Findings): Content {
  const { jetbrains_tokens: tokens } = json
  const list = Array.isArray(tokens) ? tokens.map(token => (typeof token === 'string' ? { token } : token)) : []
  if (tokens !== undefined && tokens !== null && !Array.isArray(tokens)) findings.leftOut(['jetbrains_tokens'], 'must be a list')
  return {
    accounts: readAccounts(list, ['jetbrains_tokens'], findings),
    clientKeys: keyAt(json, 'bearer_token', findings),
    settings: goSettings(json, findings),
  }
}

/** The one client key of a config file. */
function keyAt(json: JsonObject, member: string, findings: Findings): OlderKey[] {
  const key = json[member]
  if (key === undefined || key === null || key === '') return []
  return (readClientKeys([key], { leftOut: (_, message) => findings.leftOut([member], message) }) ?? []).map(each => ({
    ...each,
    at: [member],
  }))
}

/** Reads the text of an older proxy's file; `path` is for messages, and its name tells the form where the content does not. */
export function readOlderFile(path: string, text: string): OlderFile {
  return readOlderDocument(path, parseJsonc(text))
}

/** The same of a file that was parsed before. */
export function readOlderDocument(path: string, document: JsoncDocument): OlderFile {
  const empty = { accounts: [], clientKeys: [], models: noModels(), settings: [], locate: document.locate }
  const refused = (kind: OlderKind | undefined, problems: Problem[]): OlderFile => ({ ...empty, kind, isReadable: false, problems })
  if (document.value === undefined) {
    return refused(
      undefined,
      document.faults.map(({ position, ...fault }) => ({ file: path, ...position, ...fault })),
    )
  }
  const kind = recognise(basename(path), document.value)
  const findings = new Findings(path, document)
  const at = { file: path, ...document.locate([]), path: '' }
  if (!kind) return refused(undefined, [{ ...at, message: 'is no file of an older proxy that is known here' }])
  const content = FORMS[kind].read(document.value, findings)
  if (!content) return refused(kind, [{ ...at, message: `must be ${FORMS[kind].shape}` }])
  // A key that stands twice may be a client's, so its name is not shown; the older proxies took the last one.
  const doubles = document.faults.map(({ position, message }) => ({ file: path, ...position, path: '', message }))
  return { ...empty, ...content, kind, isReadable: true, problems: [...doubles, ...findings.problems] }
}
