import { isIP } from 'node:net'
import { nearestNames } from '../core/nearest.ts'
import { isLoopback, urlFault } from './base-url.ts'
import { type CheckContext, sieve } from './check-context.ts'
import { checkJetbrains } from './jetbrains-checks.ts'
import { withoutDriver } from './older/broker.ts'
import { isPlaceholder } from './placeholder-keys.ts'
import type { Path } from './problem.ts'
import { completeProvider } from './providers.ts'
import type { Config } from './schema.ts'

/** What no schema can say. Entries at fault are taken out of `config`, and values put into their effective form. */
export function checkConfig(config: Config, context: CheckContext): void {
  checkProviders(config, context)
  checkModels(config, context)
  checkAddresses(config, context)
  checkDatabase(config, context)
  checkLists(config, context)
  checkKeys(config, context)
  checkJetbrains(config, context)
  checkBinding(config, context)
}

function checkProviders(config: Config, context: CheckContext): void {
  const names = new Set<string>()
  config.providers = sieve(config.providers, 'providers', context, (provider, at) => {
    if (names.has(provider.name)) return [[[...at, 'name'], `a provider named "${provider.name}" stands above`]]
    const faults = completeProvider(provider)
    if (faults.length === 0) names.add(provider.name)
    if (provider.api_key !== undefined && isPlaceholder(provider.api_key)) {
      context.report('warning', [...at, 'api_key'], 'is a placeholder; the upstream will refuse it')
    }
    return faults.map(({ path, message, suggestion }) => [[...at, ...path], message, suggestion] as const)
  })
}

function checkModels(config: Config, context: CheckContext): void {
  const names = config.providers.map(provider => provider.name)
  for (const [model, entry] of Object.entries(config.models)) {
    if (typeof entry === 'string') continue
    for (const [index, target] of entry.targets.entries()) {
      if (names.includes(target.provider)) continue
      const [nearest] = nearestNames(target.provider, names, 1)
      context.report(
        'warning',
        ['models', model, 'targets', index, 'provider'],
        `no provider named "${target.provider}" is configured; only a stored one could serve this`,
        nearest === undefined ? undefined : `did you mean "${nearest}"?`,
      )
    }
  }
}

function checkAddresses(config: Config, context: CheckContext): void {
  const { jetbrains, qwen } = config
  const addresses: [Path, string | undefined][] = [
    [['jetbrains', 'base_url'], jetbrains.base_url],
    [['jetbrains', 'oauth_url'], jetbrains.oauth_url],
    [['jetbrains', 'login_url'], jetbrains.login_url],
    [['qwen', 'oauth_url'], qwen.oauth_url],
    [['qwen', 'base_url'], qwen.base_url],
    [['qwen', 'device_code_endpoint'], qwen.device_code_endpoint],
    [['qwen', 'token_endpoint'], qwen.token_endpoint],
    [['database', 'supabase_url'], config.database.supabase_url],
  ]
  for (const [path, url] of addresses) {
    const fault = url === undefined ? undefined : urlFault(url, { allowHttp: false })
    if (fault) context.report('error', path, fault)
  }
  const isOne = !context.isSet(['model_list', 0])
  config.model_list = config.model_list.filter((list, index) => {
    const at = context.places.get(list) ?? ['model_list', index]
    const faults: [Path, string | undefined][] = [
      [[...at, 'url'], urlFault(list.url, { allowHttp: list.allow_http, query: true })],
      ...list.overrides.flatMap((override, place): [Path, string | undefined][] => {
        const here = context.places.get(override) ?? [...at, 'overrides', place]
        const isAimless = override.family === undefined && override.handle === undefined
        return [
          [[...here, 'base_url'], urlFault(override.base_url, { allowHttp: list.allow_http })],
          [here, isAimless ? 'needs "family" or "handle"' : undefined],
        ]
      }),
    ]
    const found = faults.flatMap(([path, message]) => (message === undefined ? [] : [{ path, message }]))
    for (const { path, message } of found) context.report(isOne ? 'error' : 'entry', path, message)
    return found.length === 0
  })
}

