import { anyObject, choice, flag, integer, list, moment, number, object, type Schema, type Schemas, schemaRef, text } from './schema.ts'

const label = (description: string): Schema => text(description, { nullable: true })

const page = (items: string): Schema =>
  object('', { data: list('', schemaRef(items)), next: text('Cursor of the next page; null on the last one.', { nullable: true }) }, [
    'data',
    'next',
  ])

export const adminSchemas: Schemas = {
  UsageRow: object(
    'Sums over requests. Holds the names it was grouped by, null where the requests had none.',
    {
      key: label('Id of the client key.'),
      key_name: label('Its name.'),
      model: label('The name that was asked for.'),
      provider: label('Name of the provider.'),
      day: text('Day in UTC.', { format: 'date', example: '2026-11-21' }),
      requests: integer(''),
      errors: integer('Those that failed.'),
      input_tokens: integer('Cached ones included.'),
      output_tokens: integer('Reasoning included.'),
      cached_tokens: integer('Read from a cache.'),
      reasoning_tokens: integer(''),
      cost_usd: number('US dollars.'),
    },
    ['requests', 'errors', 'input_tokens', 'output_tokens', 'cached_tokens', 'reasoning_tokens', 'cost_usd'],
  ),
  UsageList: page('UsageRow'),
  RequestAttempt: object(
    'One call of an upstream.',
    {
      provider: text(''),
      account: text('Its label.'),
      outcome: text('`ok`, or what happened.'),
      status: integer("The upstream's, where it answered."),
      ms: integer('How long it took.'),
    },
    ['provider', 'account', 'outcome', 'ms'],
  ),
  RequestSkip: object(
    'A target that was passed by.',
    { provider: text(''), account: text('Its label.'), reason: text(''), until: moment('When it comes back.', { nullable: true }) },
    ['provider', 'account', 'reason'],
  ),
  RequestRecord: object(
    'What is kept of a request: never a prompt or an answer.',
    {
      id: text('The `x-request-id` of the answer.'),
      at: moment(''),
      key: label('Id of the client key.'),
      key_name: label('Its name.'),
      route: text(''),
      model: label('The name that was asked for.'),
      provider: label('The provider that served it, or was tried last.'),
      account: label('Label of the account.'),
      upstream_model: label('What the provider calls the model.'),
      status: integer('HTTP status of the answer.'),
      stream: flag(''),
      latency_ms: integer('Until the end of the answer.'),
      first_token_ms: integer('Until the first content.', { nullable: true }),
      attempts: list('In order.', schemaRef('RequestAttempt')),
      skipped: list('', schemaRef('RequestSkip')),
      usage: object(
        '',
        {
          input_tokens: integer('Cached ones included.'),
          output_tokens: integer('Reasoning included.'),
          cached_tokens: integer(''),
          cache_write_tokens: integer(''),
          reasoning_tokens: integer(''),
          estimated: flag('Counted here, not reported by the vendor.'),
          spent: anyObject("The vendor's own unit, where it has one.", { nullable: true }),
        },
        [],
        { nullable: true },
      ),
      cost_usd: number('US dollars; null where no price is known.', { nullable: true }),
      notes: list(
        'What was not carried over as it was.',
        object('', { action: choice('', ['approximated', 'dropped']), field: text(''), detail: text('') }, ['action', 'field']),
      ),
      error: label('What went wrong.'),
    },
    ['id', 'at', 'route', 'status', 'stream', 'latency_ms', 'attempts', 'skipped', 'notes'],
  ),
  RequestList: page('RequestRecord'),
  Stats: object(
    'The process and its accounts as they are now.',
    {
      balancer: object('', {
        healthy_tokens: integer('Accounts that can serve.'),
        total_tokens: integer('Accounts there are.'),
        strategy: text('How requests are spread over them.'),
      }),
      config: object('', {
        health_check_interval: text('', { example: '30s' }),
        server_host: text(''),
        server_port: integer(''),
      }),
      instances: list('The processes that share the database.', anyObject('')),
      uptime_s: integer('Seconds since the start.'),
      streams_open: integer('Streams that are being sent.'),
    },
    ['balancer', 'config'],
  ),
  Config: anyObject('The configuration in effect, by the names of the config file. Secrets show their last four characters.'),
  Reloaded: object(
    'What came of it.',
    {
      message: text('For people.'),
      reloaded: flag(''),
      warnings: list('What is odd about the configuration, or only takes effect at the next start.', { type: 'string' }),
    },
    ['message', 'reloaded', 'warnings'],
  ),
}
