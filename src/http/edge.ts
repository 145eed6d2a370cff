import type { Elysia } from 'elysia'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { ClientDialect } from '../operations/call.ts'
import { errorAnswer } from '../operations/error-answer.ts'
import { checkHost, checkOrigin, originAllowed } from './host.ts'
import { toResponse } from './respond.ts'
import type { HttpServices } from './services.ts'
import type { HttpSettings } from './settings.ts'

/** Paths that clients ask about before they talk; the answer only says that somebody is there. */
const PROBES = new Set(['/', '/api/hello', '/anthropic', '/api/anthropic', '/v1', '/anthropic/v1', '/api/anthropic/v1'])

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** The dialect whose errors a path's callers understand. */
const dialectOf = (path: string, { dialects }: HttpServices): ClientDialect =>
  /^(\/api)?\/anthropic(\/|$)|^\/v1\/messages(\/|$)/.test(path) ? dialects.anthropic : dialects.openai

/** Which methods a path has, by the routes themselves. */
class RouteTable {
  readonly #exact = new Map<string, Set<string>>()
  readonly #open: { prefix: string; methods: Set<string> }[] = []

  constructor(app: { routes: readonly { method: string; path: string }[] }) {
    for (const { method, path } of app.routes) {
      const star = path.indexOf('*')
      if (star !== -1) this.#open.push({ prefix: path.slice(0, star), methods: new Set([method]) })
      else this.#exact.set(path, (this.#exact.get(path) ?? new Set()).add(method))
    }
  }

  methods(path: string): Set<string> | undefined {
    return this.#exact.get(path) ?? this.#open.find(({ prefix }) => path.startsWith(prefix))?.methods
  }
}

/**
 * What every request passes before a route sees it: `Host` and `Origin`, methods, probes, CORS. Elysia finds a request's path by searching its URL from a
 * fixed position, which a host of three letters shifts; such requests are handed on under a longer name.
 */
export function createEdge(
  app: Elysia,
  clientRoutes: ReadonlyMap<string, (request: Request) => Promise<Response>>,
  services: HttpServices,
): (request: Request) => Response | Promise<Response> {
  const table = new RouteTable(app as unknown as { routes: { method: string; path: string }[] })
  return request => {
    const host = request.headers.get('host')
    const settings = services.settings()
    let path = '/'
    try {
      checkHost(host, settings)
      path = pathOf(request.url)
      const origin = request.headers.get('origin')
      checkOrigin(origin, host, settings)
      const methods = table.methods(path)
      if (!METHODS.has(request.method)) throw notAllowed(request.method, methods)
      if (request.method === 'OPTIONS') return options(path, origin, methods, settings)
      if (request.method === 'HEAD') return head(path, methods, request, host)
      if (path === '/' && request.method === 'GET') return Response.redirect('/swagger', 302)
      if (!methods)
        throw new GatewayError('not-found', `there is nothing at ${request.method} ${shown(path)}; see /swagger`, { code: 'unknown_url' })
      if (!methods.has(request.method)) throw notAllowed(request.method, methods)
      const client = request.method === 'POST' ? clientRoutes.get(path) : undefined
      const answer = client ? client(request) : app.fetch((host as string).length < 6 ? withLongerHost(request) : request)
      return origin !== null && originAllowed(origin, settings) ? withCors(answer, origin) : answer
    } catch (thrown) {
      const answer = failed(asGatewayError(thrown), dialectOf(path, services), table.methods(path))
      const origin = request.headers.get('origin')
      return origin !== null && originAllowed(origin, settings) ? withCors(answer, origin) : answer
    }
  }

  async function head(path: string, methods: Set<string> | undefined, request: Request, host: string | null): Promise<Response> {
    if (methods?.has('GET')) {
      const url = new URL(request.url)
      const get = new Request((host as string).length < 6 ? longerUrl(url) : url, { method: 'GET', headers: request.headers })
      const { status, headers, body } = await app.fetch(get)
      await body?.cancel()
      return new Response(null, { status, headers })
    }
    const client = methods?.has('POST') && !isManagement(path)
    return new Response(null, { status: client || PROBES.has(path) ? 204 : methods ? 405 : 404, headers: allow(methods) })
  }

  function failed(error: GatewayError, dialect: ClientDialect, methods: Set<string> | undefined): Response {
    const requestId = services.ids.next('req_')
    if (error.kind === 'internal') services.unforeseen(error, requestId)
    const answer = errorAnswer({ dialect, requestId }, error)
    if (error.kind === 'method-not-allowed') Object.assign(answer.headers, allow(methods))
    return toResponse(answer, requestId, dialect.id)
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

const listed = (methods: Set<string> | undefined): string => [...(methods ?? []), 'OPTIONS'].join(', ')

const allow = (methods: Set<string> | undefined): Record<string, string> => (methods ? { allow: listed(methods) } : {})

const notAllowed = (method: string, methods: Set<string> | undefined): GatewayError =>
  new GatewayError('method-not-allowed', `${method.slice(0, 20)} is not a method of this route; allowed: ${listed(methods)}`, {
    code: 'method_not_allowed',
  })

const longerUrl = (url: URL): URL => {
  const longer = new URL(url)
  longer.host = 'localhost'
  return longer
}

const withLongerHost = (request: Request): Request => new Request(longerUrl(new URL(request.url)), request)

function options(path: string, origin: string | null, methods: Set<string> | undefined, settings: HttpSettings): Response {
  if (isManagement(path) && !(origin !== null && originAllowed(origin, settings)))
    return new Response(null, { status: 405, headers: allow(methods) })
  const headers = { ...allow(methods), ...(origin !== null && originAllowed(origin, settings) ? preflight(origin, methods) : {}) }
  return new Response(null, { status: methods || PROBES.has(path) ? 204 : 404, headers })
}

const preflight = (origin: string, methods: Set<string> | undefined): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-methods': listed(methods),
  'access-control-allow-headers':
    'authorization, content-type, x-api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access, x-dragoman-strict',
  'access-control-max-age': '600',
  vary: 'origin',
})

async function withCors(answer: Response | Promise<Response>, origin: string): Promise<Response> {
  const response = await answer
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set('access-control-expose-headers', 'x-request-id, request-id, retry-after, x-dragoman-notes')
  response.headers.append('vary', 'origin')
  return response
}
