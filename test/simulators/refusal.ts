import type { Json } from '../checkers/json.ts'

/** A request that the service turns down: the status and the body in the vendor's shape, or as it is where that is no JSON. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: Json | string,
    message: string,
  ) {
    super(message)
    this.name = 'Refusal'
  }
}
