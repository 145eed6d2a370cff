/**
 * What a translation did to a field of the request or answer that it could not carry over as it was. `approximated`: something
 * near it was sent. `dropped`: nothing was. `estimated`: a number of the answer is our own count. (Mapped fields make no note; refused ones are errors.)
 * `field` is a path in the caller's words.
 */
export interface Note {
  action: 'approximated' | 'dropped' | 'estimated'
  field: string
  /** A short reason in ASCII, for the request record. */
  detail?: string
  /** What was sent instead is our invention: refused under `strict` as a drop is. */
  invented?: true
}

/** `x-dragoman-notes` is at most this long; what does not fit is counted at its end. */
const HEADER_LIMIT = 2048

const itemOf = ({ action, field }: Note): string => {
  const name = field.replace(/[^\x21-\x2b\x2d-\x7e]/g, '?')
  return action === 'estimated' ? `${name}:${action}` : `${action}:${name}`
}

/** Notes as a header value: `dropped:seed, approximated:temperature, usage:estimated`. ASCII only, each once. */
export function formatNotes(notes: readonly Note[]): string {
  const items = [...new Set(notes.map(itemOf))]
  let text = ''
  for (const [index, item] of items.entries()) {
    const next = text === '' ? item : `${text}, ${item}`
    if (next.length > HEADER_LIMIT - 16) return `${text}${text === '' ? '' : ', '}+${items.length - index}`
    text = next
  }
  return text
}
