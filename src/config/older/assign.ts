import type { JsonObject } from '../../core/json.ts'
import type { Path } from '../problem.ts'
import type { Settings, Source } from '../sources.ts'
import type { OlderAccount } from './accounts.ts'
import type { OlderFile } from './file.ts'

/** Makes an older proxy's file part of the configuration: each value with its place in that file. */
export function assignOlderFile(settings: Settings, file: string, older: OlderFile): void {
  const { accounts, clientKeys, models } = older
  /** `placeOf` says where in the file a value of ours stands. */
  const from = (placeOf: (path: Path) => Path): Source => ({
    text: `file ${file}`,
    file,
    isPlaced: true,
    position: (path, key) => older.locate(placeOf(path), key),
  })
  /** For lists of things that know where they stand. */
  const entries = (list: readonly { at: Path }[]) => from(([, index, ...rest]) => [...(list[Number(index)]?.at ?? []), ...rest])

  if (accounts.length > 0) settings.assign(['jetbrains_accounts'], accounts.map(plainAccount), entries(accounts))
  if (clientKeys.length > 0) {
    const keys = clientKeys.map(({ name, key }): JsonObject => (name === undefined ? { key } : { name, key }))
    settings.assign(['client_api_keys'], keys, entries(clientKeys))
  }
  if (models.listed.length > 0)
    settings.assign(
      ['jetbrains', 'models'],
      models.listed,
      from(path => ['models', ...path.slice(2)]),
    )
  if (Object.keys(models.aliases).length > 0)
    settings.assign(
      ['models'],
      models.aliases,
      from(path => path),
    )
  if (Object.keys(models.mappings).length > 0)
    settings.assign(
      ['anthropic_model_mappings'],
      models.mappings,
      from(path => path),
    )
  for (const { path, value, at } of older.settings)
    settings.assign(
      path,
      value,
      from(() => at),
    )
}

/** An account as it could stand in our config; what its file did not say is left to the defaults. */
function plainAccount({ at, state, priority, enabled, ...texts }: OlderAccount): JsonObject {
  return { ...texts, ...(priority !== 1 && { priority }), ...(!enabled && { enabled }) }
}
