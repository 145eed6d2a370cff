import { Elysia } from 'elysia'
import uiStyle from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import uiScript from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import { documentation } from './documentation.ts'
import { ICON, PAGE, START } from './page.ts'
import type { Operation } from './schema.ts'
import { embeddedFile, serveFile, staticFile, staticText } from './static-file.ts'

interface DocumentedRoute {
  method: string
  path: string
  hooks?: { detail?: Partial<Operation> }
}

/**
 * The OpenAPI document of these routes. The plug-in makes it from an app that mirrors ours and serves nobody, because its own page loads
 * scripts from a content network, and because it leaves out paths with a `*`, which here stands for a model's name.
 */
async function describe(routes: readonly DocumentedRoute[], version: string): Promise<string> {
  // Loaded when it is needed: it would be a tenth of the start-up.
  const { swagger } = await import('@elysiajs/swagger')
  const mirror = new Elysia().use(
    swagger({ path: '/page', specPath: '/document', excludeStaticFile: false, documentation: documentation(version) }),
  )
  for (const { method, path, hooks } of routes) {
    if (hooks?.detail?.hide !== true) mirror.route(method, path.replace('*', ':model'), () => '', { detail: hooks?.detail })
  }
  const answer = await mirror.handle(new Request('http://localhost/document'))
  return answer.text()
}

/** Elysia lets a plug-in see the routes of whatever app it ends up in, but shows them to subclasses alone. */
class DocsPlugin extends Elysia {
  routesOfApp(): readonly DocumentedRoute[] {
    return this.getGlobalRoutes() as readonly DocumentedRoute[]
  }
}

const hidden = { parse: 'none', detail: { hide: true } } as const

const redirect = (location: string): Response => new Response(null, { status: 302, headers: { location } })

/** The documentation of every route of the app that this is mounted in: as data, and as a page to try them on. */
export function docsRoutes(version: string) {
  const plugin = new DocsPlugin({ name: 'routes.docs', seed: version })
  const page = staticText('text/html; charset=utf-8', PAGE)
  const start = staticText('text/javascript; charset=utf-8', START)
  const icon = staticText('image/svg+xml', ICON)
  const script = embeddedFile('text/javascript; charset=utf-8', uiScript)
  const style = embeddedFile('text/css; charset=utf-8', uiStyle)
  // By the first request all routes are there.
  const document = staticFile('application/json', () => describe(plugin.routesOfApp(), version))
  return plugin
    .get('/swagger', ({ request }) => serveFile(page, request), hidden)
    .get('/swagger/json', ({ request }) => serveFile(document, request), hidden)
    .get('/swagger/start.js', ({ request }) => serveFile(start, request), hidden)
    .get('/swagger/favicon.svg', ({ request }) => serveFile(icon, request), hidden)
    .get('/swagger/swagger-ui-bundle.js', ({ request }) => serveFile(script, request), hidden)
    .get('/swagger/swagger-ui.css', ({ request }) => serveFile(style, request), hidden)
    .get('/swagger/', ({ request }) => serveFile(page, request), hidden)
    .get('/docs', () => redirect('/swagger'), hidden)
    .get('/docs/', () => redirect('/swagger'), hidden)
}
