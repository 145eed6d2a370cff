import type { FormatLine } from './logger.ts'

type Fields = Record<string, unknown>

/** Told by the line's own parts, not once more as fields. */
const SHOWN = new Set(['level', 'time', 'msg'])

const fieldText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const rest = (fields: Fields, shown: ReadonlySet<string>): string =>
  Object.entries(fields)
    .filter(([name]) => !shown.has(name))
    .map(([name, value]) => `${name}=${fieldText(value)}`)
    .join(' ')

const OF_REQUEST = new Set([
  ...SHOWN,
  ...['status', 'route', 'model', 'provider', 'account', 'upstream_model', 'key', 'stream', 'latency_ms', 'first_token_ms', 'attempts'],
  ...['input_tokens', 'output_tokens', 'cached_tokens', 'reasoning_tokens', 'estimated', 'estimated_input_tokens'],
  ...['error', 'error_kind', 'notes'],
])

/** `200 /v1/messages claude-x → OpenAI gpt-4o, 812 ms, first 120 ms, ~118 in estimated, 120 in (40 cached) 200 out, by ci  request_id=req_…` */
function requestText(fields: Fields): string {
  const { status, route, model, provider, upstream_model: upstream, latency_ms: latency, first_token_ms: first } = fields
  const { input_tokens: input, output_tokens: output, cached_tokens: cached, reasoning_tokens: reasoning } = fields
  const parts = [
    `${status} ${route}${model === undefined ? '' : ` ${model}`}${provider === undefined ? '' : ` → ${provider}${upstream === undefined ? '' : ` ${upstream}`}`}`,
    latency !== undefined && `${latency} ms`,
    first !== undefined && `first ${first} ms`,
    fields.estimated_input_tokens !== undefined && `~${fields.estimated_input_tokens} in estimated`,
    input !== undefined &&
      `${input} in${cached ? ` (${cached} cached)` : ''} ${output} out${reasoning ? ` (${reasoning} reasoning)` : ''}${fields.estimated ? ', estimated' : ''}`,
    Number(fields.attempts) > 1 && `${fields.attempts} attempts`,
    fields.key !== undefined && `by ${fields.key}`,
    Array.isArray(fields.notes) && `notes: ${fields.notes.join(', ')}`,
    fields.error !== undefined && `${fields.error_kind}: ${fields.error}`,
  ]
  return `${parts.filter(part => typeof part === 'string').join(', ')}  ${rest(fields, OF_REQUEST)}`
}

/** Coloured lines for people: a request in a sentence, anything else as its message and fields. Loaded only where somebody looks. */
export async function prettyFormat(): Promise<FormatLine> {
  const { prettyFactory } = await import('pino-pretty')
  return prettyFactory({
    colorize: true,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    messageFormat(log, messageKey) {
      const fields = log as Fields
      const message = String(fields[messageKey])
      const text = fields.status !== undefined && fields.route !== undefined ? requestText(fields) : `${message} ${rest(fields, SHOWN)}`
      // One event, one line, whatever a name may hold.
      return text.trimEnd().replace(/\p{Cc}+/gu, ' ')
    },
  })
}
