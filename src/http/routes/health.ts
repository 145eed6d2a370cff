import { Elysia } from 'elysia'
import { healthDocs, readyDocs } from '../docs/health.ts'
import type { HttpServices } from '../services.ts'

/** For monitors and load balancers; no key, no secrets. */
export const healthRoutes = (services: HttpServices) =>
  new Elysia({ name: 'routes.health' })
    .get('/health', () => Response.json(services.health()), { parse: 'none', detail: healthDocs })
    .get(
      '/health/ready',
      () => {
        const report = services.health()
        const ready = report.status !== 'down' && !services.stopping()
        return Response.json({ ...report, ready }, { status: ready ? 200 : 503 })
      },
      { parse: 'none', detail: readyDocs },
    )
