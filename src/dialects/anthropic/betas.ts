import { isObject, type JsonObject } from '../../core/json.ts'

interface BetaRow {
  beta: string
  /** Where the member stands that exists only together with the beta: of the request, of an object in it, or of its messages. */
  of?: 'output_config' | 'thinking' | 'messages'
  member: string
  /** Only this value of it needs the beta. */
  value?: string
}

/** Members that Anthropic takes only together with a name in `anthropic-beta` (as of @anthropic-ai/sdk 1.11). */
const BETAS: readonly BetaRow[] = [
  { member: 'speed', beta: 'fast-mode-2026-02-01' },
  { member: 'context_management', beta: 'context-management-2025-06-27' },
  { member: 'mcp_servers', beta: 'mcp-client-2025-11-20' },
  { member: 'output_format', beta: 'structured-outputs-2025-11-13' },
  { member: 'fallbacks', beta: 'server-side-fallback-2026-07-01' },
  { member: 'fallback_credit_token', beta: 'fallback-credit-2026-07-01' },
  { member: 'compaction', beta: 'compact-2026-09-04' },
  { member: 'thread', beta: 'message-threads-2026-08-12' },
  { of: 'output_config', member: 'task_budget', beta: 'task-budgets-2026-03-13' },
  { of: 'thinking', member: 'display', value: 'updates', beta: 'thinking-display-updates-2026-08-18' },
  { of: 'messages', member: 'output_config', beta: 'mid-conversation-output-config-2026-07-01' },
]

/** The value of `anthropic-beta` that a request of our making needs; undefined where it needs none. */
export function betasFor(body: JsonObject): string | undefined {
  const needed = BETAS.filter(row => holdersOf(body, row.of).some(holder => holds(holder, row))).map(row => row.beta)
  return needed.length > 0 ? needed.join(',') : undefined
}

function holdersOf(body: JsonObject, place: BetaRow['of']): JsonObject[] {
  if (place === undefined) return [body]
  const value = body[place]
  return Array.isArray(value) ? value.filter(isObject) : isObject(value) ? [value] : []
}

function holds(holder: JsonObject, { member, value }: BetaRow): boolean {
  const held = holder[member]
  return held !== undefined && held !== null && (value === undefined || held === value)
}
