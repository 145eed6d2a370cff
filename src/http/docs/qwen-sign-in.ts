import type { JsonObject } from '../../core/json.ts'
import { errors } from './errors.ts'
import { answer, MANAGEMENT } from './management.ts'
import { choice, flag, integer, type Operation, object, type Schemas, schemaRef, text } from './schema.ts'
import { ADMIN } from './security.ts'

export const qwenSignInSchemas: Schemas = {
  BegunSignIn: object(
    'A sign-in that somebody is to approve in a browser, on any device.',
    {
      device_code: text('To ask with what has become of it.'),
      user_code: text('The page shows it for comparison.'),
      verification_uri: text('The page.'),
      verification_uri_complete: text('The page with the code filled in: the one to open.'),
      expires_in: integer('Seconds until it is void.'),
      interval: integer('Seconds between two polls.'),
      code_verifier: text('As the older proxy had it; need not be sent back.'),
    },
    ['device_code', 'user_code', 'verification_uri', 'verification_uri_complete', 'expires_in', 'interval', 'code_verifier'],
  ),
  SignInPoll: object(
    'Which sign-in is asked for.',
    {
      device_code: text('From `POST /auth/initiate`.'),
      code_verifier: text('Only of a sign-in that was begun before a restart, or elsewhere.'),
      wait: flag('False: answers at once.', { default: true }),
    },
    ['device_code'],
  ),
  PendingSignIn: object(
    'Nobody has approved it yet.',
    { status: choice('', ['pending']), message: text('What keeps Qwen from answering, where something does.') },
    ['status'],
  ),
  ApprovedSignIn: object(
    'It is approved, and the account is in service.',
    {
      status: choice('', ['approved']),
      account: schemaRef('Account'),
      access_token: text('Its last four characters.'),
      message: text('For people.'),
    },
    ['status', 'account', 'access_token', 'message'],
  ),
}

const BEGUN: JsonObject = {
  device_code: 'b1946ac92492d2347c6235b4d2611184',
  user_code: 'QJ2_5BFO',
  verification_uri: 'https://chat.qwen.ai/authorize',
  verification_uri_complete: 'https://chat.qwen.ai/authorize?user_code=QJ2_5BFO&client=qwen-code',
  expires_in: 900,
  interval: 5,
  code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
}

const APPROVED: JsonObject = {
  status: 'approved',
  account: {
    ...{ id: 'acct_5f0c1f6c2b7d4e8a', provider: 'qwen', label: 'qwen-1', kind: 'qwen_oauth', state: 'active', reason: null, until: null },
    ...{ priority: 1, enabled: true, quota: null, token_expires_at: '2026-11-21T16:00:00.000Z', in_flight: 0, served: 0 },
    ...{ origin: 'admin', version: 1 },
  },
  access_token: '…Yx3k',
  message: 'Authentication successful',
}

const faults = errors('Admin', 401, 403, 405, 500)

/** Signing Qwen accounts in. Errors come in OpenAI's shape. */
export const qwenSignInDocs = {
  initiate: {
    operationId: 'beginQwenSignIn',
    tags: MANAGEMENT,
    summary: 'Begin to sign in a Qwen account',
    description:
      'Needs no body. Open `verification_uri_complete` on any device, then poll. The free tier of signed-in accounts was closed by Qwen on ' +
      '2026-04-15: such a sign-in may go well, and every request then be refused.',
    security: ADMIN,
    responses: { 200: answer('The sign-in.', 'BegunSignIn', BEGUN), ...faults, ...errors('Admin', 502, 504) },
  },
  poll: {
    operationId: 'pollQwenSignIn',
    tags: MANAGEMENT,
    summary: 'Ask what has become of a sign-in',
    description:
      'Waits up to five minutes for somebody to approve it, unless `wait` is false. Then the account is kept, sealed, and serves the next ' +
      "request. A sign-in that was declined or has expired is a 400 whose `code` is the account server's (`access_denied`, `expired_token`, …).",
    security: ADMIN,
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: schemaRef('SignInPoll'),
          examples: {
            Wait: { summary: 'Wait', value: { device_code: BEGUN.device_code } },
            Ask: { summary: 'Ask only', value: { device_code: BEGUN.device_code, wait: false } },
          },
        },
      },
    },
    responses: {
      200: answer('Approved.', 'ApprovedSignIn', APPROVED),
      202: answer('Not decided yet.', 'PendingSignIn', { status: 'pending' }),
      ...errors('Admin', 400, 409, 413, 415),
      ...faults,
    },
  },
} satisfies Record<string, Operation>
