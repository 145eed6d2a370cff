import type { CodecContext } from '../../src/dialects/dialect.ts'
import type { Note } from '../../src/ir/note.ts'

export interface TestContext extends CodecContext {
  notes: Note[]
  /** Notes as `action:field`. */
  fields(): string[]
}

/** A codec's surroundings with a still clock, numbered ids and a list of what was noted. */
export function testContext(): TestContext {
  const notes: Note[] = []
  let ids = 0
  return {
    notes,
    fields: () => notes.map(note => `${note.action}:${note.field}`),
    now: () => 1_790_000_000_000,
    newId: prefix => `${prefix}${++ids}`,
    note: note => {
      notes.push(note)
    },
  }
}
