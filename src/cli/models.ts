import type { Command } from 'commander'
import { type Served, servedModels } from '../composition/model-listing.ts'
import { modelData, QWEN_PLANS } from '../routing/model-data.ts'
import { type AccountCommand, type AccountEnvironment, runAccountCommand } from './account-command.ts'
import { commandLog } from './command-log.ts'
import { table } from './table.ts'
import { printed, terminalOf, withDataDir, withExits } from './terminal.ts'

const HELP = `
Context windows and output limits are those of a data file in this program; "models" entries of the config say otherwise with
"context_window" and "max_output". Requests to Qwen, and to models with such an entry, are held to them before they are sent.
--json prints the whole file beside what is served.
`

/** Adds `models`, which asks nobody: lists that a running server fetches from a provider are the built-in ones here. */
export function registerModels(program: Command, environment: AccountEnvironment): void {
  withDataDir(
    withExits(
      program.command('models').description('list the models served here, their limits, and the Qwen plans'),
      terminalOf(environment),
    ),
  )
    .option('--json', 'print JSON')
    .allowExcessArguments(false)
    .addHelpText('after', HELP)
    .action((_options: unknown, command: Command) => runAccountCommand<{ json?: boolean }>(command, environment, list))
}

async function list({ options, loaded, clock, terminal }: AccountCommand<{ json?: boolean }>): Promise<number> {
  const { stdout, stderr } = terminal
  const served = await servedModels({ loaded, clock, log: commandLog(stderr) })
  if (options.json) {
    const { models: known, embeddings, qwen } = modelData
    stdout(printed({ data: served.models, patterns: served.patterns, known, embeddings, qwen }))
    return 0
  }
  if (served.models.length > 0) stdout(modelTable(served))
  else stderr('no model is named here: add a provider with "models" to the config\n')
  for (const { provider, match } of served.patterns) {
    stdout(`${match === '*' ? 'any other name' : `any name like ${match}`} goes to ${provider} as it is\n`)
  }
  stdout(`\n${planTable()}\n${planModels()}`)
  return 0
}

const count = (tokens: number | undefined): string => (tokens === undefined ? '-' : tokens.toLocaleString('en-US'))

const modelTable = ({ models }: Served): string =>
  table([
    ['MODEL', 'CONTEXT', 'INPUT', 'OUTPUT', 'SERVED BY', 'ALIASES'],
    ...models.map(({ id, aliases, targets, context_window, max_input, max_output }) => [
      id,
      count(context_window),
      count(max_input),
      count(max_output),
      targets.map(({ provider, model }) => (model === id ? provider : `${provider} (${model})`)).join(', '),
      aliases.join(', ') || '-',
    ]),
  ])

const planTable = (): string =>
  table([
    ['QWEN PLAN', 'REGION', 'BASE URL'],
    ...QWEN_PLANS.flatMap(({ plan, regions }) => [...regions].map(([region, url]) => [plan, region, url])),
  ])

const planModels = (): string => QWEN_PLANS.map(({ plan, models }) => `${plan}: ${models?.join(', ') ?? 'any model'}\n`).join('')
