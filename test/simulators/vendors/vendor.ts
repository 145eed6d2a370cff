import type { Json } from '../../checkers/json.ts'
import type { Flavour } from './answers.ts'
import type { Problem, Rule } from './rules.ts'

/** A vendor's server: what it refuses and how it says so, and the form of its answers. */
export interface Vendor {
  model: string
  rules: readonly Rule[]
  refusal(problem: Problem): { status: number; body: Json }
  answer?: Flavour
  /** How reasoning was asked for in a request that has these fields. */
  reasons(body: Json): boolean
}

/** A refusal in the form that most copied from OpenAI. */
export const openAiShape = (status: number) => (problem: Problem) => ({
  status: problem.status ?? status,
  body: { error: { message: problem.message, type: problem.code ?? 'invalid_request_error', param: null, code: problem.code ?? null } },
})
