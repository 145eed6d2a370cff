import { renderUnicodeCompact } from 'uqr'

/** Two modules in a character's height, and the quiet zone that readers look for. */
export const qrCode = (text: string): string => renderUnicodeCompact(text, { ecc: 'L', border: 2 })
