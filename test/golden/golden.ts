import { expect } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Note } from '../../src/ir/note.ts'

const UPDATE = process.env.UPDATE_GOLDEN === '1'

/** Compares with the kept file, or keeps this one: `UPDATE_GOLDEN=1 bun test test/golden`, then read the diff. */
export async function expectGolden(path: string, text: string): Promise<void> {
  if (UPDATE) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  if (!existsSync(path)) throw new Error(`there is no golden file ${path}; UPDATE_GOLDEN=1 writes it`)
  expect(text).toBe(await Bun.file(path).text())
}

/** Notes for people to read, one a line. */
export const notesText = (notes: readonly Note[]): string =>
  notes.map(({ action, field, detail }) => `${action} ${field}${detail === undefined ? '' : ` (${detail})`}\n`).join('')
