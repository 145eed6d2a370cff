import type { JsonObject } from '../../core/json.ts'
import { errors } from './errors.ts'
import { answer, filter, MANAGEMENT, PAGE, query } from './management.ts'
import { type Operation, schemaRef, text } from './schema.ts'
import { ADMIN } from './security.ts'

const USAGE: JsonObject = {
  data: [
    {
      model: 'gpt-4o',
      day: '2026-11-21',
      requests: 12,
      errors: 1,
      input_tokens: 8120,
      output_tokens: 2304,
      cached_tokens: 1024,
      reasoning_tokens: 0,
      cost_usd: 0.04334,
    },
  ],
  next: null,
}

const CSV =
  'model,day,requests,errors,input_tokens,output_tokens,cached_tokens,reasoning_tokens,cost_usd\r\n' +
  'gpt-4o,2026-11-21,12,1,8120,2304,1024,0,0.04334\r\n'

const REQUESTS: JsonObject = {
  data: [
    {
      id: 'req_01JD6W9Q4T',
      at: '2026-11-21T10:00:00.000Z',
      key: 'key_01JD6W0000',
      key_name: 'ci',
      route: '/v1/chat/completions',
      model: 'claude-sonnet-4-5',
      provider: 'Anthropic',
      account: 'anthropic-2',
      upstream_model: 'claude-sonnet-4-5',
      status: 200,
      stream: true,
      latency_ms: 1840,
      first_token_ms: 420,
      attempts: [
        { provider: 'Anthropic', account: 'anthropic-1', outcome: 'rate-limit', status: 429, ms: 130 },
        { provider: 'Anthropic', account: 'anthropic-2', outcome: 'ok', status: 200, ms: 1705 },
      ],
      skipped: [{ provider: 'Anthropic', account: 'anthropic-3', reason: 'no quota left', until: '2026-11-22T00:00:00.000Z' }],
      usage: {
        input_tokens: 24,
        output_tokens: 17,
        cached_tokens: 0,
        cache_write_tokens: 0,
        reasoning_tokens: 0,
        estimated: false,
        spent: null,
      },
      cost_usd: 0.000327,
      notes: [{ action: 'dropped', field: 'seed' }],
      error: null,
    },
  ],
  next: 'MTc5NTI1NTIwMDAwMC5yZXFfMDE',
}

const STATS: JsonObject = {
  balancer: { healthy_tokens: 2, total_tokens: 3, strategy: 'round_robin' },
  config: { health_check_interval: '30s', server_host: '127.0.0.1', server_port: 8080 },
  instances: [],
  uptime_s: 86400,
  streams_open: 1,
}

const CONFIG: JsonObject = {
  server_host: '127.0.0.1',
  server_port: 8080,
  load_balance_strategy: 'round_robin',
  providers: [{ name: 'OpenAI', provider_type: 'openai', base_url: 'https://api.openai.com/v1', api_key: '…abcd', priority: 1 }],
}

export const RELOADED: JsonObject = {
  message: 'Configuration reloaded successfully',
  reloaded: true,
  warnings: ['server_port has changed: it takes effect at the next start'],
}

const faults = errors('Admin', 401, 403, 405, 500)

const stats: Operation = {
  operationId: 'getStats',
  tags: MANAGEMENT,
  summary: 'Accounts, uptime and open streams',
  description: 'The process as it is now.',
  security: ADMIN,
  responses: { 200: answer('The state of the process.', 'Stats', STATS), ...faults },
}

const config: Operation = {
  operationId: 'getConfig',
  tags: MANAGEMENT,
  summary: 'The configuration in effect',
  description: 'Merged from flags, environment, files and defaults. Secrets are masked.',
  security: ADMIN,
  responses: { 200: answer('The configuration.', 'Config', CONFIG), ...faults },
}

const reload: Operation = {
  operationId: 'reload',
  tags: MANAGEMENT,
  summary: 'Read the configuration again',
  description:
    'Checks it and puts it into effect without dropping a stream. An invalid file changes nothing: the answer is a 400 that says why.',
  security: ADMIN,
  responses: { 200: answer('The new configuration is in effect.', 'Reloaded', RELOADED), ...errors('Admin', 400), ...faults },
}

/** Management. Errors come in OpenAI's shape. */
export const adminDocs = {
  usage: {
    operationId: 'getUsage',
    tags: MANAGEMENT,
    summary: 'Requests, tokens and cost, summed up',
    description: 'Sums are kept by UTC day: every day that `from` and `to` touch counts as a whole.',
    security: ADMIN,
    parameters: [
      query(
        'group_by',
        'Any of `key`, `model`, `provider`, `day`, separated by commas.',
        { type: 'string', default: 'model' },
        'model,day',
      ),
      query('from', 'First moment, as a date or RFC 3339 time.', { type: 'string' }, '2026-11-01'),
      query('to', 'First moment that no longer counts.', { type: 'string' }),
      query('format', '`csv` for a spreadsheet; `Accept: text/csv` does the same.', { type: 'string', enum: ['json', 'csv'] }),
    ],
    responses: {
      200: {
        ...answer('The sums.', 'UsageList', USAGE),
        content: {
          'application/json': { schema: schemaRef('UsageList'), example: USAGE },
          'text/csv': { schema: text('A header line, then one line per row.'), example: CSV },
        },
      },
      ...errors('Admin', 400),
      ...faults,
    },
  },
  requests: {
    operationId: 'listRequests',
    tags: MANAGEMENT,
    summary: 'The latest requests, newest first',
    description:
      'Who asked for what, who served it, what was tried before, what was passed by and why, what it cost. Never a prompt or an answer.',
    security: ADMIN,
    parameters: [
      ...PAGE,
      filter('key', 'Only requests of this client key, by its id or name.'),
      filter('model', 'Only requests for this model, by the name that was asked for.'),
      filter('provider', 'Only requests that this provider served.'),
      query('status', 'Only requests answered with this HTTP status.', { type: 'integer' }),
    ],
    responses: { 200: answer('One page of requests.', 'RequestList', REQUESTS), ...errors('Admin', 400), ...faults },
  },
  stats,
  config,
  reload,
} satisfies Record<string, Operation>
