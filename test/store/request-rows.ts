import type { RequestRow } from '../../src/store/request-row.ts'
import type { StoreLog } from '../../src/store/usage-writer.ts'

export const requestRow = (changes: Partial<RequestRow> & { id: string; at: number }): RequestRow => ({
  key: 'key_1',
  route: '/v1/chat/completions',
  model: 'gpt-4o',
  provider: 'OpenAI',
  account: 'OpenAI-1',
  upstreamModel: 'gpt-4o-2024',
  status: 200,
  stream: true,
  latencyMs: 1200.4,
  firstTokenMs: 300,
  attempts: [{ provider: 'OpenAI', account: 'OpenAI-1', outcome: 'ok', status: 200, ms: 1200 }],
  skipped: [],
  usage: { inputTokens: 100, outputTokens: 20, cachedInputTokens: 40, reasoningTokens: 5 },
  costUsd: 0.1,
  notes: [],
  ...changes,
})

export interface LogLine {
  level: 'info' | 'warn' | 'error'
  message: string
  details: object
}

export function recordingLog(): StoreLog & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (details: object, message: string) => void lines.push({ level, message, details })
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}
