import type { Clock } from '../core/clock.ts'
import { numeral, quoted } from '../core/quoted.ts'
import type { ClientRouteServices } from '../http/client-route.ts'
import type { Usage } from '../ir/usage.ts'
import type { Logger } from '../log/logger.ts'
import { type RequestRecord, recordable, type WriteRecord } from '../operations/accounting.ts'
import type { RequestRow, RequestUsage } from '../store/request-row.ts'
import type { UsageWriter } from '../store/usage-writer.ts'

/** Without what only the answer needed: a vendor's own usage object would be kept as long as the row. */
const usageOf = (usage: Usage): RequestUsage => ({
  inputTokens: usage.inputTokens,
  outputTokens: usage.outputTokens,
  cachedInputTokens: usage.cachedInputTokens,
  cacheWriteTokens: usage.cacheWriteTokens,
  reasoningTokens: usage.reasoningTokens,
  estimated: usage.estimated,
  spent: usage.spent,
})

const rowOf = (record: RequestRecord): RequestRow => ({
  id: record.id,
  at: record.at,
  key: record.keyId,
  route: record.route,
  model: record.model || undefined,
  provider: record.provider,
  account: record.account,
  upstreamModel: record.upstreamModel,
  status: record.status,
  stream: record.stream,
  latencyMs: record.latencyMs,
  firstTokenMs: record.firstTokenMs,
  attempts: record.attempts,
  skipped: record.skipped,
  usage: record.usage && usageOf(record.usage),
  notes: record.notes,
  error: record.error && `${record.error.kind}: ${record.error.message}`,
})

/** One row and one log line for every request; neither holds a word of what was said. */
export const createWriteRecord =
  (writer: UsageWriter, log: Logger): WriteRecord =>
  record => {
    writer.add(rowOf(record))
    if (!record.error) {
      if (log.says('info')) log.line(membersOf(record), 'request')
      return
    }
    const { error } = record
    const fields = {
      ...JSON.parse(`{${membersOf(record)}}`),
      error: error.message,
      error_kind: error.kind,
      // Our own faults have a trace; an upstream's body may quote the conversation, or the key.
      cause: record.cause instanceof Error ? record.cause : undefined,
    }
    if (record.status >= 500) log.warn(fields, 'request failed')
    else log.info(fields, 'request')
  }

/** What a request's line says, as JSON without the braces. */
function membersOf(record: RequestRecord): string {
  const { usage, notes } = record
  let text = `"request_id":"${record.id}","route":${quoted(record.route)},"key":${quoted(record.keyName)}`
  if (record.model) text += `,"model":${quoted(record.model)}`
  if (record.provider !== undefined) text += `,"provider":${quoted(record.provider)}`
  if (record.account !== undefined) text += `,"account":${quoted(record.account)}`
  if (record.upstreamModel !== undefined && record.upstreamModel !== record.model)
    text += `,"upstream_model":${quoted(record.upstreamModel)}`
  text += `,"status":${numeral(record.status)},"stream":${record.stream},"latency_ms":${numeral(record.latencyMs)}`
  if (record.stream && record.firstTokenMs !== undefined) text += `,"first_token_ms":${numeral(record.firstTokenMs)}`
  if (record.estimatedInputTokens !== undefined) text += `,"estimated_input_tokens":${numeral(record.estimatedInputTokens)}`
  if (usage) {
    text += `,"input_tokens":${numeral(usage.inputTokens)},"output_tokens":${numeral(usage.outputTokens)}`
    if (usage.cachedInputTokens) text += `,"cached_tokens":${numeral(usage.cachedInputTokens)}`
    if (usage.reasoningTokens) text += `,"reasoning_tokens":${numeral(usage.reasoningTokens)}`
    if (usage.estimated) text += ',"estimated":true'
    if (usage.spent !== undefined) text += `,"spent":${JSON.stringify(usage.spent)}`
  }
  text += `,"attempts":${record.attempts.length}`
  if (notes.length > 0) text += `,"notes":${JSON.stringify(notes.map(({ action, field }) => `${action}:${field}`))}`
  return text
}

/**
 * The log line of an answer that no operation accounts for; where it was an error to somebody's key, the row too. Strangers' failures leave no rows: they
 * could fill the table.
 */
export const createAnswered =
  (write: WriteRecord, log: Logger, clock: Clock): ClientRouteServices['answered'] =>
  ({ id, route, status, latencyMs, caller, error }) => {
    const latency = Math.round(latencyMs * 10) / 10
    const message = error && recordable(error, { attempts: [] })
    if (!error || !caller) {
      const fields = {
        request_id: id,
        route,
        key: caller?.name,
        status,
        latency_ms: latency,
        error: message,
        error_kind: error?.kind,
      }
      log.info(fields, error ? 'request refused' : 'request')
      return
    }
    write({
      ...{ id, at: clock.now() - Math.round(latencyMs), keyId: caller.id, keyName: caller.name, route, model: '', status, stream: false },
      ...{ latencyMs: latency, attempts: [], skipped: [], notes: [] },
      error: { kind: error.kind, message: message ?? '' },
    })
  }
