import type { UpstreamTraits } from '../dialects/dialect.ts'
import type { VendorName } from './vendors.ts'

interface VendorAddress {
  /** The host, with its port where that is what tells; a leading dot stands for any name before it. */
  host: string
  vendor: VendorName
  /** How the path begins, where that makes a difference. */
  path?: string
  traits?: UpstreamTraits
}

/** Whose server an address is, first match wins. */
const ADDRESSES: readonly VendorAddress[] = [
  { host: 'api.openai.com', vendor: 'openai' },
  { host: '.api.openai.com', vendor: 'openai' },
  { host: '.openai.azure.com', vendor: 'azure' },
  { host: '.services.ai.azure.com', vendor: 'azure' },
  { host: '.cognitiveservices.azure.com', vendor: 'azure' },
  // Going on with a begun answer is a feature of the beta address.
  { host: 'api.deepseek.com', path: '/beta', vendor: 'deepseek', traits: { prefill: 'prefix' } },
  { host: 'api.deepseek.com', vendor: 'deepseek' },
  { host: 'api.x.ai', vendor: 'xai' },
  { host: '.api.x.ai', vendor: 'xai' },
  { host: 'api.moonshot.ai', vendor: 'moonshot' },
  { host: 'api.moonshot.cn', vendor: 'moonshot' },
  { host: 'api.together.xyz', vendor: 'together' },
  { host: 'api.together.ai', vendor: 'together' },
  { host: 'openrouter.ai', vendor: 'openrouter' },
  { host: '.aliyuncs.com', vendor: 'alibaba' },
  { host: 'api.groq.com', vendor: 'groq' },
  { host: 'api.mistral.ai', vendor: 'mistral' },
  { host: 'api.perplexity.ai', vendor: 'perplexity' },
  { host: 'api.fireworks.ai', vendor: 'fireworks' },
  { host: '.api.fireworks.ai', vendor: 'fireworks' },
  { host: 'api.cerebras.ai', vendor: 'cerebras' },
  { host: 'api.z.ai', vendor: 'zai' },
  { host: 'open.bigmodel.cn', vendor: 'zai' },
  { host: 'api.minimax.io', vendor: 'minimax' },
  { host: 'api.minimaxi.com', vendor: 'minimax' },
  { host: 'localhost:11434', vendor: 'ollama' },
  { host: '127.0.0.1:11434', vendor: 'ollama' },
  { host: 'ollama.com', vendor: 'ollama' },
  { host: 'localhost:1234', vendor: 'lmstudio' },
  { host: '127.0.0.1:1234', vendor: 'lmstudio' },
]

export function vendorOfAddress(baseUrl: string | undefined): Pick<VendorAddress, 'vendor' | 'traits'> | undefined {
  const url = baseUrl === undefined ? null : URL.parse(baseUrl)
  if (!url) return undefined
  return ADDRESSES.find(({ host, path }) => {
    const fits = host.startsWith('.') ? url.hostname.endsWith(host) : host === url.hostname || host === url.host
    return fits && (path === undefined || url.pathname.startsWith(path))
  })
}
