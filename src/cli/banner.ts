import type { State } from '../composition/state.ts'

export interface BannerFacts {
  url: string
  version: string
  made: { clientKey?: string; adminKey?: string }
  state: State
}

/** The first name a newcomer can try; where the first provider lists none, one that its vendor is likely to have. */
const firstModel = ({ routing: { catalog } }: State): string =>
  catalog.names()[0] ?? (catalog.providers[0]?.dialect.id === 'anthropic' ? 'claude-sonnet-4-5' : 'gpt-4o-mini')

/** What a person needs to see at the start; the keys of a first start are shown here and never again. */
export function banner({ url, version, made, state }: BannerFacts): string {
  const lines = [`Dragoman ${version} listens on ${url}  (documentation: ${url}/swagger)`]
  if (made.clientKey)
    lines.push('', `  client key: ${made.clientKey}`, '              for your programs; shown this once, kept only as a hash')
  if (made.adminKey) lines.push(`  admin key:  ${made.adminKey}`, `              for /admin; kept in ${state.config.data_dir}/admin.key`)
  const { providers } = state.routing.catalog
  if (providers.length === 0) {
    lines.push('', '  No provider is configured: start with --demo to try it, or write a config file (dragoman config generate).')
  } else if (providers.every(({ pool }) => pool.accounts.length === 0)) {
    lines.push('', '  No account can be used yet: the warnings above say why; "dragoman accounts add" adds one.')
  } else if (made.clientKey) {
    const body = JSON.stringify({ model: firstModel(state), stream: true, messages: [{ role: 'user', content: 'Hello!' }] })
    lines.push(
      '',
      '  Try it:',
      `  curl -N ${url}/v1/chat/completions -H 'authorization: Bearer ${made.clientKey}' -H 'content-type: application/json' -d '${body}'`,
    )
  }
  return `${lines.join('\n')}\n\n`
}
