/** Kinds of writing that tokenizers cut differently. */
const SPACE = 0
const NEWLINE = 1
const LOWER = 2
const UPPER = 3
const DIGIT = 4
const PUNCTUATION = 5
/** Latin letters with marks: their words are cut as the rest of their language is, not as English. */
const MARKED = 6
const CYRILLIC = 7
const GREEK = 8
const HANGUL = 9
const IDEOGRAPH = 10
const KANA = 11
/** Alphabets that are less common in the vocabularies: Arabic, Hebrew, Devanagari, Thai, … */
const OTHER = 12
/** Halves of a surrogate pair: emoji, mostly. */
const PAIR = 13
const SYMBOL = 14

/** First code of each range, in order, and what it holds; ASCII stands in a table of its own. */
const RANGES: readonly (readonly [number, number])[] = [
  [0x80, SYMBOL],
  [0xc0, MARKED],
  [0x370, GREEK],
  [0x400, CYRILLIC],
  [0x530, OTHER],
  [0x1100, HANGUL],
  [0x1200, OTHER],
  [0x1e00, MARKED],
  [0x1f00, GREEK],
  [0x2000, SYMBOL],
  [0x2e80, IDEOGRAPH],
  [0x3000, SYMBOL],
  [0x3040, KANA],
  [0x3100, IDEOGRAPH],
  [0xac00, HANGUL],
  [0xd800, PAIR],
  [0xe000, SYMBOL],
  [0xf900, IDEOGRAPH],
  [0xfb00, OTHER],
  [0xfe00, SYMBOL],
  [0xff66, KANA],
  [0xffa0, SYMBOL],
]

const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code === 0x0a || code === 0x0d) return NEWLINE
  if (code === 0x20 || code === 0x09) return SPACE
  if (code >= 0x30 && code <= 0x39) return DIGIT
  if (code >= 0x41 && code <= 0x5a) return UPPER
  return code >= 0x61 && code <= 0x7a ? LOWER : PUNCTUATION
})

function classOf(code: number): number {
  if (code < 128) return ASCII[code] as number
  let low = 0
  let high = RANGES.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((RANGES[middle] as readonly [number, number])[0] <= code) low = middle
    else high = middle
  }
  return (RANGES[low] as readonly [number, number])[1]
}

/**
 * Tokens of a run by its kind and length, space before it included: `first` up to `free` characters, `each` for every one beyond. Fitted to what the
 * vocabulary of OpenAI's current models makes of prose, code and JSON; outside English a little more, because other vocabularies have fewer words there.
 */
const RUNS: Readonly<Record<number, { first: number; free: number; each: number }>> = {
  [NEWLINE]: { first: 1, free: Infinity, each: 0 },
  [LOWER]: { first: 1.04, free: 6, each: 0.09 },
  [UPPER]: { first: 1.02, free: 2, each: 0.22 },
  [DIGIT]: { first: 1, free: 3, each: 1 / 3 },
  [PUNCTUATION]: { first: 1, free: 3, each: 0.35 },
  [MARKED]: { first: 1.2, free: 3, each: 0.22 },
  [CYRILLIC]: { first: 1.05, free: 2, each: 0.25 },
  [GREEK]: { first: 1.05, free: 3, each: 0.45 },
  [HANGUL]: { first: 1.15, free: 1, each: 0.67 },
  [IDEOGRAPH]: { first: 1, free: 1, each: 0.84 },
  [KANA]: { first: 0.8, free: 1, each: 0.71 },
  [OTHER]: { first: 1.05, free: 2, each: 0.33 },
  [PAIR]: { first: 1, free: 1, each: 0.85 },
  [SYMBOL]: { first: 1, free: 1, each: 0.7 },
}

/** Lines of dashes and the like have tokens of their own. */
const LONGEST_PUNCTUATION = 8

function runTokens(kind: number, length: number): number {
  const run = RUNS[kind]
  if (!run || length === 0) return 0
  if (kind === PUNCTUATION && length > LONGEST_PUNCTUATION) return 2.5 + length / 16
  return length <= run.free ? run.first : run.first + (length - run.free) * run.each
}

/** What a word costs more in languages other than English, by how many of its letters carry marks. */
const MARKED_SHARE = 0.01
const FOREIGN_FACTOR = 1.28

/** Of a longer text only so many characters are counted, in pieces from all over it: nobody is to wait for a book. */
const LONGEST = 400_000
const PIECES = 8

/**
 * About how many tokens a text is, counted in one pass by runs of letters, digits, marks and spaces, the way tokenizers cut before they merge. Within 15 % for
 * English, code and JSON, within 25 % for other writing, measured against OpenAI's `o200k_base`.
 */
export function textTokens(text: string): number {
  if (text.length <= LONGEST) return count(text)
  const size = LONGEST / PIECES
  let tokens = 0
  for (let piece = 0; piece < PIECES; piece++) {
    const start = Math.floor((piece / PIECES) * text.length)
    tokens += count(text.slice(start, start + size))
  }
  return (tokens / LONGEST) * text.length
}

function count(text: string): number {
  let tokens = 0
  let words = 0
  let marked = 0
  let at = 0
  const { length } = text
  while (at < length) {
    const start = at
    const kind = classOf(text.charCodeAt(at++))
    if (kind === LOWER || kind === UPPER || kind === MARKED) {
      const word = latinWord(text, start, kind)
      at = word.end
      marked += word.marked
      words += word.tokens
      continue
    }
    while (at < length && classOf(text.charCodeAt(at)) === kind) at++
    if (kind === SPACE) {
      // The last space belongs to what follows, unless that is a number.
      if (at - start > 1) tokens += 1
      else if (at < length && classOf(text.charCodeAt(at)) === DIGIT) tokens += 1
      continue
    }
    if (kind === PUNCTUATION) {
      // A single mark belongs to the word behind it, and a line's end to the marks before it.
      const next = at < length ? classOf(text.charCodeAt(at)) : SPACE
      if (at - start === 1 && next !== PUNCTUATION && (next === LOWER || next === UPPER) && !isSpaced(text, start)) {
        tokens += 0.3
        continue
      }
      while (at < length && classOf(text.charCodeAt(at)) === NEWLINE) at++
    }
    tokens += runTokens(kind, kind === PUNCTUATION ? trimmedLength(text, start, at) : at - start)
  }
  const foreign = marked > text.length * MARKED_SHARE
  return tokens + (foreign ? words * FOREIGN_FACTOR : words)
}

const isSpaced = (text: string, start: number): boolean => start > 0 && text.charCodeAt(start - 1) === 0x20

function trimmedLength(text: string, start: number, end: number): number {
  let last = end
  while (last > start + 1 && classOf(text.charCodeAt(last - 1)) === NEWLINE) last--
  return last - start
}

/** One word, or one hump of a `camelCase` name: capitals, then small letters. */
function latinWord(text: string, start: number, first: number): { end: number; tokens: number; marked: number } {
  let at = start
  let marked = 0
  let kind = first
  while (kind === UPPER) kind = classOf(text.charCodeAt(++at))
  const capitals = at - start
  while (at < text.length) {
    kind = classOf(text.charCodeAt(at))
    if (kind === MARKED) marked++
    else if (kind !== LOWER) break
    at++
  }
  const small = at - start - capitals
  if (small === 0) return { end: at, tokens: runTokens(UPPER, capitals), marked }
  return { end: at, tokens: runTokens(marked > 0 ? MARKED : LOWER, at - start) + (capitals > 1 ? 0.5 : 0), marked }
}
