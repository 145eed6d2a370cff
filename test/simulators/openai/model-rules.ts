/** What the vendor's models take, by name. */
export interface ModelRules {
  reasoning: boolean
  /** Sampling parameters are refused unless the effort is `none`, and then too on models that have no `none`. */
  samplingWithoutEffort: boolean
  stop: boolean
  maxOutput: number
}

export const EFFORTS: readonly string[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** Models in the list of an account, for `GET /models`. */
export const MODELS: readonly string[] = ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1', 'gpt-4.1-nano', 'o3', 'gpt-5', 'gpt-5.5', 'gpt-6.1-sol']

const VENDOR_NAME = /^(ft:)?(gpt-|o\d|chatgpt-|codex-|computer-use)/

export const isVendorModel = (model: string): boolean => VENDOR_NAME.test(model)

export function rulesOf(model: string): ModelRules {
  const name = model.replace(/^ft:/, '')
  const reasoning = /^(o\d|gpt-[5-9]|codex-)/.test(name) && !name.includes('chat')
  return {
    reasoning,
    samplingWithoutEffort: /^gpt-(5\.[1-9]|[6-9])/.test(name),
    stop: !reasoning || name.startsWith('o1'),
    maxOutput: reasoning ? 128_000 : name.startsWith('gpt-4.1') ? 32_768 : name.startsWith('gpt-4o') ? 16_384 : 128_000,
  }
}
