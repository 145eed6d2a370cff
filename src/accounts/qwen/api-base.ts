/** Where accounts are served that say nothing else (qwen.md §1.9): the token of one host is refused by the others. */
const DEFAULT_BASE = 'https://portal.qwen.ai/v1'

/** Hosts whose OpenAI-like API does not lie at `/v1`; some accounts in China name theirs without its path. */
const PATHS: readonly { host: RegExp; path: string }[] = [
  { host: /^([\w-]+\.)?dashscope[\w-]*\.aliyuncs\.com$/i, path: '/compatible-mode/v1' },
]

/**
 * The base URL, without a slash at its end, of the API that a sign-in's `resource_url` names: a host, or an address with or without scheme and version.
 * Undefined where it is neither.
 */
export function apiBaseOf(resourceUrl: string | undefined): string | undefined {
  const given = resourceUrl?.trim()
  if (!given) return DEFAULT_BASE
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `https://${given}`)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return undefined
  const path = url.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '')
  const own = path === '' || path === '/v1' ? PATHS.find(({ host }) => host.test(url.hostname))?.path : undefined
  return `${url.origin}${own ?? (path.endsWith('/v1') ? path : `${path}/v1`)}`
}
