import type { JsonObject } from '../../core/json.ts'
import { errors } from './errors.ts'
import { answer, filter, MANAGEMENT, nothing, PAGE, query } from './management.ts'
import { type Body, type Operation, type Parameter, schemaRef } from './schema.ts'
import { ADMIN } from './security.ts'

const ACCOUNT: JsonObject = {
  id: 'acct_5f0c1f6c2b7d4e8a',
  provider: 'jetbrains',
  label: 'Primary',
  kind: 'jetbrains_oauth',
  state: 'active',
  reason: null,
  until: null,
  priority: 1,
  enabled: true,
  quota: { used: 123456.78, limit: 1000000, available: 876543.22, resets_at: '2026-12-01T00:00:00.000Z' },
  token_expires_at: '2026-11-22T09:12:00.000Z',
  in_flight: 0,
  served: 412,
  origin: 'admin',
  version: 3,
}

const EXHAUSTED: JsonObject = {
  ...ACCOUNT,
  ...{ id: 'acct_9a3bd1e27c4f6058', label: 'Second', kind: 'static_jwt', state: 'exhausted', reason: 'quota exhausted (477)' },
  ...{ until: '2026-12-01T00:00:00.000Z', origin: 'config', version: 1 },
  quota: { used: 1000000, limit: 1000000, available: 0, resets_at: '2026-12-01T00:00:00.000Z' },
}

const ID: Parameter = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'Id or label of the account. A label that accounts of several providers have is refused (409).',
  schema: { type: 'string' },
  example: 'Primary',
}

const IF_MATCH: Parameter = {
  name: 'if-match',
  in: 'header',
  description: 'The `version` that was read: where the account has another by now, nothing is done (409 `version_conflict`).',
  schema: { type: 'string' },
}

const examples = (values: Readonly<Record<string, JsonObject>>) =>
  Object.fromEntries(Object.entries(values).map(([summary, value]) => [summary.replaceAll(' ', '-'), { summary, value }]))

const body = (schema: string, values: Readonly<Record<string, JsonObject>>): Body => ({
  required: true,
  content: { 'application/json': { schema: schemaRef(schema), examples: examples(values) } },
})

const CHANGES = body('AccountChanges', {
  'Rename and prefer': { label: 'Main', priority: 1, version: 3 },
  'Switch off': { enabled: false },
  'A new JWT': { credential: { kind: 'static_jwt', jwt: 'eyJhbGciOi…' } },
})

const CONFLICT = 'Accounts from the config file are changed there (409 `declared_in_config`).'

const faults = errors('Admin', 401, 403, 404, 405, 409, 500)
const writing = errors('Admin', 400, 413, 415)

const changing = (operationId: string, summary: string): Operation => ({
  operationId,
  tags: MANAGEMENT,
  summary,
  description: `What the body does not name stays as it is. In effect at once; a new credential begins with a clean slate, whatever was held against the old one. ${CONFLICT}`,
  security: ADMIN,
  parameters: [ID, IF_MATCH],
  requestBody: CHANGES,
  responses: { 200: answer('The account as it is now.', 'Account', ACCOUNT), ...writing, ...faults },
})

/** Management of accounts. Errors come in OpenAI's shape. */
export const accountDocs = {
  list: {
    operationId: 'listAccounts',
    tags: MANAGEMENT,
    summary: 'Accounts: state, quota, use',
    description: 'Those of the config file and those that were added, in order of provider and label.',
    security: ADMIN,
    parameters: [
      filter('provider', 'Only accounts of this provider.'),
      query('state', 'Only accounts in this state.', {
        type: 'string',
        enum: ['active', 'cooling_down', 'exhausted', 'needs_sign_in', 'suspended', 'disabled'],
      }),
      filter('kind', 'Only accounts with this kind of credential.'),
      ...PAGE,
    ],
    responses: {
      200: answer('One page of accounts.', 'AccountList', { data: [ACCOUNT, EXHAUSTED], next: null }),
      ...errors('Admin', 400, 401, 403, 405, 500),
    },
  },
  create: {
    operationId: 'addAccount',
    tags: MANAGEMENT,
    summary: 'Add an account',
    description:
      'The next request may be served by it. Its credential is kept sealed, and never shown. An account that is there already is refused (409).',
    security: ADMIN,
    requestBody: body('NewAccount', {
      'JetBrains sign-in': { label: 'Primary', credential: { kind: 'jetbrains_oauth', refresh_token: '1//…', licenseId: 'ABCDE12345' } },
      'JetBrains licence': { credential: { kind: 'jetbrains_license', licenseId: 'ABCDE12345', authorization: 'eyJhbGciOi…' } },
      'JetBrains JWT': { label: 'Borrowed', priority: 2, credential: { kind: 'static_jwt', jwt: 'eyJhbGciOi…' } },
      'Qwen sign-in': {
        credential: {
          kind: 'qwen_oauth',
          access_token: '…',
          refresh_token: '…',
          resource_url: 'portal.qwen.ai',
          expiry_date: 1795264960105,
        },
      },
      'Qwen sign-in in a file': { label: 'Shared', credential: { kind: 'qwen_oauth', file: '/home/ann/.qwen/oauth_creds.json' } },
      'Another key': { provider: 'OpenAI', credential: { kind: 'api_key', api_key: 'sk-…' } },
    }),
    responses: {
      201: answer('The new account.', 'Account', { ...ACCOUNT, served: 0, quota: null, version: 1 }),
      ...writing,
      ...errors('Admin', 401, 403, 405, 409, 500),
    },
  },
  get: {
    operationId: 'getAccount',
    tags: MANAGEMENT,
    summary: 'One account',
    description: 'By id or label.',
    security: ADMIN,
    parameters: [ID],
    responses: { 200: answer('The account.', 'Account', ACCOUNT), ...faults },
  },
  update: changing('changeAccount', 'Change an account'),
  replace: changing('putAccount', 'Change an account (the same as PATCH)'),
  remove: {
    operationId: 'removeAccount',
    tags: MANAGEMENT,
    summary: 'Remove an account',
    description: `Its credential is gone with it; requests that it is serving come to their end. ${CONFLICT}`,
    security: ADMIN,
    parameters: [ID, IF_MATCH],
    responses: { 204: nothing('It is gone.'), ...errors('Admin', 400), ...faults },
  },
  check: {
    operationId: 'checkAccount',
    tags: MANAGEMENT,
    summary: 'Ask the upstream about an account',
    description:
      'Reads its quota, which costs nothing (a Qwen sign-in tells none), and renews its token where that is due. Where that goes well and something is left, the account is back, whatever was held ' +
      'against it. 409 for accounts that cannot be asked for free.',
    security: ADMIN,
    parameters: [ID],
    responses: {
      200: answer('The account as it is now, and what was found.', 'CheckedAccount', { ...ACCOUNT, check: { ok: true, message: null } }),
      ...faults,
    },
  },
} satisfies Record<string, Operation>
