import type { JsonObject } from '../../core/json.ts'
import { adminDocs, RELOADED } from './admin.ts'
import { errors } from './errors.ts'
import { answer } from './management.ts'
import { flag, integer, list, type Operation, object, type Schemas, schemaRef, text } from './schema.ts'
import { ADMIN } from './security.ts'

export const olderSchemas: Schemas = {
  OlderConfig: object(
    'The configuration as the older JetBrains proxy told it. Every account stands for a token.',
    {
      jwt_tokens_count: integer('Accounts there are.'),
      jwt_tokens: list(
        '',
        object(
          '',
          {
            name: text('Label of the account.'),
            description: text('As the config file has it.'),
            priority: integer('Lower numbers are tried first.'),
            token_preview: text('The last four characters of what it proves itself with.'),
          },
          ['name', 'description', 'priority', 'token_preview'],
        ),
      ),
      bearer_token_set: flag('Whether clients need a key.'),
      load_balance_strategy: text(''),
      health_check_interval: text('', { example: '30s' }),
      server_host: text(''),
      server_port: integer(''),
      config_file: text('Empty where there is none.'),
    },
    [
      ...['jwt_tokens_count', 'jwt_tokens', 'bearer_token_set', 'load_balance_strategy', 'health_check_interval'],
      ...['server_host', 'server_port', 'config_file'],
    ],
  ),
  OlderFault: object('What was wrong, as a text.', { error: text('Names the file and the place in it.') }, ['error']),
}

const CONFIG: JsonObject = {
  jwt_tokens_count: 1,
  jwt_tokens: [{ name: 'Primary', description: 'mine', priority: 1, token_preview: '…abcd' }],
  bearer_token_set: true,
  load_balance_strategy: 'round_robin',
  health_check_interval: '30s',
  server_host: '127.0.0.1',
  server_port: 8080,
  config_file: '/etc/dragoman/config.json',
}

const FAULT: JsonObject = {
  error: 'the configuration was not applied: config.json:4: load_balance_strategy: must be one of round_robin, random',
}

const TAGS = ['Management (older names)']

const faults = errors('Admin', 401, 403, 405)

/** The routes of the older JetBrains proxy (jetbrains-ai.md §9). */
export const olderDocs = {
  stats: {
    ...adminDocs.stats,
    operationId: 'getStatsByOlderName',
    tags: TAGS,
    description: 'Older name of `GET /admin/stats`. The process as it is now.',
  },
  config: {
    operationId: 'getOlderConfig',
    tags: TAGS,
    summary: "The configuration in the older proxy's shape",
    description: 'For scripts that read it; `GET /admin/config` has everything. No secret is shown.',
    security: ADMIN,
    responses: { 200: answer('The configuration.', 'OlderConfig', CONFIG), ...faults, ...errors('Admin', 500) },
  },
  reload: {
    operationId: 'reloadByOlderName',
    tags: TAGS,
    summary: 'Read the configuration again',
    description: 'As `POST /admin/reload`, but an invalid configuration, which changes nothing here either, is told in the older shape.',
    security: ADMIN,
    responses: {
      200: answer('The new configuration is in effect.', 'Reloaded', RELOADED),
      ...faults,
      500: {
        description: 'The configuration is invalid and was not applied; or a fault of the gateway, in the shape of the other routes.',
        content: { 'application/json': { schema: { oneOf: [schemaRef('OlderFault'), schemaRef('OpenAIError')] }, example: FAULT } },
      },
    },
  },
} satisfies Record<string, Operation>
