/** The type word of a part that only another vendor understands, for a note. */
export const kindOfForeignPart = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' ? value.type : 'opaque'
