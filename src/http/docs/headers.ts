import { type Header, headerRef, integer, type Parameter, parameterRef, text } from './schema.ts'

/** Headers of answers, by component name. */
export const headers: Record<string, Header> = {
  RequestId: {
    description: 'The id of this request, as the log and `GET /admin/requests` know it. On every answer.',
    schema: text('', { example: 'req_01JD6W9Q4T' }),
  },
  AnthropicRequestId: {
    description: "The same id under the name that Anthropic's clients read.",
    schema: text('', { example: 'req_01JD6W9Q4T' }),
  },
  Notes: {
    description:
      'What a translation could not carry over as it was: `approximated:<field>` or `dropped:<field>`, separated by commas; ' +
      '`usage:estimated` where tokens were counted here. Absent where nothing was lost. What is only known after a stream has begun ' +
      'stands in the request record instead.',
    schema: text('', { example: 'dropped:seed, approximated:temperature' }),
  },
  Provider: {
    description: 'Name of the provider that served the request. Not sent with `routing_headers: false`.',
    schema: text('', { example: 'Anthropic' }),
  },
  Account: {
    description: 'Label of the account that served the request. Not sent with `routing_headers: false`.',
    schema: text('', { example: 'anthropic-1' }),
  },
  Attempts: {
    description: 'How many upstream calls it took; more than 1 after a failover. Not sent with `routing_headers: false`.',
    schema: integer('', { example: 1, minimum: 1 }),
  },
  RetryAfter: {
    description: 'Whole seconds until another try makes sense.',
    schema: integer('', { example: 12, minimum: 1 }),
  },
  RetryAfterMs: {
    description: 'The same in milliseconds, which the SDKs read first.',
    schema: integer('', { example: 11_400, minimum: 0 }),
  },
  RateLimit: {
    description:
      "A limit of the upstream's, what is left of it, or when it is whole again. Passed on within a dialect; between dialects translated where both " +
      "count the same (requests, tokens): OpenAI's resets are durations (`6m0s`), Anthropic's are times. The organisation is never named.",
    schema: text('', { example: '9999' }),
  },
  ShouldRetry: {
    description:
      "`false` tells the vendors' SDKs not to try again by themselves: every target was tried already, or a quota is used up. What an upstream says of " +
      'itself (`true` or `false`) is passed on with its own verdicts.',
    schema: text('', { example: 'false' }),
  },
  CacheControl: { description: 'Always `no-store`.', schema: text('', { example: 'no-store' }) },
  Vary: { description: 'Always `anthropic-version`: the header decides the shape.', schema: text('', { example: 'anthropic-version' }) },
  Allow: { description: 'The methods that this route has.', schema: text('', { example: 'POST, OPTIONS' }) },
}

/** Request parameters that several routes share, by component name. */
export const parameters: Record<string, Exclude<Parameter, { $ref: string }>> = {
  Strict: {
    name: 'x-dragoman-strict',
    in: 'header',
    description:
      '`true`: a field that cannot be carried over to the upstream is a 400 that names it, instead of a note in `x-dragoman-notes`.',
    schema: { type: 'string', enum: ['true', 'false'] },
  },
  AnthropicVersion: {
    name: 'anthropic-version',
    in: 'header',
    description:
      'API version of the Messages dialect, passed on to Anthropic upstreams (`x-anthropic-version` is taken too). Not required. ' +
      "On the model routes its presence chooses Anthropic's shape.",
    schema: { type: 'string' },
  },
  AnthropicBeta: {
    name: 'anthropic-beta',
    in: 'header',
    description: 'Beta features, separated by commas; passed on to Anthropic upstreams, without effect elsewhere.',
    schema: { type: 'string' },
  },
}

export const STRICT = parameterRef('Strict')
export const ANTHROPIC_VERSION = parameterRef('AnthropicVersion')
export const ANTHROPIC_BETA = parameterRef('AnthropicBeta')

type Dialect = 'openai' | 'anthropic'

export const requestIdHeaders = (dialect: Dialect): Record<string, Header> => ({
  'x-request-id': headerRef('RequestId'),
  ...(dialect === 'anthropic' && { 'request-id': headerRef('AnthropicRequestId') }),
})

/** The upstream's limits as the dialect calls them. */
export const rateLimitHeaders = (dialect: Dialect): Record<string, Header> =>
  Object.fromEntries(
    ['requests', 'tokens'].flatMap(counted =>
      ['limit', 'remaining', 'reset'].map(figure => [
        dialect === 'openai' ? `x-ratelimit-${figure}-${counted}` : `anthropic-ratelimit-${counted}-${figure}`,
        headerRef('RateLimit'),
      ]),
    ),
  )

/** Headers of an answer that an upstream had a part in. */
export const servedHeaders = (dialect: Dialect): Record<string, Header> => ({
  ...requestIdHeaders(dialect),
  'x-dragoman-notes': headerRef('Notes'),
  'x-dragoman-provider': headerRef('Provider'),
  'x-dragoman-account': headerRef('Account'),
  'x-dragoman-attempts': headerRef('Attempts'),
  ...rateLimitHeaders(dialect),
})
