import type { Migration } from '../migrate.ts'

/** Client keys, request records, daily usage and settings. */
export const start: Migration = {
  name: '0001-start',
  statements: db => [
    db.schema
      .createTable('settings')
      .addColumn('name', 'text', column => column.primaryKey().notNull())
      .addColumn('value', 'text', column => column.notNull())
      .addColumn('updated_at', 'bigint', column => column.notNull()),
    db.schema
      .createTable('client_keys')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('prefix', 'text', column => column.notNull())
      .addColumn('hash', 'text', column => column.notNull().unique())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .addColumn('models', 'text')
      .addColumn('version', 'integer', column => column.notNull()),
    db.schema.createIndex('client_keys_created_at').on('client_keys').columns(['created_at', 'id']),
    db.schema
      .createTable('requests')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('at', 'bigint', column => column.notNull())
      .addColumn('key_id', 'text')
      .addColumn('route', 'text', column => column.notNull())
      .addColumn('model', 'text')
      .addColumn('provider', 'text')
      .addColumn('account', 'text')
      .addColumn('upstream_model', 'text')
      .addColumn('status', 'integer', column => column.notNull())
      .addColumn('stream', 'integer', column => column.notNull())
      .addColumn('latency_ms', 'bigint', column => column.notNull())
      .addColumn('first_token_ms', 'bigint')
      .addColumn('attempts', 'text', column => column.notNull())
      .addColumn('skipped', 'text', column => column.notNull())
      .addColumn('input_tokens', 'bigint')
      .addColumn('output_tokens', 'bigint')
      .addColumn('cached_tokens', 'bigint')
      .addColumn('cache_write_tokens', 'bigint')
      .addColumn('reasoning_tokens', 'bigint')
      .addColumn('estimated', 'integer', column => column.notNull())
      .addColumn('spent', 'text')
      .addColumn('cost_usd', 'double precision')
      .addColumn('notes', 'text', column => column.notNull())
      .addColumn('error', 'text'),
    db.schema.createIndex('requests_at').on('requests').columns(['at', 'id']),
    db.schema
      .createTable('usage_daily')
      .addColumn('day', 'text', column => column.notNull())
      .addColumn('key_id', 'text', column => column.notNull())
      .addColumn('model', 'text', column => column.notNull())
      .addColumn('provider', 'text', column => column.notNull())
      .addColumn('requests', 'bigint', column => column.notNull())
      .addColumn('errors', 'bigint', column => column.notNull())
      .addColumn('input_tokens', 'bigint', column => column.notNull())
      .addColumn('output_tokens', 'bigint', column => column.notNull())
      .addColumn('cached_tokens', 'bigint', column => column.notNull())
      .addColumn('reasoning_tokens', 'bigint', column => column.notNull())
      .addColumn('cost_usd', 'double precision', column => column.notNull())
      .addPrimaryKeyConstraint('usage_daily_key', ['day', 'key_id', 'model', 'provider']),
  ],
}
