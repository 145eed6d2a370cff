/** Whose server an address is: the host, with its port where that is what tells; a leading dot stands for any name before it. First match wins. */
const HOSTS = [
  ['api.openai.com', 'openai'],
  ['.api.openai.com', 'openai'],
  ['.openai.azure.com', 'azure'],
  ['.services.ai.azure.com', 'azure'],
  ['.cognitiveservices.azure.com', 'azure'],
  ['api.deepseek.com', 'deepseek'],
  ['api.x.ai', 'xai'],
  ['.api.x.ai', 'xai'],
  ['api.moonshot.ai', 'moonshot'],
  ['api.moonshot.cn', 'moonshot'],
  ['api.together.xyz', 'together'],
  ['api.together.ai', 'together'],
  ['openrouter.ai', 'openrouter'],
  ['.aliyuncs.com', 'alibaba'],
  ['api.groq.com', 'groq'],
  ['api.mistral.ai', 'mistral'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.fireworks.ai', 'fireworks'],
  ['.api.fireworks.ai', 'fireworks'],
  ['api.cerebras.ai', 'cerebras'],
  ['api.z.ai', 'zai'],
  ['open.bigmodel.cn', 'zai'],
  ['api.minimax.io', 'minimax'],
  ['api.minimaxi.com', 'minimax'],
  ['localhost:11434', 'ollama'],
  ['127.0.0.1:11434', 'ollama'],
  ['ollama.com', 'ollama'],
  ['localhost:1234', 'lmstudio'],
  ['127.0.0.1:1234', 'lmstudio'],
] as const

/** Vendors of OpenAI's dialect that their address gives away. */
export type HostVendor = (typeof HOSTS)[number][1]

export function vendorOfAddress(baseUrl: string | undefined): HostVendor | undefined {
  const url = baseUrl === undefined ? null : URL.parse(baseUrl)
  if (!url) return undefined
  return HOSTS.find(([host]) => (host.startsWith('.') ? url.hostname.endsWith(host) : host === url.hostname || host === url.host))?.[1]
}

/** Kinds of provider that stand for a wire format rather than for a vendor: whose server it is, the address may tell. */
export const OPEN_KINDS: ReadonlySet<string> = new Set(['openai', 'custom'])
