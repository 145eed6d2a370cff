import { randomText } from '../core/ids.ts'
import { sha256 } from '../core/secret.ts'

/** Secret until a sign-in is finished. @param length RFC 7636 §4.1 takes 43 to 128 characters */
export const newVerifier = (length: number): string => randomText(length)

/** The S256 challenge: what shows that whoever finishes a sign-in is who began it. */
export const challengeOf = (verifier: string): string => Buffer.from(sha256(verifier), 'hex').toString('base64url')
