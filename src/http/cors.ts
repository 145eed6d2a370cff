import { allowed } from './route-table.ts'

const EXPOSED = [
  'x-request-id',
  'request-id',
  'retry-after',
  'x-should-retry',
  'x-dragoman-notes',
  'x-dragoman-provider',
  'x-dragoman-account',
  'x-dragoman-attempts',
].join(', ')

/** The answer to a browser's question whether a page of an allowed origin may call: with whatever headers it means to send, since keys decide, not headers. */
export const preflightHeaders = (origin: string, request: Request, methods: ReadonlySet<string> | undefined): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-methods': allowed.text(methods),
  'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? 'authorization, content-type, x-api-key',
  'access-control-max-age': '600',
  vary: 'origin, access-control-request-headers',
})

/** Lets a page of an allowed origin read the answer. */
export function allowOrigin(response: Response, origin: string): Response {
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set('access-control-expose-headers', EXPOSED)
  response.headers.append('vary', 'origin')
  return response
}
