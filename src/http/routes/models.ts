import { Elysia } from 'elysia'
import type { JsonObject } from '../../core/json.ts'
import { JSON_HEADERS } from '../../operations/headers.ts'
import { listModels, type ModelQuery, readModel } from '../../operations/models.ts'
import { callerOf } from '../client-route.ts'
import { modelDocs, modelsDocs } from '../docs/models.ts'
import { failure } from '../failure.ts'
import { toResponse } from '../respond.ts'
import type { HttpServices } from '../services.ts'
import type { ANTHROPIC_PREFIXES } from './client-routes.ts'

/** One path, two dialects: Anthropic's clients are known by their headers (dialects.md §8). */
function shapeFor(headers: Headers, prefix: string): ModelQuery['shape'] {
  if (prefix !== '' || headers.has('anthropic-version') || headers.has('anthropic-beta') || headers.has('x-anthropic-version'))
    return 'anthropic'
  return /^(anthropic\/|anthropic-sdk|claude-cli|claude-code\/)/i.test(headers.get('user-agent') ?? '') ? 'anthropic' : 'openai'
}

async function serve(
  request: Request,
  services: HttpServices,
  prefix: string,
  answer: (query: ModelQuery, url: URL) => JsonObject,
): Promise<Response> {
  const requestId = services.ids.next('req_')
  const startedAt = services.clock.elapsed()
  const route = `${prefix}/v1/models`
  const shape = shapeFor(request.headers, prefix)
  const dialect = services.dialects[shape]
  const vary = { vary: 'anthropic-version, anthropic-beta, authorization, x-api-key, user-agent' }
  try {
    const caller = await callerOf(request.headers, services)
    const query: ModelQuery = { catalog: services.catalog(), caller, shape, since: services.startedAt }
    const body = JSON.stringify(answer(query, new URL(request.url)))
    services.answered({ id: requestId, route, status: 200, latencyMs: services.clock.elapsed() - startedAt, caller })
    return toResponse({ status: 200, headers: { ...JSON_HEADERS, ...vary }, body }, requestId, dialect.id)
  } catch (thrown) {
    return failure(thrown, { requestId, route, dialect, startedAt, headers: vary }, services)
  }
}

/** Model lists, under one prefix. Names may hold slashes, so the rest of the path is the name. */
export const modelRoutes = (services: HttpServices, prefix: (typeof ANTHROPIC_PREFIXES)[number]) =>
  new Elysia({ name: 'routes.models', seed: prefix })
    .get(`${prefix}/v1/models`, ({ request }) => serve(request, services, prefix, (query, url) => listModels(query, url.searchParams)), {
      parse: 'none',
      detail: modelsDocs(prefix),
    })
    .get(
      `${prefix}/v1/models/*`,
      ({ request }) => serve(request, services, prefix, (query, url) => readModel(nameIn(url, `${prefix}/v1/models/`), query)),
      { parse: 'none', detail: modelDocs(prefix) },
    )

function nameIn(url: URL, before: string): string {
  const rest = url.pathname.slice(before.length)
  try {
    return decodeURIComponent(rest)
  } catch {
    return rest
  }
}
