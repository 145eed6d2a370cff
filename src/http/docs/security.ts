import type { Operation } from './schema.ts'

/** The ways to show a key, as the page's "Authorize" offers them. */
export const securitySchemes = {
  clientKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'A client key, sent as `Authorization: Bearer <key>`: from `dragoman keys create`, `client_api_keys`, or the first start.',
  },
  clientApiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: 'The same client key, sent as `x-api-key`: the way of older Anthropic clients. One of the two is enough.',
  },
  adminKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The admin key (`admin_key`, `DRAGOMAN_ADMIN_KEY`, or the one printed on the first start). It is no client key, nor the reverse.',
  },
} as const

type Security = Operation['security']

/** Either form of a client key. */
export const CLIENT: Security = [{ clientKey: [] }, { clientApiKey: [] }]

export const ADMIN: Security = [{ adminKey: [] }]

/** Open to everybody. */
export const NONE: Security = []
