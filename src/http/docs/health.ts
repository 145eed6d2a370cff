import type { JsonObject } from '../../core/json.ts'
import { errors } from './errors.ts'
import { choice, integer, type Operation, object, type Response, type Schemas, schemaRef, text } from './schema.ts'
import { NONE } from './security.ts'

export const healthSchemas: Schemas = {
  Health: object(
    'What monitors read. Holds no secret and no name. More counts may be added.',
    {
      status: choice('`degraded`: some account is down; `down`: nothing can serve.', ['ok', 'degraded', 'down']),
      healthy_tokens: integer('Accounts that can serve.'),
      total_tokens: integer('Accounts there are.'),
      strategy: text('How requests are spread over accounts.'),
      version: text('Of the gateway.'),
      uptime_s: integer('Seconds since the start.'),
      server_info: object('Where it was told to listen.', { host: text(''), port: integer('') }, ['host', 'port']),
    },
    ['status', 'healthy_tokens', 'total_tokens', 'strategy', 'server_info'],
  ),
}

const PROCESS: JsonObject = {
  ...{ total_tokens: 2, strategy: 'round_robin', version: '0.1.0', uptime_s: 86400 },
  server_info: { host: '127.0.0.1', port: 8080 },
}
const HEALTHY: JsonObject = { status: 'ok', healthy_tokens: 2, ...PROCESS }
const DOWN: JsonObject = { status: 'down', healthy_tokens: 0, ...PROCESS }

const report = (description: string, example: JsonObject): Response => ({
  description,
  content: { 'application/json': { schema: schemaRef('Health'), example } },
})

/** `GET /health`. */
export const healthDocs: Operation = {
  operationId: 'getHealth',
  tags: ['Health'],
  summary: 'State of the gateway',
  description: 'Answers 200 as long as the process serves; `status` says how well. Needs no key.',
  security: NONE,
  responses: { 200: report('The process serves.', HEALTHY), ...errors('OpenAI', 403, 405) },
}

/** `GET /health/ready`. */
export const readyDocs: Operation = {
  operationId: 'getReadiness',
  tags: ['Health'],
  summary: 'Whether to send requests here',
  description: 'For load balancers: 503 when nothing can serve, or while the gateway is stopping. Needs no key.',
  security: NONE,
  responses: {
    200: report('Requests can be served.', { ...HEALTHY, ready: true }),
    503: report('Send them elsewhere.', { ...DOWN, ready: false }),
    ...errors('OpenAI', 403, 405),
  },
}
