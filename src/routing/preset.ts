import type { Credential } from '../accounts/account.ts'
import { OPEN_KINDS, vendorOfAddress } from '../core/vendor-hosts.ts'
import type { UpstreamTraits } from '../dialects/dialect.ts'
import type { DialectId } from '../ir/dialect-id.ts'
import { azureUrl } from './azure.ts'
import { VENDORS, type VendorName } from './vendors.ts'

/** What a kind of provider is: a wire format, a way to show the credential, and how its server differs from the vendor's. */
export interface Preset {
  dialect: DialectId
  authorize(credential: Credential): Record<string, string>
  traits: UpstreamTraits
  /** Where a request goes, for services whose addresses are more than the base URL and the dialect's path. */
  url?(baseUrl: string, path: string, model: string, apiVersion: string | undefined): string
}

const bearer = (credential: Credential): Record<string, string> =>
  credential.kind === 'api_key' ? { authorization: `Bearer ${credential.apiKey}` } : {}

const keyHeader =
  (name: string) =>
  (credential: Credential): Record<string, string> =>
    credential.kind === 'api_key' ? { [name]: credential.apiKey } : {}

const isVendor = (type: string): type is VendorName => Object.hasOwn(VENDORS, type)

/** Going on with a begun answer is a feature of DeepSeek's beta address. */
const DEEPSEEK_BETA: UpstreamTraits = { prefill: 'prefix' }

const isBeta = (baseUrl: string | undefined): boolean => baseUrl !== undefined && URL.parse(baseUrl)?.pathname.startsWith('/beta') === true

/** What the provider's type and address say of it; undefined for kinds that need more than a key and a known wire format. */
export function presetOf(type: string, baseUrl: string | undefined): Preset | undefined {
  if (type === 'anthropic') return { dialect: 'anthropic', authorize: keyHeader('x-api-key'), traits: {} }
  if (type === 'demo') return { dialect: 'openai-chat', authorize: bearer, traits: {} }
  const known = vendorOfAddress(baseUrl)
  const vendor = OPEN_KINDS.has(type) ? (known ?? type) : type
  if (!isVendor(vendor)) return undefined
  const azure = vendor === 'azure'
  return {
    dialect: 'openai-chat',
    authorize: azure ? keyHeader('api-key') : bearer,
    traits: { ...VENDORS[vendor], ...(vendor === 'deepseek' && isBeta(baseUrl) && DEEPSEEK_BETA) },
    ...(azure && { url: azureUrl }),
  }
}
