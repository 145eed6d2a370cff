import fc from 'fast-check'
import { isObject, type Json, objectsOf, stringOf } from '../checkers/json.ts'
import { toolInput, words } from './runs.ts'

export type Part = { text: string } | { image: string }

export interface Call {
  id: string
  name: string
  input: unknown
}

export interface Result {
  id: string
  text: string
  isError: boolean
}

export type Turn = { user: Part[] } | { assistant: string; calls: Call[] } | { results: Result[] }

/** What a request says, in no dialect's words, as far as both dialects have words for it. */
export interface Conversation {
  system: string
  turns: Turn[]
  tools: { name: string; description: string; schema: Json }[]
  choice: 'auto' | 'none' | 'any' | { name: string } | undefined
  single: boolean
  limit: number
  temperature: number | undefined
  stops: string[]
  schema: Json | undefined
  user: string
}

const PNG = 'iVBORw0KGgoAAAANSUhEUg=='
const TOOLS = ['look', 'read_wind', 'write-log', 'a'.repeat(64)]

const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 4, arbitrary: words().map(text => ({ text })) },
  { weight: 1, arbitrary: fc.constantFrom({ image: `data:image/png;base64,${PNG}` }, { image: 'https://example.com/a.png' }) },
)
const parts = fc.array(part, { minLength: 1, maxLength: 3 })

interface Step {
  said: string
  calls: { name: string; input: unknown; result: string; isError: boolean }[]
  next: Part[]
}

const step: fc.Arbitrary<Step> = fc.record({
  said: fc.option(words(), { nil: '' }),
  calls: fc.array(fc.record({ name: fc.constantFrom(...TOOLS), input: toolInput, result: words(), isError: fc.boolean() }), {
    maxLength: 3,
  }),
  next: parts,
})

/** Turns in the order of both dialects: the user's, then steps of an assistant that may call tools and get their results. */
function turnsOf(first: Part[], steps: readonly Step[]): Turn[] {
  const turns: Turn[] = [{ user: first }]
  let count = 0
  for (const { said, calls, next } of steps) {
    if (said === '' && calls.length === 0) continue
    const made = calls.map(call => ({ ...call, id: `call_${count++}` }))
    turns.push({ assistant: said, calls: made.map(({ id, name, input }) => ({ id, name, input })) })
    if (made.length > 0) turns.push({ results: made.map(({ id, result, isError }) => ({ id, text: result, isError })) })
    turns.push({ user: next })
  }
  return turns
}

const EXACT = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }

const schema = fc.constantFrom<Json>(EXACT, {
  type: 'object',
  properties: { list: { type: 'array', items: { type: 'integer' } }, deep: EXACT },
  required: ['list', 'deep'],
  additionalProperties: false,
})

/** Any conversation that both dialects can hold. */
export const conversation: fc.Arbitrary<Conversation> = fc
  .record({
    system: fc.option(words(), { nil: '' }),
    first: parts,
    steps: fc.array(step, { maxLength: 3 }),
    descriptions: fc.array(fc.option(words(), { nil: '' }), { minLength: 4, maxLength: 4 }),
    schemas: fc.array(schema, { minLength: 4, maxLength: 4 }),
    choice: fc.constantFrom<Conversation['choice']>('auto', 'none', 'any', { name: 'look' }, undefined),
    single: fc.boolean(),
    limit: fc.integer({ min: 1, max: 16_000 }),
    temperature: fc.option(fc.constantFrom(0, 0.25, 1), { nil: undefined }),
    stops: fc.array(words(6), { maxLength: 4 }),
    schema: fc.option(schema, { nil: undefined }),
    user: fc.option(fc.stringMatching(/^[a-z]{3,12}$/), { nil: '' }),
  })
  .map(({ first, steps, descriptions, schemas, choice, single, ...rest }) => ({
    ...rest,
    turns: turnsOf(first, steps),
    tools: TOOLS.map((name, index) => ({ name, description: descriptions[index] ?? '', schema: schemas[index] ?? EXACT })),
    choice,
    single: single && choice !== 'none',
  }))

/** User turns that follow each other, and parts of texts alone, read alike in both dialects. */
export function normal(turns: readonly Turn[]): Turn[] {
  const merged: Turn[] = []
  for (const turn of turns) {
    const last = merged.at(-1)
    if (last && 'user' in last && 'user' in turn) last.user = [...last.user, ...turn.user]
    else merged.push({ ...turn })
  }
  return merged
}

export const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : objectsOf(content)
        .map(block => stringOf(block.text))
        .join('')

export const member = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined)