function checkDatabase(config: Config, context: CheckContext): void {
  const { database } = config
  if (database.url !== undefined) {
    database.url = withoutDriver(database.url)
    const kind = database.url.startsWith('postgresql:') ? 'postgresql' : database.url.startsWith('sqlite:') ? 'sqlite' : undefined
    if (!kind) return context.report('error', ['database', 'url'], 'must begin with sqlite:// or postgresql://')
    if (!context.isSet(['database', 'type'])) database.type = kind
    else if ((database.type === 'sqlite') !== (kind === 'sqlite'))
      context.report('error', ['database', 'url'], `is no address of type ${database.type}`)
  }
  if (database.type === 'sqlite') return
  if (database.url === undefined && (database.type === 'postgresql' || database.supabase_url === undefined)) {
    context.report('error', ['database', 'url'], `is required with type ${database.type}`)
  }
  if (config.secret_key === undefined) {
    context.report('error', ['secret_key'], `is required with type ${database.type}: every instance must have the same`)
  }
}

const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

function checkLists(config: Config, context: CheckContext): void {
  config.trusted_proxies = sieve(config.trusted_proxies, 'trusted_proxies', context, (proxy, at) =>
    isNetwork(proxy) ? [] : [[at, 'must be an IP address or a network like 10.0.0.0/8']],
  )
  config.cors_origins = sieve(config.cors_origins, 'cors_origins', context, (origin, at) =>
    URL.parse(origin)?.origin === origin ? [] : [[at, 'must be an origin like https://chat.example.com, without a path']],
  )
  config.allowed_hosts = sieve(config.allowed_hosts, 'allowed_hosts', context, (host, at) =>
    /^[^\s/@?#]+$/.test(host) ? [] : [[at, 'must be a host name without scheme or path']],
  )
}

/** What a header can carry: anything else could never be presented. */
const sendable = (key: string): boolean => /^[\x20-\x7e]+$/.test(key) && key === key.trim()

function checkKeys(config: Config, context: CheckContext): void {
  const seen = new Set<string>()
  config.client_api_keys = sieve(config.client_api_keys, 'client_api_keys', context, (entry, at) => {
    if (seen.has(entry.key)) return [[at, 'the same key stands above']]
    seen.add(entry.key)
    return sendable(entry.key) || isPlaceholder(entry.key)
      ? []
      : [[at, 'malformed key: spaces around it, or characters that a header cannot carry']]
  })
  for (const key of ['bearer_token', 'admin_key', 'metrics_key'] as const) {
    const value = config[key]
    if (value !== undefined && !sendable(value) && !isPlaceholder(value)) {
      context.report('error', [key], 'malformed key: spaces around it, or characters that a header cannot carry')
    }
  }
  const { admin_key: admin, bearer_token: bearer } = config
  if (admin !== undefined && !isPlaceholder(admin) && (seen.has(admin) || admin === bearer)) {
    context.report('error', ['admin_key'], 'must not be a client key as well')
  }
}

function checkBinding(config: Config, context: CheckContext): void {
  config.server_host = config.server_host.replace(/^\[(.*)\]$/, '$1')
  if (!/^[\w.:%-]+$/.test(config.server_host)) {
    return context.report('error', ['server_host'], 'must be an address or host name', 'for every address: "0.0.0.0" or "::"')
  }
  const local = isLoopback(config.server_host)
  const clientKeys: [Path, string][] = config.client_api_keys.map((entry, index) => [
    context.places.get(entry) ?? ['client_api_keys', index],
    entry.key,
  ])
  if (config.bearer_token !== undefined) clientKeys.push([['bearer_token'], config.bearer_token])
  const keys = [...clientKeys]
  for (const key of ['admin_key', 'metrics_key', 'secret_key'] as const) {
    const value = config[key]
    if (value !== undefined) keys.push([[key], value])
  }
  for (const [path, key] of keys) {
    if (!isPlaceholder(key)) continue
    if (local) context.report('warning', path, 'is a placeholder that anybody can guess; it is refused beyond loopback')
    else context.report('error', path, `is a placeholder that anybody can guess, and ${config.server_host} is beyond loopback`)
  }
  if (local) return
  if (config.client_auth === 'none') context.report('error', ['client_auth'], `"none" is for loopback only, not for ${config.server_host}`)
  if (clientKeys.length === 0 && !context.hasStoredKeys) {
    context.report(
      'error',
      ['server_host'],
      `listening on ${config.server_host} needs a client key`,
      'set client_api_keys, or run "dragoman keys create"',
    )
  }
}
