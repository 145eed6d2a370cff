import { Elysia } from 'elysia'
import { asGatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { errorAnswer } from '../../operations/error-answer.ts'
import { JSON_HEADERS } from '../../operations/headers.ts'
import { authenticateAdmin } from '../auth.ts'
import { adminDocs } from '../docs/admin.ts'
import { toResponse } from '../respond.ts'
import type { HttpServices } from '../services.ts'

type Produce = (query: URLSearchParams) => JsonObject | Promise<JsonObject | string>

const CSV_HEADERS = { 'content-type': 'text/csv; charset=utf-8' }

const wantsCsv = (request: Request): boolean => /^text\/csv\b/i.test(request.headers.get('accept') ?? '')

/** Authenticates, then answers with JSON, or with CSV where a text is produced. */
async function serve(request: Request, services: HttpServices, produce: Produce): Promise<Response> {
  const requestId = services.ids.next('req_')
  try {
    await authenticateAdmin(request.headers, services.keys)
    const url = new URL(request.url)
    const produced = await produce(url.searchParams)
    const [headers, body] = typeof produced === 'string' ? [CSV_HEADERS, produced] : [JSON_HEADERS, JSON.stringify(produced)]
    return toResponse({ status: 200, headers: { ...headers, 'cache-control': 'no-store' }, body }, requestId)
  } catch (thrown) {
    const error = asGatewayError(thrown)
    if (error.kind === 'internal') services.unforeseen(error, requestId)
    // Management speaks OpenAI's error shape (interface.md, "JSON shapes").
    const failed = errorAnswer({ dialect: services.dialects.openai, requestId }, error)
    services.refused({ id: requestId, route: new URL(request.url).pathname, status: failed.status, error })
    return toResponse(failed, requestId)
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
