import type { TokensSaid } from '../../golden/said.ts'

/** How an SDK is asked: one body, its raw stream, or its streaming helper. */
export type Mode = 'create' | 'iterate' | 'helper'

export const MODES: readonly Mode[] = ['create', 'iterate', 'helper']

export type UserPart = { text: string } | { imageUrl: string } | { imageData: string; mediaType: string }

export interface ToolResult {
  callId: string
  content: UserPart[]
  isError?: boolean
}

/** A turn of the conversation. `said` is an earlier reply's own message, as the SDK gave it. */
export type Turn = { user: string | UserPart[] } | { said: unknown } | { results: ToolResult[]; text?: string }

export interface QuestionTool {
  name: string
  description?: string
  schema: Record<string, unknown>
}

/** A question in no SDK's words. */
export interface Question {
  model: string
  system?: string
  turns: Turn[]
  tools?: QuestionTool[]
  toolChoice?: 'auto' | 'none' | 'required' | { name: string }
  /** False: at most one call. */
  parallel?: boolean
  maxTokens?: number
  stop?: string[]
  effort?: 'low' | 'medium' | 'high'
  /** The answer has to be JSON of this schema. */
  schema?: Record<string, unknown>
}

/** An answer in no SDK's words. */
export interface Reply {
  model: string
  text: string
  reasoning: string
  refusal: string
  calls: { id: string; name: string; input: unknown }[]
  finish: string
  tokens: TokensSaid | undefined
  /** The assistant's message, to be sent back as it is. */
  said: unknown
}

/** A question of one user message. */
export const asking = (model: string, text: string, more: Partial<Question> = {}): Question => ({ model, turns: [{ user: text }], ...more })
