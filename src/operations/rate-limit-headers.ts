import type { DialectId } from '../ir/dialect-id.ts'

type Family = 'openai' | 'anthropic'

/** Whose names for the same numbers a dialect's clients read. */
const FAMILY: Partial<Record<DialectId, Family>> = { 'openai-chat': 'openai', 'openai-responses': 'openai', anthropic: 'anthropic' }

/** What both vendors count. Anthropic's limits of input and output tokens alone mean nothing at OpenAI, and its subscriptions' are shown to people: both stay out. */
const COUNTED = ['requests', 'tokens'] as const

type Figure = 'limit' | 'remaining' | 'reset'

const NAMES: Record<Family, (figure: Figure, counted: string) => string> = {
  openai: (figure, counted) => `x-ratelimit-${figure}-${counted}`,
  anthropic: (figure, counted) => `anthropic-ratelimit-${counted}-${figure}`,
}

/**
 * The rate limits of an upstream as the client's dialect calls them (dialects.md §5.4): the same counts, and the time of the reset as a time of day
 * instead of a duration or the reverse. `now` in milliseconds. Empty within one dialect, where the headers pass as they are.
 */
export function translateRateLimits(headers: Pick<Headers, 'get'>, from: DialectId, to: DialectId, now: number): Record<string, string> {
  const [source, target] = [FAMILY[from], FAMILY[to]]
  if (!source || !target || source === target) return {}
  const translated: Record<string, string> = {}
  for (const counted of COUNTED) {
    for (const figure of ['limit', 'remaining', 'reset'] as const) {
      const said = headers.get(NAMES[source](figure, counted))
      if (said === null) continue
      const value = figure === 'reset' ? resetIn(target, said, now) : /^\d{1,15}$/.test(said) ? said : undefined
      if (value !== undefined) translated[NAMES[target](figure, counted)] = value
    }
  }
  return translated
}

function resetIn(target: Family, said: string, now: number): string | undefined {
  if (target === 'anthropic') {
    const ms = parseDuration(said)
    return ms === undefined ? undefined : new Date(Math.ceil((now + ms) / 1000) * 1000).toISOString().replace('.000Z', 'Z')
  }
  const at = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(said) ? Date.parse(said) : Number.NaN
  return Number.isNaN(at) ? undefined : formatDuration(Math.max(0, at - now))
}

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const

/** `6m0s`, `1h2m3.5s`, `120ms`, or seconds alone; undefined for anything else, e.g. the time of day that some servers send. Milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (/^\d{1,7}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000)
  if (!/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(text) || text.length > 40) return undefined
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) ms += Number(amount) * UNITS[unit as keyof typeof UNITS]
  return ms <= 400 * UNITS.d ? Math.round(ms) : undefined
}

/** Milliseconds as OpenAI writes them: `120ms`, `1.5s`, `6m0s`, `1h0m3s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  const tenths = Math.round(ms / 100)
  const [hours, minutes, seconds] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10]
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`
}
