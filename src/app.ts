import { Elysia } from 'elysia'
import { accountRoutes } from './http/admin/accounts.ts'
import { qwenSignInRoutes } from './http/admin/qwen-sign-in.ts'
import { adminRoutes } from './http/admin/routes.ts'
import { docsRoutes } from './http/docs/routes.ts'
import { createEdge } from './http/edge.ts'
import { ANTHROPIC_PREFIXES, createClientRoutes } from './http/routes/client-routes.ts'
import { healthRoutes } from './http/routes/health.ts'
import { modelRoutes } from './http/routes/models.ts'
import type { HttpServices } from './http/services.ts'

export interface App {
  /** Every route there is, as Elysia knows them. */
  elysia: Elysia
  /** What the server calls. */
  handle(request: Request): Response | Promise<Response>
}

export function createApp(services: HttpServices): App {
  const client = createClientRoutes(services)
  const app = new Elysia({ name: 'dragoman' })
    .onError(({ error }) => {
      // Routes answer their own errors; what still gets here is a fault of ours, and its text is nobody's business.
      services.unforeseen(error as never, '')
      return Response.json({ error: { message: 'internal error', type: 'api_error', param: null, code: null } }, { status: 500 })
    })
    .use(docsRoutes(services.version))
    .use(client.plugin)
    .use(healthRoutes(services))
    .use(adminRoutes(services))
    .use(accountRoutes(services))
    .use(qwenSignInRoutes(services))
  for (const prefix of ANTHROPIC_PREFIXES) app.use(modelRoutes(services, prefix))
  const elysia = app as unknown as Elysia
  return { elysia, handle: createEdge(elysia, client.byPath, services) }
}
