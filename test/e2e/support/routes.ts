import { isObject } from '../../checkers/json.ts'

export interface ServedRoute {
  method: string
  /** With a name in place of each parameter. */
  path: string
}

/** Routes that take no key, by design: nothing in them is anybody's. */
export const PUBLIC: ReadonlySet<string> = new Set([
  '/',
  '/health',
  '/health/ready',
  '/docs',
  '/docs/',
  '/swagger',
  '/swagger/',
  '/swagger/json',
])

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

/** Every route that the gateway documents, as it says itself. */
export async function documentedRoutes(url: string): Promise<ServedRoute[]> {
  const document: unknown = await (await fetch(`${url}/swagger/json`)).json()
  if (!isObject(document) || !isObject(document.paths)) throw new Error('the document has no paths')
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    METHODS.filter(method => isObject(operations) && operations[method] !== undefined).map(method => ({
      method: method.toUpperCase(),
      path: path.replace(/\{[^}]+\}/g, 'gpt-4o'),
    })),
  )
}
