import { expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { betasFor } from '../../../src/dialects/anthropic/betas.ts'

test.each<[JsonObject, string | undefined]>([
  [{ model: 'm', messages: [{ role: 'user', content: [] }], thinking: { type: 'adaptive', display: 'summarized' } }, undefined],
  [{ speed: null, context_management: null }, undefined],
  [{ speed: 'standard' }, 'fast-mode-2026-02-01'],
  [{ mcp_servers: [] }, 'mcp-client-2025-11-20'],
  [{ output_format: {} }, 'structured-outputs-2025-11-13'],
  [{ fallbacks: [] }, 'server-side-fallback-2026-07-01'],
  [{ fallback_credit_token: 't' }, 'fallback-credit-2026-07-01'],
  [{ compaction: {} }, 'compact-2026-09-04'],
  [{ thread: 't' }, 'message-threads-2026-08-12'],
  [{ thinking: { type: 'adaptive', display: 'updates' } }, 'thinking-display-updates-2026-08-18'],
  [{ messages: [{ role: 'system', content: [], output_config: { effort: 'low' } }] }, 'mid-conversation-output-config-2026-07-01'],
  [
    { context_management: { edits: [] }, output_config: { task_budget: { total: 1 } } },
    'context-management-2025-06-27,task-budgets-2026-03-13',
  ],
])('%j needs %p', (body, betas) => {
  expect(betasFor(body)).toBe(betas as string)
})
