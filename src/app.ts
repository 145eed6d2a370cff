import { Elysia } from 'elysia'
import { adminRoutes } from './http/admin/routes.ts'
import { docsRoutes } from './http/docs/routes.ts'
import { chatRoutes } from './http/routes/chat.ts'
import { healthRoutes } from './http/routes/health.ts'
import { ANTHROPIC_PREFIXES, messagesRoutes } from './http/routes/messages.ts'
import { modelRoutes } from './http/routes/models.ts'
import type { HttpServices } from './http/services.ts'

/** Every route there is. */
export function createApp(services: HttpServices) {
  const app = new Elysia({ name: 'dragoman' })
    .onError(({ error }) => {
      // Routes answer their own errors; what still gets here is a fault of ours, and its text is nobody's business.
      services.unforeseen(error as never, '')
      return Response.json({ error: { message: 'internal error', type: 'api_error', param: null, code: null } }, { status: 500 })
    })
    .use(docsRoutes(services.version))
    .use(chatRoutes(services))
    .use(healthRoutes(services))
    .use(adminRoutes(services))
  for (const prefix of ANTHROPIC_PREFIXES) app.use(messagesRoutes(services, prefix)).use(modelRoutes(services, prefix))
  return app
}
