import { Refusal } from '../refusal.ts'

/**
 * Errors of the gateway. How the real ones look is not documented, so clients take them as opaque (jetbrains-ai.md §6).
 * @throws {Refusal} 400 unless told otherwise.
 */
export function refuse(message: string, status = 400): never {
  throw new Refusal(status, { message }, message)
}

/** @throws {Refusal} an OAuth error (RFC 6749 §5.2). */
export function refuseOauth(error: string, description: string, status = 400): never {
  throw new Refusal(status, { error, error_description: description }, description)
}
