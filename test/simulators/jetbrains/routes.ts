import type { Route } from '../answer.ts'
import type { ChatEndpoint } from './check-request.ts'

/** A native path: which vendor's body it takes. */
export type Native = 'messages' | 'chat' | 'openai-responses' | 'xai-responses'

export interface Endpoint {
  route: Route
  method: 'GET' | 'POST'
  chat?: ChatEndpoint
  native?: Native
}

const post = (route: Route, more: Partial<Endpoint> = {}): Endpoint => ({ route, method: 'POST', ...more })
const get = (route: Route): Endpoint => ({ route, method: 'GET' })

/** Every path of gateway, OAuth server and sign-in page (jetbrains-ai.md §1.2, §4.3), which here share a host. */
export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/auth/jetbrains-jwt/provide-access/license/v2': post('access'),
  '/auth/jetbrains-jwt/register': post('register'),
  '/auth/jetbrains-jwt/user-info': get('user'),
  '/oauth2/token': post('token'),
  '/oauth/login': get('login'),
  '/user/v5/quota/get': post('quota'),
  '/user/v5/quota/metadata/refill': post('refill'),
  '/user/v5/llm/profiles': get('models'),
  '/user/v5/llm/profiles/v3': get('models'),
  '/user/v5/llm/profiles/v8': get('models'),
  '/user/v5/llm/chat/stream/v7': post('generate', { chat: { version: 'v7', feature: 'Chat' } }),
  '/user/v5/llm/chat/stream/v8': post('generate', { chat: { version: 'v8', feature: 'Chat' } }),
  '/user/v5/llm/responses/stream/v8': post('generate', { chat: { version: 'v8', feature: 'Responses' } }),
  '/user/v5/llm/anthropic/v1/messages': post('generate', { native: 'messages' }),
  '/user/v5/llm/openai/v1/chat/completions': post('generate', { native: 'chat' }),
  '/user/v5/llm/openai/v1/responses': post('generate', { native: 'openai-responses' }),
  '/user/v5/llm/xai/v1/responses': post('generate', { native: 'xai-responses' }),
}

/** Under which name requests to a route are counted. */
export const COUNTED = {
  chat: 'generate',
  provideAccess: 'access',
  register: 'register',
  userInfo: 'user',
  oauth: 'token',
  login: 'login',
  quota: 'quota',
  refill: 'refill',
  profiles: 'models',
} as const satisfies Record<string, Route>

export type Counts = Record<keyof typeof COUNTED, number>
