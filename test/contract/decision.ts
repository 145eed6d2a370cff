import type { JsonObject } from '../../src/core/json.ts'

/**
 * What becomes of something a client says when the upstream speaks the other dialect.
 * - `mapped`: it goes out, under whatever name it has there;
 * - `approximated`, `dropped`: something near it goes out, or nothing, and a note says so (`dropped` is a 400 under `strict`);
 * - `refused`: the request is answered with a 400 that names it;
 * - `silent`: nothing goes out and nobody is told, because nothing is lost by it.
 */
export type Word = 'mapped' | 'approximated' | 'dropped' | 'refused' | 'silent'

/** One word for all targets, or the word of each that differs from `else`. */
export type WordFor<Target extends string> = Word | ({ else: Word } & { [T in Target]?: Word })

/** One thing that a request can say, the way it says it, and what becomes of it. */
export interface Case<Target extends string> {
  /** Members of the request that say it, on top of a plain one. */
  says: JsonObject
  /** The same request without it; absent: the plain one. */
  without?: JsonObject
  /** Where notes and errors say it stood; absent: the first member of `says`. */
  field?: string
  becomes: WordFor<Target>
}

export const wordFor = <Target extends string>(word: WordFor<Target>, target: Target): Word =>
  typeof word === 'string' ? word : (word[target] ?? word.else)

export type ChatParams = import('openai').OpenAI.Chat.Completions.ChatCompletionCreateParams
export type MessagesParams = import('@anthropic-ai/sdk').Anthropic.MessageCreateParams
export type BetaMessagesParams = import('@anthropic-ai/sdk').Anthropic.Beta.MessageCreateParams

/** The words by which the members of a union tell themselves apart. */
export type TypeOf<Union> = Union extends { type: infer Type extends string } ? Type : never

/** The members of every variant of a union. */
export type MemberOf<Union> = Union extends unknown ? keyof Union : never

/** What stands in an array, or in the array that a string may stand for. */
export type ItemOf<Content> = Content extends readonly (infer Item)[] ? Item : never

/** Targets of a request that an OpenAI client makes. */
export type Claude = 'claude-sonnet-4-5' | 'claude-opus-4-8' | 'claude-opus-5-5'

/** Targets of a request that an Anthropic client makes: a plain model, a reasoning one, the newest, another vendor's. */
export type Chat = 'gpt-4.1' | 'gpt-5.5' | 'gpt-6.1-sol' | 'qwen3-max'
