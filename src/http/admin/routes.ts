import { Elysia } from 'elysia'
import { adminDocs } from '../docs/admin.ts'
import { olderDocs } from '../docs/older-names.ts'
import type { HttpServices } from '../services.ts'
import { type AdminRoute, serveAdmin } from './serve.ts'

const wantsCsv = (request: Request): boolean => /^text\/csv\b/i.test(request.headers.get('accept') ?? '')

/** The older JetBrains proxy told of a configuration that is no good in a text of its own (jetbrains-ai.md §9). */
const olderRefusal: AdminRoute['refusal'] = ({ code, message }) =>
  code === 'invalid_config' ? { status: 500, body: { error: message } } : undefined

/** Management of the gateway itself, also under the names that the older JetBrains proxy had. */
export const adminRoutes = (services: HttpServices) => {
  const { admin } = services
  const serve = (request: Request, produce: AdminRoute['produce'], more?: Pick<AdminRoute, 'refusal'>) =>
    serveAdmin(request, services, { produce, ...more })
  return new Elysia({ name: 'routes.admin' })
    .get('/admin/usage', ({ request }) => serve(request, ({ searchParams }) => admin.usage(searchParams, wantsCsv(request))), {
      parse: 'none',
      detail: adminDocs.usage,
    })
    .get('/admin/requests', ({ request }) => serve(request, ({ searchParams }) => admin.requests(searchParams)), {
      parse: 'none',
      detail: adminDocs.requests,
    })
    .get('/admin/stats', ({ request }) => serve(request, () => admin.stats()), { parse: 'none', detail: adminDocs.stats })
    .get('/admin/config', ({ request }) => serve(request, () => admin.config()), { parse: 'none', detail: adminDocs.config })
    .post('/admin/reload', ({ request }) => serve(request, () => admin.reload()), { parse: 'none', detail: adminDocs.reload })
    .get('/stats', ({ request }) => serve(request, () => admin.stats()), { parse: 'none', detail: olderDocs.stats })
    .get('/config', ({ request }) => serve(request, () => admin.olderConfig()), { parse: 'none', detail: olderDocs.config })
    .post('/reload', ({ request }) => serve(request, () => admin.reload(), { refusal: olderRefusal }), {
      parse: 'none',
      detail: olderDocs.reload,
    })
}
