import type { Clock } from '../core/clock.ts'
import type { ClientRouteServices } from '../http/client-route.ts'
import type { Logger } from '../log/logger.ts'
import { type RequestRecord, recordable, type WriteRecord } from '../operations/accounting.ts'
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
