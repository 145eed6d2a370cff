import type { Clock } from '../core/clock.ts'
import { GatewayError, invalidField } from '../core/errors.ts'
import type { Store } from './database.ts'
import { checkName, LONGEST_NAME } from './names.ts'
import type { ModelsTable } from './tables.ts'

export interface ModelTargetRecord {
  /** Absent: whichever provider has the model. */
  provider?: string
  model: string
}

/** What a public name of a model stands for: another name, or models of providers, tried in this order. */
export type ModelMeaning = { alias: string } | { targets: ModelTargetRecord[] }

/** Callers of which dialect a name is for. */
export type ModelDialect = 'any' | 'anthropic'

export interface NewModel {
  name: string
  dialect: ModelDialect
  target: ModelMeaning
  /** Where it comes from: `admin`, `import`. */
  origin: string
}

export interface ModelRecord extends NewModel {
  /** Epoch ms. */
  createdAt: number
  version: number
}

/** The names of models that are kept in the database. One name may mean one thing to Anthropic's callers and another to all others. */
export interface Models {
  /** By name. */
  list(): Promise<ModelRecord[]>
  /**
   * Puts all of them in at once, in place of those of the same name and dialect; what is the same already stays as it is.
   * @throws {GatewayError} naming the entry at fault as `models.<index>…`; then none is put in
   */
  put(models: readonly NewModel[]): Promise<{ added: number; changed: number }>
  /** Removes the name, for one dialect or for all. @throws {GatewayError} `model-not-found` */
  remove(name: string, dialect?: ModelDialect): Promise<void>
}

export const createModels = ({ store, clock }: { store: Store; clock: Clock }): Models => ({
  async list() {
    const rows = await store.db.selectFrom('models').selectAll().orderBy('name').orderBy('dialect').execute()
    return rows.map(modelFromRow)
  },

  async put(models) {
    for (const [index, model] of models.entries()) checkModel(`models.${index}`, model)
    return store.durable(async tx => {
      let added = 0
      let changed = 0
      for (const { name, dialect, target, origin } of models) {
        const text = meaningText(target)
        const before = await tx.selectFrom('models').selectAll().where('name', '=', name).where('dialect', '=', dialect).executeTakeFirst()
        if (!before) {
          const row = { name, dialect, target: text, origin, created_at: clock.now(), version: 1 }
          await tx.insertInto('models').values(row).execute()
          added++
        } else if (before.target !== text || before.origin !== origin) {
          const set = { target: text, origin, version: before.version + 1 }
          await tx.updateTable('models').set(set).where('name', '=', name).where('dialect', '=', dialect).execute()
          changed++
        }
      }
      return { added, changed }
    })
  },

  async remove(name, dialect) {
    const { numDeletedRows } = await store.durable(tx => {
      const named = tx.deleteFrom('models').where('name', '=', name)
      return (dialect === undefined ? named : named.where('dialect', '=', dialect)).executeTakeFirst()
    })
    if (numDeletedRows === 0n) throw new GatewayError('model-not-found', `no stored model has the name "${name.slice(0, LONGEST_NAME)}"`)
  },
})

/** The same text for the same meaning, whatever the order of its fields. */
const meaningText = (meaning: ModelMeaning): string =>
  JSON.stringify(
    'alias' in meaning ? { alias: meaning.alias } : { targets: meaning.targets.map(({ provider, model }) => ({ provider, model })) },
  )

const modelFromRow = ({ name, dialect, target, origin, created_at, version }: ModelsTable): ModelRecord => ({
  name,
  dialect: dialect as ModelDialect,
  target: JSON.parse(target) as ModelMeaning,
  origin,
  createdAt: Number(created_at),
  version,
})

/** @throws {GatewayError} naming the member at fault below `path` */
export function checkModel(path: string, { name, target }: Pick<NewModel, 'name' | 'target'>): void {
  checkName(`${path}.name`, name)
  if ('alias' in target) {
    checkName(`${path}.alias`, target.alias)
    if (target.alias === name) throw invalidField(`${path}.alias`, 'is the name itself', 'invalid_value')
    return
  }
  if (target.targets.length === 0) throw invalidField(`${path}.targets`, 'must not be empty', 'invalid_value')
  for (const [index, { provider, model }] of target.targets.entries()) {
    checkName(`${path}.targets.${index}.model`, model)
    if (provider !== undefined) checkName(`${path}.targets.${index}.provider`, provider)
  }
}
