import { defaultConfig } from '../../src/config/default.ts'
import { Reader } from '../../src/config/read.ts'
import { type Config, configSchema, type ProviderConfig } from '../../src/config/schema.ts'
import type { JsonObject } from '../../src/core/json.ts'

/** A configuration as a file of this content gives it, without the checks between its parts. */
export function configOf(content: object = {}): Config {
  const faults: string[] = []
  const reader = new Reader(
    ({ path, message }) => void faults.push(`${path.join('.')}: ${message}`),
    path => path,
  )
  const config = reader.read(configSchema, content as JsonObject) as Config
  if (faults.length > 0) throw new Error(faults.join('; '))
  return { ...defaultConfig(), ...config }
}

export const providerOf = (content: object): ProviderConfig => configOf({ providers: [content] }).providers[0] as ProviderConfig

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that nobody signed and that lasts for years; the mark tells it from others. */
export const jwtOf = (mark: string): string => `${part({ alg: 'HS256' })}.${part({ exp: 4_102_444_800, mark })}.c2ln`
