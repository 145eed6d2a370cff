import { numeral, quoted } from '../core/quoted.ts'
import type { AttemptRow, RequestRow, RequestUsage } from './request-row.ts'

/** A row as JSON. What nearly all rows are, a request that went well at the first attempt, is put together by hand: it is said with every request. */
export function requestRowText(row: RequestRow): string {
  const [attempt, ...others] = row.attempts
  const plain = attempt && others.length === 0 && row.skipped.length === 0 && row.notes.length === 0 && row.error === undefined
  if (!plain || row.costUsd !== undefined) return JSON.stringify(row)
  let text = `{"id":"${row.id}","at":${numeral(row.at)},"route":${quoted(row.route)},"status":${numeral(row.status)},"stream":${row.stream},"latencyMs":${numeral(row.latencyMs)}`
  if (row.key !== undefined) text += `,"key":${quoted(row.key)}`
  if (row.model !== undefined) text += `,"model":${quoted(row.model)}`
  if (row.provider !== undefined) text += `,"provider":${quoted(row.provider)}`
  if (row.account !== undefined) text += `,"account":${quoted(row.account)}`
  if (row.upstreamModel !== undefined) text += `,"upstreamModel":${quoted(row.upstreamModel)}`
  if (row.firstTokenMs !== undefined) text += `,"firstTokenMs":${numeral(row.firstTokenMs)}`
  if (row.usage) text += `,"usage":${usageText(row.usage)}`
  return `${text},"attempts":[${attemptText(attempt)}],"skipped":[],"notes":[]}`
}

function attemptText(attempt: AttemptRow): string {
  // Whatever else an attempt may hold by now is not left out.
  if (Object.keys(attempt).length !== ATTEMPT_MEMBERS) return JSON.stringify(attempt)
  const { provider, account, model, outcome, status, ms } = attempt
  if (model === undefined || status === undefined) return JSON.stringify(attempt)
  return `{"provider":${quoted(provider)},"account":${quoted(account)},"model":${quoted(model)},"outcome":${quoted(outcome)},"status":${numeral(status)},"ms":${numeral(ms)}}`
}

const ATTEMPT_MEMBERS = 6

function usageText(usage: RequestUsage): string {
  if (usage.spent !== undefined) return JSON.stringify(usage)
  let text = `{"inputTokens":${numeral(usage.inputTokens)},"outputTokens":${numeral(usage.outputTokens)}`
  if (usage.cachedInputTokens !== undefined) text += `,"cachedInputTokens":${numeral(usage.cachedInputTokens)}`
  if (usage.cacheWriteTokens !== undefined) text += `,"cacheWriteTokens":${numeral(usage.cacheWriteTokens)}`
  if (usage.reasoningTokens !== undefined) text += `,"reasoningTokens":${numeral(usage.reasoningTokens)}`
  return `${text}${usage.estimated === undefined ? '' : `,"estimated":${usage.estimated}`}}`
}
