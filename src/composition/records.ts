import type { Logger } from '../log/logger.ts'
import type { RequestRecord, WriteRecord } from '../operations/accounting.ts'
import type { RequestRow } from '../store/request-row.ts'
import type { UsageWriter } from '../store/usage-writer.ts'

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
  usage: record.usage,
  notes: record.notes,
  error: record.error && `${record.error.kind}: ${record.error.message}`,
})

/** One row and one log line for every request; neither holds a word of what was said. */
export const createWriteRecord =
  (writer: UsageWriter, log: Logger): WriteRecord =>
  record => {
    writer.add(rowOf(record))
    const { usage, error } = record
    const fields = {
      request_id: record.id,
      route: record.route,
      key: record.keyName,
      model: record.model || undefined,
      provider: record.provider,
      account: record.account,
      upstream_model: record.upstreamModel === record.model ? undefined : record.upstreamModel,
      status: record.status,
      stream: record.stream,
      latency_ms: record.latencyMs,
      first_token_ms: record.stream ? record.firstTokenMs : undefined,
      input_tokens: usage?.inputTokens,
      output_tokens: usage?.outputTokens,
      cached_tokens: usage?.cachedInputTokens || undefined,
      reasoning_tokens: usage?.reasoningTokens || undefined,
      estimated: usage?.estimated || undefined,
      attempts: record.attempts.length,
      notes: record.notes.length > 0 ? record.notes.map(({ action, field }) => `${action}:${field}`) : undefined,
      error: error?.message,
      error_kind: error?.kind,
      // Our own faults have a trace; an upstream's body may quote the conversation, or the key.
      cause: record.cause instanceof Error ? record.cause : undefined,
    }
    if (error && record.status >= 500) log.warn(fields, 'request failed')
    else log.info(fields, 'request')
  }
