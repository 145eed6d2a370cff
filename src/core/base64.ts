import { invalidField } from './errors.ts'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Base64 without the white space that some write into it. @throws GatewayError `invalid-request` naming `path` where it is none, or nothing */
export function readBase64Text(data: string, path: string): string {
  const text = /\s/.test(data) ? data.replace(/\s+/g, '') : data
  if (text === '' || !BASE64.test(text)) throw invalidField(path, 'holds no valid base64 data', 'invalid_base64')
  return text
}
