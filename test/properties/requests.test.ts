import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../src/core/json.ts'
import type { Json } from '../checkers/json.ts'
import { clientCodec, type Format, goldenContext, upstreamCodec } from '../golden/relays.ts'
import { checkRequest as checkMessagesRequest } from '../simulators/anthropic/check-request.ts'
import { contextOf } from '../simulators/anthropic/context.ts'
import { Seals } from '../simulators/anthropic/seals.ts'
import { checkRequest as checkChatRequest } from '../simulators/openai/check-request.ts'
import { readChat, writeChat } from './chat-words.ts'
import { type Conversation, conversation, normal } from './conversation.ts'
import { readMessages, writeMessages } from './messages-words.ts'
import { holds, PATIENCE } from './runs.ts'

/** Models that take all that both dialects can say. */
const MODEL: Record<Format, string> = { 'openai-chat': 'gpt-4.1', anthropic: 'claude-sonnet-4-5' }

const WRITE = { 'openai-chat': writeChat, anthropic: writeMessages }
const READ = { 'openai-chat': readChat, anthropic: readMessages }

const CHECK: Record<Format, (body: Json) => void> = {
  'openai-chat': body => checkChatRequest(body, 1_000_000),
  anthropic: body => checkMessagesRequest(body, contextOf(MODEL.anthropic, { 'anthropic-version': '2023-06-01' }, new Seals(), 1_000_000)),
}

/** A request of one dialect in the other, as the upstream reads it; the vendor's own rules must hold. */
function translated(from: Format, to: Format, body: Json): Json {
  const context = goldenContext()
  const request = clientCodec(from).decodeRequest(body as JsonObject, context)
  const encoded = upstreamCodec(to).encodeRequest(request, { model: MODEL[to], traits: {} }, context)
  expect(context.notes).toEqual([])
  const sent = JSON.parse(JSON.stringify(encoded.body)) as Json
  CHECK[to](sent)
  return sent
}

/** What was said, with what both dialects write in one way only. */
const plain = (said: Conversation): Conversation => ({
  ...said,
  turns: normal(said.turns),
  // "Any tool, one at a time, as you like" is what `single` alone says.
  choice: said.choice === 'auto' && said.single ? undefined : said.choice,
})

const PAIRS: readonly [Format, Format][] = [
  ['openai-chat', 'anthropic'],
  ['anthropic', 'openai-chat'],
  ['openai-chat', 'openai-chat'],
  ['anthropic', 'anthropic'],
]

describe('whatever both dialects can say', () => {
  for (const [from, to] of PAIRS) {
    test(
      `gets from ${from} to ${to}`,
      () => {
        holds(
          fc.property(conversation, said => {
            const sent = translated(from, to, WRITE[from](said))
            expect(plain(READ[to](sent))).toEqual(plain(said))
          }),
          120,
        )
      },
      PATIENCE,
    )

    test(
      `gets from ${from} to ${to} and back`,
      () => {
        holds(
          fc.property(conversation, said => {
            const there = translated(from, to, WRITE[from](said))
            const back = translated(to, from, there)
            expect(plain(READ[from](back))).toEqual(plain(said))
            // Once said in a dialect's own way, it stays as it is.
            expect(translated(to, from, translated(from, to, back))).toEqual(back)
          }),
          60,
        )
      },
      PATIENCE,
    )
  }
})
