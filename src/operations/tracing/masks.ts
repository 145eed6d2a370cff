import { maskSecret } from '../../core/secret.ts'
import type { KeptText } from './cut-text.ts'

/** Headers whose value is for nobody else. Numbers of tokens (`x-ratelimit-remaining-tokens`) and names of kinds (`x-dashscope-authtype`) are not among them. */
const SECRET_HEADER = /auth(?!type$)|(?:^|[-_])key$|apikey|token(?!s)|secret|cookie|jwt|passw|credential|signature/i

const SECRET_PARAMETER = /pass|key|token|secret|auth|sig|code|jwt/i

/** Shorter ones are no secrets, and would be found in ordinary words. */
const SHORTEST = 8

/** The scheme before a credential may be shown. */
const SCHEME = /^(Bearer|Basic)\s+/i

type Header = readonly [name: string, value: string]

/** What of `headers` is secret: the same may stand elsewhere too. */
export const secretsIn = (headers: Iterable<Header>): string[] =>
  [...headers].filter(([name]) => SECRET_HEADER.test(name)).map(([, value]) => value.replace(SCHEME, ''))

/** Lines of headers as they may be shown. */
export const headerLines = (headers: Iterable<Header>): string[] =>
  [...headers].map(([name, value]) => {
    if (!SECRET_HEADER.test(name)) return `${name}: ${value}`
    const scheme = SCHEME.exec(value)?.[0] ?? ''
    return `${name}: ${scheme}${maskSecret(value.slice(scheme.length))}`
  })

/** An address without user, password and the parameters that look like secrets. Also one that is only a path. */
export function maskUrl(url: string): string {
  const [address = '', query] = url.split('?', 2)
  const shown = address.replace(/\/\/[^/@]*@/, '//…@')
  if (query === undefined) return shown
  const parameters = query.split('&').map(parameter => {
    const [name = ''] = parameter.split('=', 1)
    return SECRET_PARAMETER.test(name) ? `${name}=…` : parameter
  })
  return `${shown}?${parameters.join('&')}`
}

/** What looks like a secret wherever it stands. Each repetition that can fail is bounded: callers choose the text. */
const LOOKS = [
  /()\beyJ[\w-]{5,1024}\.[\w-]{5,}(?:\.[\w-]*)*/g,
  /()\b(?:sk|pk|rk|gsk|xai)[-_][\w-]{12,}/g,
  /()\bAIza[\w-]{10,}/g,
  /(\bBearer\s{1,8})[\w.~+/=-]{8,}/gi,
  // A member of JSON, also of JSON within a string of JSON.
  /(\\{0,7}"(?:(?:access|refresh|id)_?token|x-api-key|api_?key|client_?secret|code_verifier|device_code|password|authorization|cookie)\\{0,7}"\s{0,8}:\s{0,8}\\{0,7}"(?:Bearer\s{1,8})?)[^"\\]+/gi,
] as const

/** A text without `secrets`, and without what looks like one: the last four characters are left. */
export function maskText(text: string, secrets: readonly string[]): string {
  // A secret that holds another is replaced first, lest its rest stay.
  const known = [...new Set(secrets)].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length)
  let masked = text
  for (const secret of known) masked = masked.replaceAll(secret, () => maskSecret(secret))
  for (const look of LOOKS) masked = masked.replace(look, (found, before) => before + maskSecret(found.slice(before.length)))
  return masked
}

/** No secret is longer. */
const LONGEST_SECRET = 8192

/**
 * What was kept of a text, masked, with more left out at the cut: half a secret is not recognised as one, nor is a secret without what stood before it. So the
 * head ends with a whole word, and the tail begins behind a whole member or line.
 */
export function maskKept(kept: KeptText, secrets: readonly string[]): KeptText {
  const { cut } = kept
  // First, lest a new cut go through a secret that was whole.
  const [head, tail] = [maskText(kept.head, secrets), maskText(kept.tail, secrets)]
  if (cut === 0) return { head, tail, cut }
  let end = head.length
  while (end > 0 && head.length - end < LONGEST_SECRET && isWithinWord(head.charCodeAt(end - 1))) end--
  const found = tail.slice(0, LONGEST_SECRET).search(/[,}\n]/)
  const start = found === -1 ? Math.min(LONGEST_SECRET, tail.length) : found
  const dropped = Buffer.byteLength(head.slice(end)) + Buffer.byteLength(tail.slice(0, start))
  return { head: head.slice(0, end), tail: tail.slice(start), cut: cut + dropped }
}

/** Neither space nor quote nor comma nor backslash. */
const isWithinWord = (code: number): boolean => code > 32 && code !== 34 && code !== 39 && code !== 44 && code !== 92
