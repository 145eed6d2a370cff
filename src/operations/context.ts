import type { Clock } from '../core/clock.ts'
import { invalidField } from '../core/errors.ts'
import type { IdGenerator } from '../core/ids.ts'
import type { MakeContext } from './call.ts'

/** Notes beyond this are not kept: a conversation of a thousand messages may repeat one loss a thousand times. */
const MOST_NOTES = 200

export function createMakeContext(clock: Clock, ids: IdGenerator): MakeContext {
  return (notes, strict) => ({
    now: () => clock.now(),
    newId: prefix => ids.next(prefix),
    note(note) {
      if (strict && (note.action === 'dropped' || note.invented)) {
        const why = note.detail ? ` (${note.detail})` : ''
        throw invalidField(note.field, `cannot be carried over to the upstream${why}, and strict is on`, 'unsupported_parameter')
      }
      if (notes.length < MOST_NOTES) notes.push(note)
    },
  })
}
