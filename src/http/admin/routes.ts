import { Elysia } from 'elysia'
import type { JsonObject } from '../../core/json.ts'
import { JSON_HEADERS } from '../../operations/headers.ts'
import { authenticateAdmin } from '../auth.ts'
import { adminDocs } from '../docs/admin.ts'
import { failure } from '../failure.ts'
import { toResponse } from '../respond.ts'
import type { HttpServices } from '../services.ts'

type Produce = (query: URLSearchParams) => JsonObject | Promise<JsonObject | string>

const CSV_HEADERS = { 'content-type': 'text/csv; charset=utf-8' }

const wantsCsv = (request: Request): boolean => /^text\/csv\b/i.test(request.headers.get('accept') ?? '')

/** Authenticates, then answers with JSON, or with CSV where a text is produced. */
async function serve(request: Request, services: HttpServices, produce: Produce): Promise<Response> {
  const requestId = services.ids.next('req_')
  const startedAt = services.clock.elapsed()
  const url = new URL(request.url)
  const route = url.pathname
  try {
    await authenticateAdmin(request.headers, services.keys)
    const produced = await produce(url.searchParams)
    const [headers, body] = typeof produced === 'string' ? [CSV_HEADERS, produced] : [JSON_HEADERS, JSON.stringify(produced)]
    services.answered({ id: requestId, route, status: 200, latencyMs: services.clock.elapsed() - startedAt })
    return toResponse({ status: 200, headers: { ...headers, 'cache-control': 'no-store' }, body }, requestId)
  } catch (thrown) {
    // Management speaks OpenAI's error shape (interface.md, "JSON shapes").
    return failure(thrown, { requestId, route, dialect: services.dialects.openai, startedAt }, services)
  }
}

/** Management. Every route checks the admin key itself: nothing hangs on the order of plug-ins. */
export const adminRoutes = (services: HttpServices) => {
  const { admin } = services
  return new Elysia({ name: 'routes.admin' })
    .get('/admin/usage', ({ request }) => serve(request, services, query => admin.usage(query, wantsCsv(request))), {
      parse: 'none',
      detail: adminDocs.usage,
    })
    .get('/admin/requests', ({ request }) => serve(request, services, query => admin.requests(query)), {
      parse: 'none',
      detail: adminDocs.requests,
    })
    .get('/admin/stats', ({ request }) => serve(request, services, () => admin.stats()), { parse: 'none', detail: adminDocs.stats })
    .get('/admin/config', ({ request }) => serve(request, services, () => admin.config()), { parse: 'none', detail: adminDocs.config })
    .post('/admin/reload', ({ request }) => serve(request, services, () => admin.reload()), { parse: 'none', detail: adminDocs.reload })
    .get('/stats', ({ request }) => serve(request, services, () => admin.stats()), { parse: 'none', detail: adminDocs.olderStats })
    .get('/config', ({ request }) => serve(request, services, () => admin.config()), { parse: 'none', detail: adminDocs.olderConfig })
    .post('/reload', ({ request }) => serve(request, services, () => admin.reload()), { parse: 'none', detail: adminDocs.olderReload })
}
