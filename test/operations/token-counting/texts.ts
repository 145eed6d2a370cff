import * as fc from 'fast-check'
import { countTokens as cl100k } from 'gpt-tokenizer/encoding/cl100k_base'
import { countTokens as o200k } from 'gpt-tokenizer/encoding/o200k_base'
import type { Encoding } from '../../../src/operations/token-counting/encodings.ts'

const NO_CONTROL = { disallowedSpecial: new Set<string>() }

/** What the library itself says of a whole text. */
export const exactly: Readonly<Record<Encoding, (text: string) => number>> = {
  o200k_base: text => o200k(text, NO_CONTROL),
  cl100k_base: text => cl100k(text, NO_CONTROL),
}

export const ENCODINGS: readonly Encoding[] = ['o200k_base', 'cl100k_base']

export const TEXTS: Readonly<Record<string, string>> = {
  English:
    "Yesterday we'd walked through the forest (to look for mushrooms), and found 1234567 of them.\n\n\tNobody WANTED to go home; it's 3.5 km.  ",
  code: 'export async function* waitFor({ count }: Options): Promise<Request[]> {\n    return seen.slice(0, 128)?.map(it => `${it.url}/`)\r\n}\n\n\n',
  JSON: '{"name":"get_weather","input":{"location":"San Francisco, CA","unit":["celsius",12.75,null,-1e10]},"id":"call_A1b2C3"}',
  Chinese: '昨天我们走过森林去找蘑菇，结果找到的比我们能带走的还多。天气很暖和！',
  Japanese: '昨日は森を歩いてキノコを探しました。とても暖かかったです。',
  emoji: '🎈👩‍👩‍👧 ok 🇩🇪🇩🇪 👍🏽!! ❤️',
  marks: "e\u0301te\u0301 नमस्ते दुनिया l'e\u0302tre ",
  control: '<|endoftext|>said<|im_start|> ',
}

const atoms = fc.constantFrom(
  ...[
    'a',
    'Word',
    ' of',
    "'s",
    "'RE",
    '1',
    '2024',
    ' ',
    '  ',
    '\t',
    '\n',
    '\r\n',
    '.',
    '...',
    '/',
    '"',
    ' (',
    ')\n',
    '-',
    '_',
    'é',
    'e\u0301',
  ],
  ...['ß', 'Ж', '语', '言。', '。', '、', '👍', '👩‍👧', '\u00a0', '٣', 'ǅ', 'ʰ', 'ा', '²', '𠮷', '’s', '\ud800'],
)

/** Bits of every kind of writing in any order, up to a few hundred characters. */
export const mixedText = fc
  .array(fc.oneof({ arbitrary: atoms, weight: 9 }, { arbitrary: fc.constantFrom(...Object.values(TEXTS)), weight: 1 }), { maxLength: 60 })
  .map(bits => bits.join(''))

/** A text in pieces, such as a stream brings them. */
export const inPieces = (text: string, sizes: readonly number[]): string[] => {
  const pieces: string[] = []
  let at = 0
  for (let turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? text.length
    pieces.push(text.slice(at, at + size))
    at += size
  }
  return pieces
}
