const quotedNames = new Map<string, string>()
const MOST_NAMES = 1000
const LONGEST_NAME = 200

/** A name as JSON text. Those of keys, models, accounts and routes are few and said with every request, so they are kept. */
export function quoted(name: string): string {
  const known = quotedNames.get(name)
  if (known !== undefined) return known
  const text = JSON.stringify(name)
  if (name.length > LONGEST_NAME) return text
  if (quotedNames.size >= MOST_NAMES) quotedNames.clear()
  quotedNames.set(name, text)
  return text
}

/** A number as JSON text: what JSON has no word for is null, as `JSON.stringify` says it. */
export const numeral = (value: number): number | null => (Number.isFinite(value) ? value : null)
