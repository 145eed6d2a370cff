import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Path } from '../problem.ts'
import type { Findings } from './findings.ts'
import { fromGoProxy } from './go-proxy.ts'

/** A value of an older proxy's config in our terms. */
export interface OlderSetting {
  /** Where it belongs in our config. */
  path: Path
  value: JsonValue
  /** Where it stands in its file. */
  at: Path
}

/** Members of the Go proxy's file that are accounts or keys, not settings. */
const GO_LISTS = new Set(['jetbrains_tokens', 'bearer_token'])

const GO_SETTINGS = new Set(['load_balance_strategy', 'health_check_interval', 'server_port', 'server_host'])

/** The settings of the Go proxy's file. */
export function goSettings(json: JsonObject, findings: Findings): OlderSetting[] {
  return Object.entries(fromGoProxy(json)).flatMap(([key, value]): OlderSetting[] => {
    if (GO_SETTINGS.has(key) && value !== undefined) return [{ path: [key], value, at: [key] }]
    if (!GO_LISTS.has(key)) findings.note([key], 'unknown key, ignored')
    return []
  })
}

/** Members of the Node proxy's config without an equivalent, and why. */
const NODE_LEFTOVERS: Record<string, string> = {
  panel_password: 'management here takes admin_key',
  refresh_policy: 'refreshes are retried by rules of their own',
}

/** The settings of the Node proxy's config; its `grazie_agent` is a header of every request. */
export function nodeSettings(json: JsonObject, findings: Findings): OlderSetting[] {
  return Object.entries(json).flatMap(([key, value]): OlderSetting[] => {
    if (value === undefined || value === null || key === 'api_key') return []
    if (key === 'port') return [{ path: ['server_port'], value, at: [key] }]
    if (key === 'grazie_agent' && isObject(value)) {
      return [{ path: ['jetbrains', 'headers'], value: { 'grazie-agent': JSON.stringify(value) }, at: [key] }]
    }
    findings.note([key], Object.hasOwn(NODE_LEFTOVERS, key) ? `ignored: ${NODE_LEFTOVERS[key]}` : 'unknown key, ignored')
    return []
  })
}
