import { OPEN_KINDS, vendorOfAddress } from '../core/vendor-hosts.ts'
import type { ProviderType } from './schema/provider.ts'

/** Where each kind of provider is found unless its `base_url` says otherwise; `version` is the path that belongs to it. */
interface Service {
  url?: string
  /** Path added to an address that has none. */
  version?: string | ((host: string) => string)
  /** Paths that lack only the version's last segment. */
  unversioned?: RegExp
  /** A version at the end that the vendor's SDK adds itself, and that is taken off. */
  surplus?: RegExp
}

/** The Coding Plan has hosts of its own, on which the path is a shorter one (qwen.md §4.1). */
const qwenVersion = (host: string): string => (host.endsWith('.aliyuncs.com') && !host.startsWith('coding') ? '/compatible-mode/v1' : '/v1')

const SERVICES: Record<ProviderType, Service> = {
  openai: { url: 'https://api.openai.com/v1', version: '/v1' },
  anthropic: { url: 'https://api.anthropic.com', surplus: /\/v1$/ },
  gemini: { url: 'https://generativelanguage.googleapis.com', surplus: /\/v1(alpha|beta)?$/ },
  cohere: { url: 'https://api.cohere.com', surplus: /\/v[12]$/ },
  qwen: { version: qwenVersion, unversioned: /\/compatible-mode$/ },
  jetbrains: {},
  ideogram: { url: 'https://api.ideogram.ai', surplus: /\/v1$/ },
  recraft: { url: 'https://external.api.recraft.ai/v1', version: '/v1' },
  demo: {},
  custom: { version: '/v1' },
  azure: {},
  mistral: { url: 'https://api.mistral.ai/v1', version: '/v1' },
  groq: { url: 'https://api.groq.com/openai/v1', version: '/openai/v1' },
  ollama: { url: 'http://127.0.0.1:11434/v1', version: '/v1' },
  perplexity: { url: 'https://api.perplexity.ai' },
  deepseek: { url: 'https://api.deepseek.com' },
  xai: { url: 'https://api.x.ai/v1', version: '/v1' },
  moonshot: { url: 'https://api.moonshot.ai/v1', version: '/v1' },
  together: { url: 'https://api.together.ai/v1', version: '/v1' },
  openrouter: { url: 'https://openrouter.ai/api/v1', version: '/api/v1' },
  alibaba: { url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1', version: '/compatible-mode/v1' },
  fireworks: { url: 'https://api.fireworks.ai/inference/v1', version: '/inference/v1' },
  cerebras: { url: 'https://api.cerebras.ai/v1', version: '/v1' },
  zai: { url: 'https://api.z.ai/api/paas/v4', version: '/api/paas/v4' },
  minimax: { url: 'https://api.minimax.io/v1', version: '/v1' },
  vllm: { url: 'http://127.0.0.1:8000/v1', version: '/v1' },
  sglang: { url: 'http://127.0.0.1:30000/v1', version: '/v1' },
  lmstudio: { url: 'http://127.0.0.1:1234/v1', version: '/v1' },
}

/** Kinds that are no one vendor's: only the operator knows where they are. */
const NEEDS_URL: ReadonlySet<ProviderType> = new Set(['custom', 'azure'])

/** Routes that people paste along with the address. */
const ROUTES = /\/(chat\/completions|completions|responses|messages|embeddings)$/

/** Loopback by name or number; `host` may be an IPv6 address in brackets. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}

/** Why `text` cannot be the address of something we call, or undefined. */
export function urlFault(text: string, options: { allowHttp: boolean; query?: boolean }): string | undefined {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return 'must be an http:// or https:// address'
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (!options.query && (url.search !== '' || url.hash !== '')) return 'must not have a query or fragment'
  if (url.protocol === 'http:' && !options.allowHttp && !isLoopback(url.hostname)) {
    return 'plain http:// is only accepted on loopback'
  }
  return undefined
}

/** The base URL of a provider of `type`: the vendor's own by default; a version or route given or missing by mistake is mended. */
export function effectiveBaseUrl(type: ProviderType, given: string | undefined): string | undefined {
  if (given === undefined) return SERVICES[type].url
  const url = new URL(given)
  // For kinds that are a wire format rather than a vendor the host says whose service it is.
  const vendor = OPEN_KINDS.has(type) ? (vendorOfAddress(given) ?? type) : type
  const service = SERVICES[vendor]
  let path = url.pathname.replace(/\/+$/, '')
  if (vendor !== 'azure') path = path.replace(ROUTES, '')
  if (service.surplus) path = path.replace(service.surplus, '')
  if (service.unversioned?.test(path)) path = `${path}/v1`
  const { version } = service
  if (path === '' && version) path = typeof version === 'string' ? version : version(url.hostname)
  return url.origin + path
}

export const needsUrl = (type: ProviderType): boolean => NEEDS_URL.has(type)
