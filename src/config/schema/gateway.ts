import { choice, duration, flag, list, object, optional, secret, shorthand, size, text, whole } from './fields.ts'

/** Where and how the gateway listens. */
export const server = {
  server_host: text('Address to listen on. Beyond loopback a client key is needed.', { default: '127.0.0.1' }),
  server_port: whole('Port to listen on; 0 takes a free one.', { default: 8080, minimum: 0, maximum: 65535 }),
  workers: whole('Processes that serve the port together.', { default: 1, minimum: 1, maximum: 256 }),
  data_dir: text(
    'Folder of the database, generated keys and debug files. Default: $XDG_DATA_HOME/dragoman, as a service /var/lib/dragoman.',
    {
      default: '~/.local/share/dragoman',
      path: true,
      derived: true,
    },
  ),
  shutdown_timeout: duration('How long a stopping server waits for answers in progress.', { default: '30s' }),
  allowed_hosts: list('Host names that requests may ask for, beyond loopback and the bound address.', text('A host name.'), {
    sample: ['gateway.example.com'],
  }),
  cors_origins: list('Origins whose pages in a browser may call the gateway.', text('An origin: scheme, host and port.'), {
    sample: ['https://chat.example.com'],
  }),
  trusted_proxies: list('Addresses or networks that may set forwarded headers.', text('An IP address or network.'), {
    sample: ['10.0.0.0/8'],
  }),
}

const clientKey = object('A client key with a name.', {
  name: optional(text('Name in records.')),
  key: secret('The key.'),
})

/** Who may call, and the secrets of the gateway itself. */
export const access = {
  bearer_token: optional(secret('One client key (older form).')),
  client_api_keys: list('Keys of clients, bare or with a name.', shorthand('key', clientKey, { secret: true }), {
    sample: ['sk-…', { name: 'ci', key: 'sk-ci-…' }],
  }),
  client_auth: choice('"none" lets clients in without a key, on loopback only; for older clients that send none.', ['key', 'none'], {
    default: 'key',
  }),
  admin_key: optional(secret('Key for /admin. Without one, a key is made on the first start, printed once and kept in the data folder.')),
  secret_key: optional(
    secret('Seals stored secrets and signs admin sessions. Without one, a key is made and kept in the data folder; needed on PostgreSQL.'),
  ),
  metrics_key: optional(secret('Key that may read /metrics and nothing else.')),
}

const timeoutNames = {
  connect: 'To connect to an upstream.',
  first_byte: 'Until an upstream answers.',
  idle: 'Between two pieces of an answer.',
}

export const timeouts = object(
  'How long to wait for upstreams.',
  {
    connect: duration(timeoutNames.connect, { default: '10s' }),
    first_byte: duration(timeoutNames.first_byte, { default: '300s' }),
    idle: duration(timeoutNames.idle, { default: '120s' }),
    heartbeat: duration('Silence after which a waiting client gets a sign of life.', { default: '15s' }),
  },
  { default: {} },
)

/** A provider's own; what is absent falls back to the global ones. */
export const providerTimeouts = object('How long to wait for this upstream, where it differs.', {
  connect: optional(duration(timeoutNames.connect)),
  first_byte: optional(duration(timeoutNames.first_byte)),
  idle: optional(duration(timeoutNames.idle)),
})

/** What requests may cost, and how answers and logs look. */
export const behaviour = {
  limits: object(
    'What a request may measure.',
    {
      body: size('Bytes of a request body.', { default: '32MB' }),
      depth: whole('Levels of nested JSON.', { default: 100, minimum: 1, maximum: 10_000 }),
    },
    { default: {} },
  ),
  timeouts,
  strict: flag('What cannot be carried over is an error instead of a note.', { default: false }),
  log_level: choice('What is worth a line in the log.', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    aliases: { warning: 'warn', critical: 'fatal', none: 'silent', off: 'silent' },
    anyCase: true,
  }),
  log_format: choice('"auto" is pretty on a terminal and JSON elsewhere.', ['auto', 'pretty', 'json'], { default: 'auto' }),
  debug_log: flag('Keep a file of each request and answer, for looking into problems. They hold conversations.', { default: false }),
  log_file_limit: whole('Debug files to keep. 0 writes none.', { default: 20, minimum: 0 }),
}

/** What is kept, and where. */
export const storage = {
  database: object(
    'Where providers, keys and usage are stored.',
    {
      type: choice('Kind of database. Default: as the address says.', ['sqlite', 'postgresql', 'supabase'], {
        default: 'sqlite',
        aliases: { postgres: 'postgresql' },
        derived: true,
      }),
      url: optional(
        text('Address. Default: a file in the data folder.', { secret: 'url', sample: 'sqlite:///var/lib/dragoman/dragoman.db' }),
      ),
      supabase_url: optional(text('Address of the Supabase project.', { sample: 'https://project.supabase.co' })),
      supabase_key: optional(secret('Service key of the Supabase project.')),
    },
    { default: {} },
  ),
  responses_store: object(
    'Stored answers of the Responses API.',
    {
      enabled: flag('Whether answers are stored at all.', { default: true }),
      max_age: duration('Age at which they are deleted.', { default: '30d' }),
      max_size: size('Size beyond which the oldest are deleted.', { default: '1GB' }),
    },
    { default: {} },
  ),
}
