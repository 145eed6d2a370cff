import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { nearestNames } from '../core/nearest.ts'
import { rfc3339 } from '../core/timestamps.ts'
import { type Catalog, CLAUDE_ALIAS } from '../routing/catalog.ts'
import type { Caller } from './call.ts'
import { mayUse, unknownModel } from './route.ts'

export interface ModelQuery {
  catalog: Catalog
  caller: Caller
  /** The dialect of the list: by the route, or by the headers that an Anthropic client sends. */
  shape: 'openai' | 'anthropic'
  /** When this process learnt of the models, in milliseconds since the epoch: vendors' own dates are not known. */
  since: number
}

const PAGE = { usual: 20, most: 1000 }

function visibleNames({ catalog, caller, shape }: ModelQuery): string[] {
  const names = catalog.names().filter(name => mayUse(name, caller, shape === 'openai' ? 'openai-chat' : 'anthropic', catalog))
  if (shape === 'openai') return names
  // Claude Code lists only names with `claude` or `anthropic` in them.
  const aliases = names.filter(name => !/claude|anthropic/i.test(name)).map(name => CLAUDE_ALIAS + name)
  return [...names, ...aliases]
}

function describe(name: string, { catalog, shape, since }: ModelQuery): JsonObject {
  if (shape === 'openai') {
    return { id: name, object: 'model', created: Math.floor(since / 1000), owned_by: catalog.owner(name) ?? 'dragoman' }
  }
  return { type: 'model', id: name, display_name: name, created_at: rfc3339(since) }
}

/** `GET /v1/models` in either shape (dialects.md §8). `page` holds Anthropic's `limit`, `after_id`, `before_id`. */
export function listModels(query: ModelQuery, page: URLSearchParams): JsonObject {
  const names = visibleNames(query)
  if (query.shape === 'openai') return { object: 'list', data: names.map(name => describe(name, query)) }
  const limit = pageLimit(page.get('limit'))
  const after = page.get('after_id')
  const before = page.get('before_id')
  const start = after === null ? 0 : names.indexOf(after) + 1
  const end = before === null || !names.includes(before) ? names.length : names.indexOf(before)
  const from = before === null ? start : Math.max(start, end - limit)
  const shown = names.slice(from, Math.min(end, from + limit))
  const more = before === null ? from + shown.length < end : from > start
  return {
    data: shown.map(name => describe(name, query)),
    has_more: more,
    first_id: shown[0] ?? null,
    last_id: shown.at(-1) ?? null,
  }
}

function pageLimit(text: string | null): number {
  if (text === null) return PAGE.usual
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE.most) return limit
  throw new GatewayError('invalid-request', `limit: must be an integer from 1 to ${PAGE.most}`, { param: 'limit' })
}

/** `GET /v1/models/{id}`. @throws GatewayError `model-not-found`. */
export function readModel(name: string, query: ModelQuery): JsonObject {
  if (visibleNames(query).includes(name) || visibleNames({ ...query, shape: 'anthropic' }).includes(name)) return describe(name, query)
  const known = visibleNames(query)
  throw unknownModel(name, nearestNames(name, known), known)
}
