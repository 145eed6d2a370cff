import data from './model-data.json' with { type: 'json' }
import { fits } from './provider.ts'

/** Tokens that a model takes and gives. What is not known is absent, and nothing is held back for it. */
export interface ModelLimits {
  /** Prompt and answer together. */
  contextWindow?: number
  /** What the server takes of prompt, where it is known to be less than the window. */
  maxInput?: number
  maxOutput?: number
}

/** What an embeddings model takes and gives (qwen.md §2.7). */
export interface EmbeddingLimits {
  /** Lengths of vectors that can be asked for, and the usual one. */
  dimensions: readonly number[]
  defaultDimensions: number
  /** Texts of one call. */
  maxBatch: number
  /** Tokens of one text. */
  maxRowTokens: number
}

export type QwenPlanName = 'coding' | 'token' | 'standard'
export type QwenRegion = 'china' | 'singapore' | 'us' | 'hongkong'

/** A way to pay for Qwen by key (qwen.md §4.1). */
export interface QwenPlan {
  plan: QwenPlanName
  /** What its vendor calls it. */
  title: string
  /** The environment variable that the vendor's own tool reads the key from. */
  keyEnv: string
  /** How its keys begin, where they differ from others. */
  keyPrefix?: string
  /** Base URLs; a plan is not sold everywhere. */
  regions: ReadonlyMap<QwenRegion, string>
  /** Names and patterns; absent where the plan is not known to be limited to some. */
  models?: readonly string[]
}

/** A row of the file: names or patterns (`*` stands for anything), whatever their case. */
interface ModelRow {
  match: readonly string[]
  context_window?: number
  max_input?: number
  max_output?: number
}

interface PlanRow {
  plan: string
  title: string
  key_env: string
  key_prefix?: string
  regions: Readonly<Record<string, string | undefined>>
  models?: readonly string[]
}

/** The file as it stands, for `dragoman models --json`. */
export const modelData: Readonly<typeof data> = data

const ROWS: readonly ModelRow[] = data.models
const PLAN_ROWS: readonly PlanRow[] = data.qwen.plans

const isPattern = (match: string): boolean => match.includes('*')

/** The row that names a model, else the first with a pattern that fits. */
function rowFinder<Row extends { match: readonly string[] }, Found>(
  rows: readonly Row[],
  read: (row: Row) => Found,
): (model: string) => Found | undefined {
  const lowered = rows.flatMap(row => row.match.map(match => ({ match: match.toLowerCase(), found: read(row) })))
  const exact = new Map(lowered.filter(({ match }) => !isPattern(match)).map(({ match, found }) => [match, found]))
  const patterns = lowered.filter(({ match }) => isPattern(match))
  return model => {
    const name = model.toLowerCase()
    return exact.get(name) ?? patterns.find(({ match }) => fits(name, match))?.found
  }
}

/** What is known of a model by its vendor's name for it: windows and caps as vendors document or their servers state them (qwen.md §2.6, §3.2, §4.1). */
export const limitsOfModel: (model: string) => ModelLimits | undefined = rowFinder(ROWS, row => ({
  ...(row.context_window !== undefined && { contextWindow: row.context_window }),
  ...(row.max_input !== undefined && { maxInput: row.max_input }),
  ...(row.max_output !== undefined && { maxOutput: row.max_output }),
}))

/** What is known of a Qwen embeddings model. */
export const embeddingLimitsOf: (model: string) => EmbeddingLimits | undefined = rowFinder(data.embeddings, row => ({
  dimensions: row.dimensions,
  defaultDimensions: row.default_dimensions,
  maxBatch: row.max_batch,
  maxRowTokens: row.max_row_tokens,
}))

/** Names of all Qwen embeddings models that are known. */
export const EMBEDDING_MODELS: readonly string[] = data.embeddings.flatMap(({ match }) => match)

/** What a signed-in Qwen account serves; anything else is a 400 there (qwen.md §2.6). */
export const QWEN_OAUTH_MODELS: readonly string[] = data.qwen.oauth.models

/** Further names for those, which mean something else to a key: over OAuth only. */
export const QWEN_OAUTH_ALIASES: ReadonlyMap<string, string> = new Map(Object.entries(data.qwen.oauth.aliases))

export const QWEN_PLANS: readonly QwenPlan[] = PLAN_ROWS.map(({ plan, title, key_env, key_prefix, regions, models }) => ({
  plan: plan as QwenPlanName,
  title,
  keyEnv: key_env,
  ...(key_prefix !== undefined && { keyPrefix: key_prefix }),
  regions: new Map(Object.entries(regions).filter((entry): entry is [QwenRegion, string] => entry[1] !== undefined)),
  ...(models && { models }),
}))

/** Where whoever does not say is taken to be: the international site, which every plan has. */
export const QWEN_USUAL_REGION: QwenRegion = 'singapore'

export const qwenPlan = (name: QwenPlanName): QwenPlan => QWEN_PLANS.find(({ plan }) => plan === name) as QwenPlan

/** The base URL of a plan in a region; undefined where it is not sold there. */
export const qwenPlanUrl = (plan: QwenPlanName, region: QwenRegion = QWEN_USUAL_REGION): string | undefined =>
  qwenPlan(plan).regions.get(region)
