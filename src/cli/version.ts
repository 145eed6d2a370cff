import { Database } from 'bun:sqlite'
import { commit, version } from '../version.ts'

/** Version, commit, Bun and SQLite: what a bug report needs. */
export function versionText(json: boolean): string {
  const database = new Database(':memory:')
  const row = database.query<{ version: string }, []>('select sqlite_version() as version').get()
  database.close()
  const facts = { version, commit, bun: Bun.version, sqlite: row?.version ?? 'unknown', platform: `${process.platform}-${process.arch}` }
  if (json) return `${JSON.stringify(facts, null, 2)}\n`
  return `dragoman ${facts.version} (commit ${facts.commit}, Bun ${facts.bun}, SQLite ${facts.sqlite}, ${facts.platform})\n`
}
