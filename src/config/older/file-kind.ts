import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { configSchema } from '../schema.ts'
import { isGoProxyFile } from './go-proxy.ts'

/**
 * The older proxies' files (jetbrains-ai.md §7.3): accounts, client keys and models of the Python proxy, the Go proxy's config, accounts
 * and config of the Node proxy, accounts of grazie2api, and a sign-in of the Qwen CLI.
 */
export type OlderKind =
  | 'jetbrainsai'
  | 'client_api_keys'
  | 'models'
  | 'go_config'
  | 'node_credentials'
  | 'node_config'
  | 'grazie_credentials'
  | 'qwen'

/** What only the Node proxy's config has. */
const NODE_CONFIG_MARKS = ['panel_password', 'grazie_agent', 'refresh_policy']

/** Names of models as JetBrains AI and its proxies write them. */
const MODEL_NAME = /^(openai|anthropic|google|xai|qwen|deepseek)-|^(gpt|claude|gemini|grok|o\d)/i

const isText = (value: JsonValue | undefined): value is string => typeof value === 'string'

/** Which form of an older proxy a file has, by its name and content; undefined for none, so also for a config file of ours. */
export function recognise(fileName: string, json: JsonValue): OlderKind | undefined {
  const name = fileName.toLowerCase()
  if (/^jetbrainsai\b/.test(name)) return 'jetbrainsai'
  if (/^client_api_keys\b/.test(name)) return 'client_api_keys'
  if (/^models\b/.test(name) && (Array.isArray(json) ? json.every(isText) : isObject(json) && 'models' in json)) return 'models'
  if (/^oauth_creds/.test(name)) return isObject(json) && isOfOtherVendor(json) ? undefined : 'qwen'
  if (Array.isArray(json)) return kindOfList(json)
  return isObject(json) ? kindOfObject(json) : undefined
}

/** Gemini's CLI calls its file the same, and CLIProxyAPI writes a `type` into the files of all its vendors. */
const isOfOtherVendor = ({ type, scope }: JsonObject): boolean =>
  (isText(type) && type !== 'qwen') || (isText(scope) && scope.includes('googleapis.com'))

function kindOfList(list: JsonValue[]): OlderKind | undefined {
  if (list.length === 0) return undefined
  if (list.every(isText)) {
    if (list.every(item => item.startsWith('sk-'))) return 'client_api_keys'
    return list.every(item => MODEL_NAME.test(item)) ? 'models' : undefined
  }
  const entry = list.find(isObject)
  if (!entry) return undefined
  if ('license_id' in entry) return 'status' in entry || 'email' in entry ? 'node_credentials' : 'grazie_credentials'
  return ['jwt', 'licenseId', 'authorization'].some(key => key in entry) ? 'jetbrainsai' : undefined
}

function kindOfObject(json: JsonObject): OlderKind | undefined {
  if (isGoProxyFile(json)) return 'go_config'
  const keys = Object.keys(json)
  // Both are keys of ours too, but a list of models is not.
  if (Array.isArray(json.models) && 'anthropic_model_mappings' in json && keys.length === 2) return 'models'
  if (keys.some(key => key in configSchema.properties)) return undefined
  if (NODE_CONFIG_MARKS.some(key => key in json)) return 'node_config'
  if ('access_token' in json && 'refresh_token' in json && !isOfOtherVendor(json)) return 'qwen'
  return keys.length > 0 && keys.every(key => key.startsWith('sk-')) ? 'client_api_keys' : undefined
}
