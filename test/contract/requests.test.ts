import { describe, expect, test } from 'bun:test'
import type { Format } from '../golden/relays.ts'
import * as chatParameters from './chat-parameters.ts'
import * as chatVariants from './chat-variants.ts'
import { type Case, type Chat, type Claude, type Word, type WordFor, wordFor } from './decision.ts'
import * as messagesParameters from './messages-parameters.ts'
import * as messagesVariants from './messages-variants.ts'
import { fieldOf, observe, strictlyRefused, type Target } from './observe.ts'

const CLAUDES: Record<Claude, Target> = {
  'claude-sonnet-4-5': { model: 'claude-sonnet-4-5', traits: {} },
  'claude-opus-4-8': { model: 'claude-opus-4-8', traits: {} },
  'claude-opus-5-5': { model: 'claude-opus-5-5', traits: {} },
}

const CHATS: Record<Chat, Target> = {
  'gpt-4.1': { model: 'gpt-4.1', traits: {} },
  'gpt-5.5': { model: 'gpt-5.5', traits: { developerRole: true } },
  'gpt-6.1-sol': { model: 'gpt-6.1-sol', traits: { developerRole: true } },
  'qwen3-max': { model: 'qwen3-max', traits: { extraSampling: true, unknownFields: true } },
}

interface Decided {
  name: string
  given: Case<string>
}

const isCase = (value: object): value is Case<string> => 'says' in value && 'becomes' in value

/** The cases in a table, however deep, under the names that lead to them. */
function decisionsIn(value: unknown, name: string): Decided[] {
  if (typeof value !== 'object' || value === null) return []
  if (isCase(value)) return [{ name: `${name} ${JSON.stringify(value.says).slice(0, 100)}`, given: value }]
  return Object.entries(value).flatMap(([key, inner]) => decisionsIn(inner, Array.isArray(value) ? name : `${name} ${key}`.trim()))
}

const SIDES: { client: Format; tables: object[]; targets: Record<string, Target> }[] = [
  { client: 'openai-chat', tables: [chatParameters, chatVariants], targets: CLAUDES },
  { client: 'anthropic', tables: [messagesParameters, messagesVariants], targets: CHATS },
]

for (const { client, tables, targets } of SIDES) {
  const decided = tables.flatMap(table => decisionsIn({ ...table }, ''))

  describe(`what an ${client} client says`, () => {
    test('is decided a hundred times over', () => expect(decided.length).toBeGreaterThan(80))

    for (const { name, given } of decided) {
      test(name, () => {
        const words = (of: (target: Target, word: Word) => unknown) =>
          Object.fromEntries(
            Object.entries(targets).map(([model, target]) => [model, of(target, wordFor(given.becomes as WordFor<string>, model))]),
          )
        expect(words(target => observe(client, given, target))).toEqual(words((_, word) => word))
        const strict = words((target, word) => {
          const refused = strictlyRefused(client, given, target)
          // What the plain request has no place for either is not this case's affair.
          if (refused !== undefined && refused === strictlyRefused(client, { ...given, says: given.without ?? {} }, target)) return true
          return word === 'dropped' ? refused?.startsWith(fieldOf(given)) : word === 'refused' || refused === undefined
        })
        expect({ strict }).toEqual({ strict: words(() => true) })
      })
    }
  })
}
