/** A stream broke a rule. `rule` is its id in dialects.md §4.7: C1–C10 for chat, M1–M10 for messages. */
export class Violation extends Error {
  constructor(
    readonly rule: string,
    detail: string,
  ) {
    super(`${rule}: ${detail}`)
    this.name = 'Violation'
  }
}

/** @throws {Violation} where `condition` does not hold. */
export function must(condition: boolean, rule: string, detail: string): asserts condition {
  if (!condition) throw new Violation(rule, detail)
}
