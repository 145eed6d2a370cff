/** SHA-256 in hexadecimal: how client keys are kept and looked up (they are random, so a slow hash would add nothing). */
export const sha256 = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex')

/** What is shown of a secret: its last four characters, or nothing of one too short to spare them. */
export const maskSecret = (secret: string): string => (secret.length >= 12 ? `…${secret.slice(-4)}` : '…')
