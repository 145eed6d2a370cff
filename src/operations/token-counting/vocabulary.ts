import { readFileSync } from 'node:fs'
import { BytePairEncodingCore } from 'gpt-tokenizer/BytePairEncodingCore'
import cl100kBase from 'gpt-tokenizer/data/cl100k_base.tiktoken' with { type: 'file' }
import o200kBase from 'gpt-tokenizer/data/o200k_base.tiktoken' with { type: 'file' }
import { CL100K_TOKEN_SPLIT_REGEX, O200K_TOKEN_SPLIT_REGEX } from 'gpt-tokenizer/encodingParams/constants'
import { cutWithin } from './cut.ts'
import type { Encoding } from './encodings.ts'

/** The package's vocabularies as data: its modules of the same content would make the program twice as much larger. */
const SOURCES: Readonly<Record<Encoding, { file: string; split: RegExp }>> = {
  o200k_base: { file: o200kBase, split: O200K_TOKEN_SPLIT_REGEX },
  cl100k_base: { file: cl100kBase, split: CL100K_TOKEN_SPLIT_REGEX },
}

/** The library's time grows with the square of the longest run of letters, or of marks, that it is shown. */
const LONGEST_RUN = 256

/** What it keeps of texts, for words that come again, holds on to the whole texts: it is forgotten after so many characters. */
const REMEMBERED = 1_000_000

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text that some bytes are, or the bytes where they are only a part of a character. */
function textOrBytes(bytes: Uint8Array): string | number[] {
  try {
    return decoder.decode(bytes)
  } catch {
    return [...bytes]
  }
}

/** The tokens of a vocabulary by their numbers, from lines of base64 and a number. */
function readRanks(file: string): (string | number[])[] {
  const ranks: (string | number[])[] = []
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const space = line.indexOf(' ')
    if (space !== -1) ranks[Number(line.slice(space + 1))] = textOrBytes(Buffer.from(line.slice(0, space), 'base64'))
  }
  return ranks
}

interface Loaded {
  core: BytePairEncodingCore
  characters: number
}

const loaded = new Map<Encoding, Loaded>()

function load(encoding: Encoding): Loaded {
  const known = loaded.get(encoding)
  if (known) return known
  const { file, split } = SOURCES[encoding]
  const vocabulary = { core: new BytePairEncodingCore({ bytePairRankDecoder: readRanks(file), tokenSplitRegex: split }), characters: 0 }
  loaded.set(encoding, vocabulary)
  // What reading left behind is as large as the vocabulary.
  Bun.gc(true)
  return vocabulary
}

/**
 * The tokens of a text. Words of control such as `<|endoftext|>` count as the text they are. Loads the vocabulary when it is first asked for, which takes a good
 * part of a second and some 100 MB: not for the main thread. Exact but where more than 256 letters, marks or spaces come in a row.
 */
export function countTokens(encoding: Encoding, text: string): number {
  const vocabulary = load(encoding)
  const { core } = vocabulary
  let tokens = 0
  let at = 0
  while (text.length - at > LONGEST_RUN) {
    const end = cutWithin(text, at, at + LONGEST_RUN)
    tokens += core.countNative(text.slice(at, end))
    at = end
  }
  if (at < text.length) tokens += core.countNative(text.slice(at))
  vocabulary.characters += text.length
  if (vocabulary.characters > REMEMBERED) {
    vocabulary.characters = 0
    core.clearMergeCache()
  }
  return tokens
}
