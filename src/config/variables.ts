import { Kind } from '@sinclair/typebox'
import type { DotEnv } from './dotenv.ts'
import { type Environment, envNames, valueOfText } from './environment.ts'
import { ACCOUNT_VARIABLES, accountsOfVariables, isPaired } from './older/environment.ts'
import type { Settings, Source } from './sources.ts'

/** Takes over what variables say: those of `.env` first, as the environment wins over it, and in each older names before ours. */
export function assignEnvironment(settings: Settings, env: Environment, dotEnv: DotEnv | undefined): void {
  const both = { ...dotEnv?.env, ...env }
  const layers: [Environment, (name: string) => Source][] = [[env, name => ({ text: `environment ${name}` })]]
  if (dotEnv) layers.unshift([dotEnv.env, name => dotEnvSource(dotEnv, name)])
  const accountLayer = [env, dotEnv?.env].find(layer => layer !== undefined && ACCOUNT_VARIABLES.some(name => layer[name] !== undefined))
  const older = accountsOfVariables(both)
  for (const [layer, sourceOf] of layers) {
    // Lists that belong together may stand in different places; together they are as strong as the strongest of them.
    if (layer === accountLayer && older.length > 0) {
      const names = [...new Set(older.flatMap(each => each.names))]
      const labels = (some: string[]) => some.map(name => `${env[name] === undefined ? '.env' : 'environment'} ${name}`).join(', ')
      const accounts = older.map(each => each.account)
      settings.assign(['jetbrains_accounts'], accounts, { text: labels(names) })
      for (const [index, { names: some, entry }] of older.entries()) {
        settings.attribute(['jetbrains_accounts', index], { text: labels(some) + (entry === undefined ? '' : ` (entry ${entry})`) })
      }
    }
    for (const { name, path, schema } of envNames) {
      const text = name === 'JWT_TOKEN' && isPaired(both) ? undefined : layer[name]
      if (text !== undefined) settings.assign(path, valueOfText(schema, text), sourceOf(name), schema[Kind] === 'Object')
    }
  }
}

const dotEnvSource = (dotEnv: DotEnv, name: string): Source => ({
  text: `.env ${name}`,
  file: dotEnv.file,
  position: () => ({ line: dotEnv.line(name), column: 1 }),
})
