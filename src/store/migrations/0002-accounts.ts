import type { Migration } from '../migrate.ts'

/** Upstream accounts with sealed credentials, and names of models. */
export const accounts: Migration = {
  name: '0002-accounts',
  statements: db => [
    db.schema
      .createTable('accounts')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('provider', 'text', column => column.notNull())
      .addColumn('label', 'text', column => column.notNull())
      .addColumn('kind', 'text', column => column.notNull())
      .addColumn('origin', 'text', column => column.notNull())
      .addColumn('priority', 'integer', column => column.notNull())
      .addColumn('enabled', 'integer', column => column.notNull())
      .addColumn('credential', 'text', column => column.notNull())
      .addColumn('fingerprint', 'text', column => column.notNull())
      .addColumn('state', 'text')
      .addColumn('quota', 'text')
      .addColumn('renewing_by', 'text')
      .addColumn('renewing_until', 'bigint')
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('updated_at', 'bigint', column => column.notNull())
      .addColumn('version', 'integer', column => column.notNull()),
    db.schema.createIndex('accounts_created_at').on('accounts').columns(['created_at', 'id']),
    db.schema.createIndex('accounts_label').on('accounts').columns(['label', 'provider']),
    db.schema
      .createTable('models')
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('dialect', 'text', column => column.notNull())
      .addColumn('target', 'text', column => column.notNull())
      .addColumn('origin', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('version', 'integer', column => column.notNull())
      .addPrimaryKeyConstraint('models_key', ['name', 'dialect']),
  ],
}
