import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { GatewayError } from '../core/errors.ts'
import { DATABASE_FILE } from '../store/database.ts'

/** The SQLite file of a configuration: `sqlite:///absolute` or `sqlite://relative`, else `dragoman.db` in the data dir. @throws GatewayError for other databases. */
export function databasePath({ database: { type, url }, data_dir: dataDir }: Pick<Config, 'database' | 'data_dir'>): string {
  if (url === undefined && type === 'sqlite') return join(dataDir, DATABASE_FILE)
  const match = /^sqlite(?:\+\w+)?:\/\/(.*)$/.exec(url ?? '')
  if (type !== 'sqlite' || !match) {
    throw new GatewayError(
      'invalid-request',
      `database: only SQLite is supported by this version, not ${type === 'sqlite' ? 'the given address' : type}`,
      { param: 'database' },
    )
  }
  // SQLAlchemy writes a relative path behind a third slash: `sqlite:///./broker.db`.
  return match[1]?.replace(/^\/(?=\.{1,2}\/)/, '') || join(dataDir, DATABASE_FILE)
}
