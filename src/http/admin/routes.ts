import { Elysia } from 'elysia'
import { asGatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { errorAnswer } from '../../operations/error-answer.ts'
import { JSON_HEADERS } from '../../operations/headers.ts'
import { authenticateAdmin } from '../auth.ts'
import { adminDocs } from '../docs/admin.ts'
import { toResponse } from '../respond.ts'
import type { HttpServices } from '../services.ts'

async function serve(request: Request, services: HttpServices, answer: (query: URLSearchParams) => JsonObject | Promise<JsonObject>) {
  const requestId = services.ids.next('req_')
  try {
    await authenticateAdmin(request.headers, services.keys)
    const url = new URL(request.url)
    const body = JSON.stringify(await answer(url.searchParams))
    return toResponse({ status: 200, headers: { ...JSON_HEADERS, 'cache-control': 'no-store' }, body }, requestId)
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
    .get('/admin/usage', ({ request }) => serve(request, services, query => admin.usage(query)), { parse: 'none', detail: adminDocs.usage })
    .get('/admin/requests', ({ request }) => serve(request, services, query => admin.requests(query)), { parse: 'none', detail: adminDocs.requests })
    .get('/admin/stats', ({ request }) => serve(request, services, () => admin.stats()), { parse: 'none', detail: adminDocs.stats })
    .get('/admin/config', ({ request }) => serve(request, services, () => admin.config()), { parse: 'none', detail: adminDocs.config })
    .post('/admin/reload', ({ request }) => serve(request, services, () => admin.reload()), { parse: 'none', detail: adminDocs.reload })
    .get('/stats', ({ request }) => serve(request, services, () => admin.stats()), { parse: 'none', detail: adminDocs.olderStats })
    .get('/config', ({ request }) => serve(request, services, () => admin.config()), { parse: 'none', detail: adminDocs.olderConfig })
    .post('/reload', ({ request }) => serve(request, services, () => admin.reload()), { parse: 'none', detail: adminDocs.olderReload })
}
