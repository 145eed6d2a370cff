import type { Route } from '../answer.ts'
import { Refusal } from '../refusal.ts'
import type { RecordedRequest } from '../simulator.ts'

const COMPATIBLE = '/compatible-mode/v1'

interface Endpoint {
  route: Route
  method: 'GET' | 'POST'
}

const post = (route: Route): Endpoint => ({ route, method: 'POST' })
const get = (route: Route): Endpoint => ({ route, method: 'GET' })

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/api/v1/oauth2/device/code': post('device'),
  '/api/v1/oauth2/token': post('poll'),
  '/authorize': get('login'),
  '/api/v1/indices/plugin/web_search': post('search'),
  '/v1/chat/completions': post('generate'),
  '/v1/embeddings': post('embed'),
  '/v1/models': get('models'),
  [`${COMPATIBLE}/chat/completions`]: post('generate'),
  [`${COMPATIBLE}/embeddings`]: post('embed'),
  [`${COMPATIBLE}/models`]: get('models'),
  '/__sim/approve': post('control'),
  '/__sim/deny': post('control'),
  '/__sim/expire': post('control'),
  '/__sim/faults': post('control'),
  '/__sim/clock': post('control'),
  '/__sim/requests': get('control'),
}

/** Paths of all of Qwen's hosts, which here are one; the two uses of the token endpoint are told apart by what is granted. */
export function routeOf({ method, path, bodyText }: RecordedRequest): Route {
  const endpoint = ENDPOINTS[path]
  if (!endpoint) throw new Refusal(404, { detail: 'Not Found' }, `there is no ${path}`)
  if (endpoint.method !== method) throw new Refusal(405, { detail: 'Method Not Allowed' }, `${path} is for ${endpoint.method}`)
  const refreshes = endpoint.route === 'poll' && new URLSearchParams(bodyText).get('grant_type') === 'refresh_token'
  return refreshes ? 'refresh' : endpoint.route
}

/** Whether a path is below the base URL of the plans `standard` and `token`. The portal and Coding Plan are below `/v1`. */
export const isCompatible = ({ path }: RecordedRequest): boolean => path.startsWith(`${COMPATIBLE}/`)

/** Under which name requests to a route are counted. */
export const COUNTED = {
  device: 'device',
  poll: 'poll',
  refresh: 'refresh',
  authorize: 'login',
  chat: 'generate',
  embeddings: 'embed',
  models: 'models',
  search: 'search',
} as const satisfies Record<string, Route>

export type Counts = Record<keyof typeof COUNTED, number>
