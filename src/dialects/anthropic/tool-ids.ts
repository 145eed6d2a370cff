const LEGAL = /^[a-zA-Z0-9_-]+$/
const MASK = (1n << 64n) - 1n
const PRIME = 0x100000001b3n

/** FNV-1a over UTF-16 units: stable and cheap. Ids need to be different, not unguessable. */
function hash(text: string, basis: bigint): string {
  let value = basis
  for (let at = 0; at < text.length; at++) value = ((value ^ BigInt(text.charCodeAt(at))) * PRIME) & MASK
  return value.toString(36).padStart(13, '0')
}

export const isLegalToolId = (id: string): boolean => LEGAL.test(id)

/**
 * `id` where Anthropic takes it (`^[a-zA-Z0-9_-]+$`), else one made of it: equal ids give equal ids, so that a call and its result keep
 * matching without the gateway remembering anything (dialects.md §2.4.4).
 */
export const legalToolId = (id: string): string =>
  isLegalToolId(id) ? id : `toolu_${hash(id, 0xcbf29ce484222325n)}${hash(id, 0x9ae16a3b2f90404fn)}`.slice(0, 30)
