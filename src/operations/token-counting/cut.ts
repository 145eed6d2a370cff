const SPACE = 0x20
const TAB = 0x09

const WHITESPACE = /\s/
const LETTER = /\p{L}/u
const DIGIT = /\p{N}/u
/** What may go on with a word: marks, and the apostrophe of "don't". Halves of a pair may be of a letter. */
const GOES_ON = /[\p{M}'\ud800-\udfff]/u

/**
 * Whether a text has as many tokens as its parts before and behind `at` together, in both vocabularies: no rule by which they cut texts into pieces (words with
 * the mark before them, numbers by three digits, marks with the ends of lines behind them, runs of spaces) reaches over such a place or looks beyond it.
 * @param at between 1 and the text's length − 1
 */
export function isSafeCut(text: string, at: number): boolean {
  const before = text.charAt(at - 1)
  const code = text.charCodeAt(at)
  if (code === SPACE || code === TAB) return !WHITESPACE.test(before)
  const isLetter = LETTER.test(before)
  if (!isLetter && !DIGIT.test(before)) return false
  const behind = text.charAt(at)
  if (LETTER.test(behind)) return !isLetter
  if (DIGIT.test(behind)) return isLetter
  return !GOES_ON.test(behind)
}

/**
 * Where to cut a text between `earliest` (exclusive) and `end`: at the last safe place; where there is none, as in a very long word, at the end, though not
 * within a pair. @param end below the text's length and above `earliest`, by 2 at least
 */
export function cutWithin(text: string, earliest: number, end: number): number {
  for (let at = end; at > earliest; at--) if (isSafeCut(text, at)) return at
  const code = text.charCodeAt(end - 1)
  return code >= 0xd800 && code <= 0xdbff ? end - 1 : end
}
