import { choice, flag, integer, kind, list, moment, number, object, oneOf, type Schemas, schemaRef, text } from './schema.ts'

const STATES = ['active', 'cooling_down', 'exhausted', 'needs_sign_in', 'suspended', 'disabled']

/** Secrets of an account, by kind. They go in, and never come out. */
const credential = oneOf('What the account proves itself with, in one of these forms. Never shown again.', [
  object('A JWT of JetBrains AI that nothing can renew.', { kind: kind('static_jwt'), jwt: text(''), licenseId: text('') }, [
    'kind',
    'jwt',
  ]),
  object(
    'A licence and the token that JWTs are bought with.',
    { kind: kind('jetbrains_license'), licenseId: text(''), authorization: text('With or without `Bearer`.'), jwt: text('The last one.') },
    ['kind', 'licenseId', 'authorization'],
  ),
  object(
    'A licence and the refresh token of a sign-in: renews itself.',
    {
      kind: kind('jetbrains_oauth'),
      refresh_token: text(''),
      licenseId: text(''),
      id_token: text('The last one.'),
      jwt: text('The last one.'),
    },
    ['kind', 'refresh_token', 'licenseId'],
  ),
  object(
    'A Qwen sign-in: renews itself. Whoever else uses it has it in one file with the gateway (below), or loses it.',
    {
      kind: kind('qwen_oauth'),
      access_token: text(''),
      refresh_token: text(''),
      resource_url: text('Where the account is served, as the sign-in said.'),
      expiry_date: integer('When the access token ends, in milliseconds since the epoch. Where absent, it is renewed before it is used.'),
      token_type: text('', { default: 'Bearer' }),
    },
    ['kind', 'access_token', 'refresh_token'],
  ),
  object(
    "A Qwen sign-in in a file of the Qwen CLI's form, used where it lies.",
    { kind: kind('qwen_oauth'), file: text('Absolute path on the server.') },
    ['kind', 'file'],
  ),
  object('A key of any other provider.', { kind: kind('api_key'), api_key: text('') }, ['kind', 'api_key']),
])

const settings = {
  label: text('What people see, unique within the provider. Where absent, `<provider>-<n>`.'),
  priority: integer('Lower numbers are tried first.', { default: 1 }),
  enabled: flag('False takes it out of service.', { default: true }),
}

export const accountSchemas: Schemas = {
  Account: object(
    'An account of a provider. Holds no secret.',
    {
      id: text(''),
      provider: text('Name of the provider.'),
      label: text('What people see.'),
      kind: choice('Of the credential; `none` where the provider needs none.', [
        ...['static_jwt', 'jetbrains_license', 'jetbrains_oauth', 'api_key', 'qwen_oauth', 'none'],
      ]),
      state: choice('Anything but `active` keeps requests away.', STATES),
      reason: text('Why it is not active.', { nullable: true }),
      until: moment('When it is tried again by itself; null: when somebody acts, or at once.', { nullable: true }),
      priority: integer('Lower numbers are tried first.'),
      enabled: flag(''),
      quota: object(
        "In the vendor's own unit; null where nothing is known.",
        {
          used: number(''),
          limit: number(''),
          available: number('What can still be used, a top-up included.'),
          resets_at: moment('', { nullable: true }),
        },
        ['used', 'limit', 'available', 'resets_at'],
        { nullable: true },
      ),
      token_expires_at: moment('Of the token in use. Where it can be renewed, that happens before.', { nullable: true }),
      in_flight: integer('Requests that it is serving.'),
      served: integer('Requests that it has served since the start.'),
      origin: choice('`config` accounts are changed in the config file.', ['config', 'admin']),
      version: integer('Grows with every change.'),
    },
    [
      ...['id', 'provider', 'label', 'kind', 'state', 'reason', 'until', 'priority', 'enabled', 'quota'],
      ...['token_expires_at', 'in_flight', 'served', 'origin', 'version'],
    ],
  ),
  CheckedAccount: {
    allOf: [
      schemaRef('Account'),
      object('', {
        check: object('What the upstream said.', { ok: flag(''), message: text('What is wrong.', { nullable: true }) }, ['ok', 'message']),
      }),
    ],
  },
  AccountList: object(
    '',
    {
      data: list('By provider and label.', schemaRef('Account')),
      next: text('Cursor of the next page; null on the last one.', { nullable: true }),
    },
    ['data', 'next'],
  ),
  NewAccount: object(
    'An account to add.',
    {
      provider: text('Name of the provider. Need not be said of a JetBrains account or a Qwen sign-in.'),
      ...settings,
      credential,
    },
    ['credential'],
  ),
  AccountChanges: object('What is to be changed; the rest stays. A whole account that was read before may be sent back, too.', {
    ...settings,
    credential,
    version: integer('Change it only where this is still its version.'),
  }),
}
