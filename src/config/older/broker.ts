import { isObject, type JsonObject } from '../../core/json.ts'

/** Members of the older broker's provider JSON that mean nothing here, and why. */
const BROKER_LEFTOVERS: Record<string, string> = {
  verify_ssl: 'certificates are always checked',
  max_tokens: 'requests say their own limits',
  temperature_default: 'requests say their own temperature',
}

/** A provider as the older broker wrote it, in our terms; `told` hears of what has no equivalent. */
export function fromBrokerProvider(provider: JsonObject, told: (key: string, message: string) => void): JsonObject {
  const { model_list: models, timeout, ...rest } = provider
  for (const [key, reason] of Object.entries(BROKER_LEFTOVERS)) {
    if (!(key in rest)) continue
    if (!(key === 'verify_ssl' && rest[key] === true)) told(key, `ignored: ${reason}`)
    delete rest[key]
  }
  if (models !== undefined) rest.models ??= models
  if (timeout !== undefined && timeout !== null && (rest.timeouts === undefined || isObject(rest.timeouts))) {
    rest.timeouts = { first_byte: timeout, ...rest.timeouts }
  }
  return rest
}

/** A database's address without the driver that SQLAlchemy has in it; there a path behind three slashes is relative, behind four absolute. */
export const withoutDriver = (url: string): string =>
  url
    .replace(/^(sqlite\+\w+:\/\/\/)(?=[^/.])/, '$1./')
    .replace(/^(postgresql|postgres|sqlite)\+\w+:/, '$1:')
    .replace(/^postgres:/, 'postgresql:')
