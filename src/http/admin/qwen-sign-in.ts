import { Elysia } from 'elysia'
import { isObject } from '../../core/json.ts'
import { readBody } from '../body.ts'
import { qwenSignInDocs } from '../docs/qwen-sign-in.ts'
import type { HttpServices } from '../services.ts'
import { type Product, serveAdmin } from './serve.ts'

const statusOf = (product: Product): number => (isObject(product) && product.status === 'pending' ? 202 : 200)

/** Signing a Qwen account in from afar, under the names of an older proxy (qwen.md §5.1). */
export const qwenSignInRoutes = (services: HttpServices) => {
  const { qwenSignIn } = services.admin
  async function poll(request: Request) {
    const { body } = await readBody(request, services.settings())
    // It waits for a person, longer than the server's idle limit.
    const held = services.hold(request)
    try {
      return await qwenSignIn.poll(body, request.signal)
    } finally {
      services.resume(held)
    }
  }
  return new Elysia({ name: 'routes.admin.qwen-sign-in' })
    .post('/auth/initiate', ({ request }) => serveAdmin(request, services, { produce: () => qwenSignIn.initiate() }), {
      parse: 'none',
      detail: qwenSignInDocs.initiate,
    })
    .post('/auth/poll', ({ request }) => serveAdmin(request, services, { produce: () => poll(request), status: statusOf }), {
      parse: 'none',
      detail: qwenSignInDocs.poll,
    })
}
