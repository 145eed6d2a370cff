import type { Account } from '../accounts/account.ts'
import type { HealthReport } from '../http/services.ts'
import type { State } from './state.ts'

/** `GET /health`: counts only. Nothing can serve → `down`; something cannot → `degraded`. */
export function healthReport(
  state: State,
  accounts: readonly Account[],
  now: number,
  more: { uptimeMs: number; version: string },
): HealthReport {
  const healthy = accounts.filter(account => !account.summary(now)).length
  const status = healthy === 0 ? 'down' : healthy < accounts.length ? 'degraded' : 'ok'
  return {
    status,
    healthy_tokens: healthy,
    total_tokens: accounts.length,
    strategy: state.config.load_balance_strategy,
    version: more.version,
    uptime_s: Math.floor(more.uptimeMs / 1000),
    server_info: { host: state.config.server_host, port: state.config.server_port },
  }
}
