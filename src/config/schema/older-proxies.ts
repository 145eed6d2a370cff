import { type Static, Type } from '@sinclair/typebox'
import { choice, flag, list, map, object, optional, secret, shorthand, text, whole } from './fields.ts'

const token = object('A JetBrains AI token.', {
  token: secret('The token.', { sample: 'eyJ…' }),
  name: optional(text('Label of the account.', { minLength: 0 })),
  description: optional(text('For people.', { minLength: 0 })),
  priority: whole('Lower numbers are tried first.', { default: 1 }),
  metadata: map('For people.', Type.Unknown({ secret: true })),
})

const account = object('A JetBrains AI account.', {
  name: optional(text('Label of the account.')),
  description: optional(text('For people.', { minLength: 0 })),
  licenseId: optional(text('Licence.')),
  authorization: optional(secret('Token that the licence is used with.')),
  jwt: optional(secret('JetBrains AI token.')),
  refresh_token: optional(secret('OAuth refresh token.')),
  id_token: optional(secret('OAuth token that the licence is used with until it expires.')),
  priority: whole('Lower numbers are tried first.', { default: 1 }),
  enabled: flag('false takes it out of service.', { default: true }),
})

export type JetbrainsToken = Static<typeof token>
export type JetbrainsAccount = Static<typeof account>

/** What the older JetBrains and Qwen proxies are told. */
export const olderProxies = {
  jetbrains_tokens: list(
    'JetBrains AI tokens; they join the first provider of type jetbrains, which is made if there is none.',
    shorthand('token', token, { secret: true }),
    { sample: [{ token: 'eyJ…', name: 'Primary', description: '', priority: 1, metadata: {} }] },
  ),
  jetbrains_accounts: list('JetBrains AI accounts; they join the same provider.', account, {
    sample: [{ name: 'Primary', licenseId: '…', authorization: '…', priority: 1, enabled: true }],
  }),
  jetbrains: object(
    'How JetBrains AI is reached.',
    {
      base_url: text('The service.', { default: 'https://api.jetbrains.ai' }),
      oauth_url: text('Where tokens are refreshed.', { default: 'https://oauth.account.jetbrains.com' }),
      login_url: text('Where people sign in.', { default: 'https://account.jetbrains.com/oauth/login' }),
      api_version: choice('Version of the chat API.', ['v7', 'v8'], { default: 'v8' }),
      native: flag("Use the vendors' own routes where JetBrains offers them.", { default: true }),
      models: list('Models to serve, names or patterns. Without any, all that the service lists.', text('A name or pattern.'), {
        sample: ['anthropic-claude-*', 'openai-gpt-4o'],
      }),
      headers: map('Headers to send with every request.', text('A value.', { secret: true, minLength: 0 }), {
        sample: { 'grazie-agent': '{"name":"my-client","version":"1.0"}' },
      }),
      write_back: flag('Refreshed JWTs are written back into the jetbrainsai.json that they come from, for a proxy that still reads it.', {
        default: false,
      }),
    },
    { default: {} },
  ),
  qwen: object(
    'How Qwen accounts sign in.',
    {
      home: text("Folder of the Qwen CLI's own sign-in.", { default: '~/.qwen', path: true, derived: true }),
      credentials: optional(
        Type.Array(text('A file.', { path: true }), {
          description: "Files of signed-in accounts. The CLI's own is used without being named; [] turns that off.",
          sample: ['~/.qwen/oauth_creds.json'],
        }),
      ),
      oauth_url: text('Where people sign in.', { default: 'https://chat.qwen.ai' }),
      base_url: optional(
        text('Where signed-in accounts are served, against what the sign-in says.', { sample: 'https://portal.qwen.ai/v1' }),
      ),
      client_id: optional(text('OAuth client.', { sample: '…' })),
      scope: optional(text('OAuth scope.', { sample: 'openid profile email model.completion' })),
      device_code_endpoint: optional(
        text('Where a sign-in begins, against oauth_url.', { sample: 'https://chat.qwen.ai/api/v1/oauth2/device/code' }),
      ),
      token_endpoint: optional(
        text('Where tokens are refreshed, against oauth_url.', { sample: 'https://chat.qwen.ai/api/v1/oauth2/token' }),
      ),
      headers: map('Headers to send with every request.', text('A value.', { secret: true, minLength: 0 })),
    },
    { default: {} },
  ),
}
