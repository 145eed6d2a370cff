import { expect, test } from 'bun:test'
import { databasePath } from '../../src/composition/database-path.ts'

const path = (url?: string, type: 'sqlite' | 'postgresql' = 'sqlite') => databasePath({ database: { type, url }, data_dir: '/data' })

test.each([
  [undefined, '/data/dragoman.db'],
  ['sqlite://', '/data/dragoman.db'],
  ['sqlite:///srv/a.db', '/srv/a.db'],
  ['sqlite:////srv/a.db', '//srv/a.db'],
  ['sqlite://a.db', 'a.db'],
  ['sqlite:///./a.db', './a.db'],
  ['sqlite:///../a.db', '../a.db'],
  ['sqlite:///.hidden/a.db', '/.hidden/a.db'],
])('%p lies at %s', (url, file) => {
  expect(path(url)).toBe(file)
})

test('another database is refused by its name', () => {
  expect(() => path('postgresql://db/x', 'postgresql')).toThrow('postgresql')
})
