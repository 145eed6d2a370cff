import type { Elysia } from 'elysia'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { ClientDialect } from '../operations/call.ts'
import { allowOrigin, preflightHeaders } from './cors.ts'
import { failure } from './failure.ts'
import { checkHost, checkOrigin, originAllowed } from './host.ts'
import { allowed, RouteTable } from './route-table.ts'
import type { HttpServices } from './services.ts'

/** Paths that clients ask about before they talk; the answer only says that somebody is there. */
const PROBES = new Set(['/', '/api/hello', '/anthropic', '/api/anthropic', '/v1', '/anthropic/v1', '/api/anthropic/v1'])

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

type Serve = (request: Request) => Promise<Response>

type Methods = ReadonlySet<string> | undefined

/** The dialect whose errors a path's callers understand. */
const dialectOf = (path: string, { dialects }: HttpServices): ClientDialect =>
  /^(\/api)?\/anthropic(\/|$)|^\/v1\/messages(\/|$)/.test(path) ? dialects.anthropic : dialects.openai

/**
 * What every request passes before a route sees it: `Host` and `Origin`, methods, probes, CORS. Elysia finds a request's path by searching its URL from a
 * fixed position, which a host of three letters shifts; such requests are handed on under a longer name.
 */
export function createEdge(
  app: Elysia,
  clientRoutes: ReadonlyMap<string, Serve>,
  services: HttpServices,
): (request: Request) => Response | Promise<Response> {
  const table = new RouteTable((app as unknown as { routes: { method: string; path: string }[] }).routes)

  return request => {
    const origin = request.headers.get('origin')
    const answer = serve(request, origin)
    if (origin === null || !originAllowed(origin, services.settings())) return answer
    return answer instanceof Promise ? answer.then(response => allowOrigin(response, origin)) : allowOrigin(answer, origin)
  }

  function serve(request: Request, origin: string | null): Response | Promise<Response> {
    const startedAt = services.clock.elapsed()
    let path = '/'
    try {
      const host = request.headers.get('host')
      const settings = services.settings()
      // First, for the dialect of a refusal; under a malformed host it may be any text.
      path = pathOf(request.url)
      checkHost(host, settings)
      checkOrigin(origin, host, settings)
      const client = request.method === 'POST' ? clientRoutes.get(path) : undefined
      if (client) return client(request)
      const methods = table.methods(path)
      if (!METHODS.has(request.method)) throw notAllowed(request.method, methods)
      if (request.method === 'OPTIONS') return identified(options(request, path, origin, methods))
      if (request.method === 'HEAD') return head(request, path, methods).then(identified)
      if (path === '/' && request.method === 'GET')
        return identified(new Response(null, { status: 302, headers: { location: '/swagger' } }))
      if (!methods) throw notFound(request.method, path)
      if (!methods.has(request.method)) throw notAllowed(request.method, methods)
      return Promise.resolve(app.fetch(withLongHost(request))).then(identified)
    } catch (thrown) {
      return failed(thrown, path, startedAt)
    }
  }

  function options(request: Request, path: string, origin: string | null, methods: Methods): Response {
    const known = origin !== null && originAllowed(origin, services.settings())
    if (isManagement(path) && !known) return new Response(null, { status: 405, headers: allowed.header(methods) })
    const headers = { ...allowed.header(methods), ...(known ? preflightHeaders(origin, request, methods) : {}) }
    return new Response(null, { status: methods || PROBES.has(path) ? 204 : 404, headers })
  }

  async function head(request: Request, path: string, methods: Methods): Promise<Response> {
    if (methods?.has('GET')) {
      const { status, headers, body } = await app.fetch(new Request(withLongHost(request).url, { method: 'GET', headers: request.headers }))
      await body?.cancel()
      return new Response(null, { status, headers })
    }
    const probe = PROBES.has(path) || (methods?.has('POST') && !isManagement(path))
    return new Response(null, { status: probe ? 204 : methods ? 405 : 404, headers: allowed.header(methods) })
  }

  function notFound(method: string, path: string): GatewayError {
    const nearest = table.nearest(path)
    const hint = nearest === undefined ? 'see /swagger' : `did you mean ${nearest}?`
    return new GatewayError('not-found', `there is nothing at ${method} ${shown(path)}; ${hint}`, { code: 'unknown_url' })
  }

  function failed(thrown: unknown, path: string, startedAt: number): Response {
    const headers = asGatewayError(thrown).kind === 'method-not-allowed' ? allowed.header(table.methods(path)) : {}
    const dialect = dialectOf(path, services)
    return failure(thrown, { requestId: services.ids.next('req_'), route: shown(path), dialect, startedAt, headers }, services)
  }

  /** Every answer carries an id, those of routes that have no use for one too. */
  function identified(response: Response): Response {
    if (!response.headers.has('x-request-id')) response.headers.set('x-request-id', services.ids.next('req_'))
    return response
  }
}

/** The path of an absolute URL whose host is well-formed: Bun has normalised the rest. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.indexOf('?', start)
  return end === -1 ? url.slice(start) : url.slice(start, end)
}

const isManagement = (path: string): boolean => /^\/(admin|auth|reload|stats|config)(\/|$)/.test(path)

const shown = (path: string): string => (path.length > 100 ? `${path.slice(0, 100)}…` : path)

const notAllowed = (method: string, methods: Methods): GatewayError =>
  new GatewayError('method-not-allowed', `${method.slice(0, 20)} is not a method of this route; allowed: ${allowed.text(methods)}`, {
    code: 'method_not_allowed',
  })

/** A host shorter than `a.b:1` moves the path to before the place where Elysia begins to look for it. */
const SHORT_HOST = 6

function withLongHost(request: Request): Request {
  const url = new URL(request.url)
  if (url.host.length >= SHORT_HOST) return request
  url.host = 'localhost'
  return new Request(url, request)
}
