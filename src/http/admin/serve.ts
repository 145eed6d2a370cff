import { asGatewayError, type GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { JSON_HEADERS } from '../../operations/headers.ts'
import { authenticateAdmin } from '../auth.ts'
import { failure } from '../failure.ts'
import { toResponse } from '../respond.ts'
import type { HttpServices } from '../services.ts'

/** What a route answers: JSON, a text in CSV, or nothing (204). */
export type Product = JsonObject | string | undefined

export interface AdminRoute {
  produce(url: URL): Product | Promise<Product>
  /** Default 200, and 204 where nothing is produced. */
  status?: 201 | ((product: Product) => number)
  /** As the log names the route. Default: the path. Not with what stands for an id, which may be a key that somebody pasted. */
  name?: string
  /** For routes that tell errors in another shape than OpenAI's; undefined leaves it at that. */
  refusal?(error: GatewayError): { status: number; body: JsonObject } | undefined
}

const CSV_HEADERS = { 'content-type': 'text/csv; charset=utf-8' }

/** Authenticates, then answers. Every management route goes through here: nothing hangs on the order of plug-ins. */
export async function serveAdmin(request: Request, services: HttpServices, route: AdminRoute): Promise<Response> {
  const requestId = services.ids.next('req_')
  const startedAt = services.clock.elapsed()
  const url = new URL(request.url)
  const name = route.name ?? url.pathname
  const answer = (status: number, product: Product, error?: GatewayError): Response => {
    services.answered({ id: requestId, route: name, status, latencyMs: services.clock.elapsed() - startedAt, error })
    const [headers, body] =
      product === undefined ? [{}, null] : typeof product === 'string' ? [CSV_HEADERS, product] : [JSON_HEADERS, JSON.stringify(product)]
    return toResponse({ status, headers: { ...headers, 'cache-control': 'no-store' }, body }, requestId)
  }
  try {
    await authenticateAdmin(request.headers, services.keys)
    const product = await route.produce(url)
    const { status = product === undefined ? 204 : 200 } = route
    return answer(typeof status === 'function' ? status(product) : status, product)
  } catch (thrown) {
    const error = asGatewayError(thrown)
    const refusal = route.refusal?.(error)
    if (refusal) return answer(refusal.status, refusal.body, error)
    // Management speaks OpenAI's error shape (interface.md, "JSON shapes").
    return failure(error, { requestId, route: name, dialect: services.dialects.openai, startedAt }, services)
  }
}
