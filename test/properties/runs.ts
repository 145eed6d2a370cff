import fc from 'fast-check'

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

/** The same cases on every run; a failure names its seed and path. `PROPERTY_SEED` takes another, `PROPERTY_RUNS` so many times as many. */
const SEED = number('PROPERTY_SEED', 20_261_121)
const TIMES = number('PROPERTY_RUNS', 1)

/** Time for one property, in milliseconds. */
export const PATIENCE: number = 20_000 * TIMES

/** Tries a property on so many cases. @throws with the smallest case that breaks it */
export function holds<Values extends unknown[]>(property: fc.IProperty<Values>, runs: number): void {
  fc.assert(property, { seed: SEED, numRuns: runs * TIMES, interruptAfterTimeLimit: 8_000 * TIMES, includeErrorInReport: true })
}

/** Text as people write it, with characters of every width, that is more than white space. */
export const words = (maxLength = 24): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', minLength: 1, maxLength }).filter(text => text.trim() !== '' && !text.startsWith('['))

/** A JSON object, as a tool takes it. */
export const toolInput: fc.Arbitrary<Record<string, fc.JsonValue>> = fc.dictionary(
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 6 }).filter(key => key !== '__proto__'),
  fc.jsonValue({ maxDepth: 1, noUnicodeString: false }).map(value => JSON.parse(JSON.stringify(value)) as fc.JsonValue),
  { maxKeys: 3, noNullPrototype: true },
)
