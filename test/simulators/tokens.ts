import { createHash } from 'node:crypto'

const MEDIA_TOKENS = 300
const CHARS_PER_TOKEN = 4

/** About as many tokens as `value` has; pictures and files count a flat amount, never their base64. */
export function estimateTokens(value: unknown): number {
  let media = 0
  const text = JSON.stringify(value ?? '', (key, member: unknown) => {
    if (key === 'cache_control') return undefined
    if (typeof member !== 'string' || !(key === 'data' || key === 'file_data' || member.startsWith('data:'))) return member
    media += MEDIA_TOKENS
    return ''
  })
  return Math.max(1, Math.ceil(text.length / CHARS_PER_TOKEN)) + media
}

/** What of a prompt was seen before, by its prefixes. One per service, as prompt caches belong to an account. */
export class PromptCache {
  #seen = new Set<string>()

  /**
   * Tokens up to the longest prefix of `items` that was kept before and lies within the last of `marks` (lengths of prefixes), and up to
   * that mark. Keeps the prefixes that end at a mark.
   */
  take(items: readonly unknown[], marks: readonly number[]): { read: number; marked: number } {
    const end = Math.max(0, ...marks)
    const digests = prefixDigests(items.slice(0, end))
    const known = digests.findLastIndex(digest => this.#seen.has(digest)) + 1
    for (const mark of marks) this.#seen.add(digests[mark - 1] ?? '')
    return { read: sumTokens(items.slice(0, known)), marked: sumTokens(items.slice(0, end)) }
  }
}

export const sumTokens = (items: readonly unknown[]): number => items.reduce<number>((sum, item) => sum + estimateTokens(item), 0)

/** A digest for each prefix of `items`, chained. Marks themselves do not count: they move on as a conversation grows. */
export function prefixDigests(items: readonly unknown[]): string[] {
  let digest = ''
  return items.map(item => {
    const text = JSON.stringify(item, (key, member: unknown) => (key === 'cache_control' ? undefined : member))
    digest = createHash('sha256').update(digest).update(text).digest('hex')
    return digest
  })
}
