import type { JsonObject } from '../../core/json.ts'
import type { DialectId } from '../../ir/dialect-id.ts'

export const DIALECT = 'jetbrains' satisfies DialectId

/** What differs between the two versions of the chat endpoint (jetbrains-ai.md §2): v7 says functions, v8 says tools. */
export interface Version {
  name: 'v7' | 'v8'
  path: string
  /** Any text; it names the feature for the vendor's statistics. These are what the vendor's own and the older clients send. */
  prompt: string
  /** Whether pictures can be shown. */
  media: boolean
}

export const V8: Version = {
  name: 'v8',
  path: '/user/v5/llm/chat/stream/v8',
  prompt: 'ij.chat.request.new-chat-on-start',
  media: true,
}

export const V7: Version = { name: 'v7', path: '/user/v5/llm/chat/stream/v7', prompt: 'ij.chat.request.new-chat', media: false }

/** Codex profiles answer here only; the body and the events are those of chat v8. */
export const RESPONSES_PATH = '/user/v5/llm/responses/stream/v8'

/** One entry of `chat.messages`. */
export interface WireMessage extends JsonObject {
  type: string
}

/** Put before a failed tool's result, because the wire has no flag for it. */
export const TOOL_ERROR_PREFIX = '[tool error] '

/** What stands in for the result of a call that was never answered. */
export const NO_RESULT = '[no result]'

/** What a line of the stream says in place of JSON when the answer is complete. */
export const END_MARKS: ReadonlySet<string> = new Set(['end', '[DONE]'])
