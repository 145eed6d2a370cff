import type { CodecContext } from '../dialect.ts'

/** The type word of a part that only another vendor understands, for a note. */
export const kindOfForeignPart = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' ? value.type : 'opaque'

/** Says that a part of an answer could not be told; Anthropic's `fallback` is a mark for the books that nobody misses (dialects.md §2.3.3). */
export function noteForeignAnswer(value: unknown, context: CodecContext): void {
  const detail = kindOfForeignPart(value)
  if (detail !== 'fallback') context.note({ action: 'dropped', field: 'content', detail })
}
