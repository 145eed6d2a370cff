import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PAIRS } from '../../scripts/conformance-report/feature.ts'
import { FEATURES } from '../../scripts/conformance-report/features.ts'
import { type Report, runReport } from '../../scripts/conformance-report/run.ts'
import { END, START, tableOf, withTable } from '../../scripts/conformance-report/table.ts'

const root = resolve(import.meta.dir, '..', '..')

let report: Report | undefined

test('every feature turns out as the conformance report declares', async () => {
  report = await runReport()
  expect(report.mismatches).toEqual([])
  expect(report.rows.map(({ feature }) => feature)).toEqual(FEATURES.map(({ name }) => name))
}, 60_000)

test('the table in the README is the current one', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  if (!report || !readme.includes(START)) return
  expect(readme).toBe(withTable(readme, tableOf(report)) ?? '')
})

test('the report tells where something turns out otherwise', async () => {
  const [text] = FEATURES
  if (!text) throw new Error('there are no features')
  const wrong = { ...text, becomes: { ...text.becomes, 'openai→anthropic': 'refused' as const } }
  const silent = { ...text, tells: () => expect.unreachable() }
  const { mismatches } = await runReport([wrong, silent])
  expect(mismatches.slice(0, 2)).toEqual([
    'text, openai→anthropic, whole: exact, not refused',
    'text, openai→anthropic, streamed: exact, not refused',
  ])
  expect(mismatches).toHaveLength(2 + 2 * PAIRS.length)
}, 60_000)

test('the table is put between its marks, and nothing else changes', () => {
  expect(withTable(`before\n${START}\nold\n${END}\nafter`, 'new')).toBe(`before\n${START}\nnew\n${END}\nafter`)
  expect(withTable('no marks', 'new')).toBeUndefined()
  expect(withTable(`${END}${START}`, 'new')).toBeUndefined()
})
