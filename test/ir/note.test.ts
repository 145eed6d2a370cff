import { expect, test } from 'bun:test'
import { formatNotes, type Note } from '../../src/ir/note.ts'

const dropped = (field: string): Note => ({ action: 'dropped', field })

test('each note once, by action and field', () => {
  expect(formatNotes([dropped('seed'), { action: 'approximated', field: 'top_k', detail: 'why' }, dropped('seed')])).toBe(
    'dropped:seed, approximated:top_k',
  )
})

test('only what a header may carry, and no comma that is not ours', () => {
  expect(formatNotes([dropped('a\r\nx: y'), dropped('é,ü')])).toBe('dropped:a??x:?y, dropped:???')
})

test('what does not fit is counted', () => {
  const notes = Array.from({ length: 500 }, (_, index) => dropped(`messages.${index}.content`))
  const text = formatNotes(notes)
  const shown = text.split(', ').length - 1
  expect(text.length).toBeLessThanOrEqual(2048)
  expect(text).toEndWith(`, +${500 - shown}`)
  expect(formatNotes([dropped('x'.repeat(5000)), dropped('y')])).toBe('+2')
})
