/** Edit distance (insert, delete, replace; Levenshtein 1966), given up beyond `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    if (Math.min(...next) > limit) return limit + 1
    row = next
  }
  return row[b.length] as number
}

/** Names longer than this are not compared: the cost grows with the square of the length, and strangers choose the name. */
const LONGEST = 100

/** At most `count` of `names` that `wanted` may have meant, nearest first: small slips, or one containing the other. */
export function nearestNames(wanted: string, names: Iterable<string>, count = 3): string[] {
  const name = wanted.slice(0, LONGEST).toLowerCase()
  const limit = Math.max(2, Math.floor(name.length / 3))
  const scored: { candidate: string; score: number }[] = []
  for (const candidate of names) {
    const other = candidate.toLowerCase()
    const score = distance(name, other, limit)
    if (score <= limit) scored.push({ candidate, score })
    else if (name.length >= 3 && (other.includes(name) || name.includes(other))) scored.push({ candidate, score: limit + 1 })
  }
  return scored
    .sort((a, b) => a.score - b.score || a.candidate.localeCompare(b.candidate))
    .slice(0, count)
    .map(({ candidate }) => candidate)
}
