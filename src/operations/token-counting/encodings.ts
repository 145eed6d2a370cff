/** A vocabulary, by OpenAI's name for it. */
export type Encoding = 'o200k_base' | 'cl100k_base'

/** First match wins; the last row matches every name. Only OpenAI's models up to GPT-4 Turbo have the older vocabulary; for other vendors' the newer is the closer one. */
const ENCODINGS: readonly { name: RegExp; encoding: Encoding }[] = [
  { name: /gpt-?(?:3\.?5|4(?![.o\d]))/i, encoding: 'cl100k_base' },
  { name: /^/, encoding: 'o200k_base' },
]

export const encodingOf = (model: string): Encoding => ENCODINGS.find(({ name }) => name.test(model))?.encoding ?? 'o200k_base'
