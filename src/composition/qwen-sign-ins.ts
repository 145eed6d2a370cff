import type { QwenCredential } from '../accounts/qwen/credential.ts'
import { SignIns } from '../accounts/qwen/sign-in.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { optionalBoolean, optionalString, requiredString } from '../core/fields.ts'
import type { JsonObject } from '../core/json.ts'
import type { AccountAdmin, QwenSignInAdmin } from '../http/services.ts'
import type { QwenService } from './qwen-service.ts'

export interface QwenSignInsOptions {
  qwen: QwenService
  accounts: Pick<AccountAdmin, 'create'>
  clock: Clock
  /** Aborted when the gateway stops: nobody waits on. */
  stopping: AbortSignal
}

/** Sign-ins of Qwen accounts over HTTP: what is approved becomes a stored account. */
export function createQwenSignIns({ qwen, accounts, clock, stopping }: QwenSignInsOptions): QwenSignInAdmin {
  const signIns = new SignIns<JsonObject>({
    // Of the settings in effect at each step: a sign-in outlives a reload.
    flow: { begin: () => qwen.flow.begin(), pollOnce: signIn => qwen.flow.pollOnce(signIn) },
    clock,
    accept: (credential: QwenCredential) => accounts.create({ credential: { kind: 'qwen_oauth', ...credential } }),
  })
  return {
    initiate: async () => ({ ...(await signIns.initiate()) }),
    async poll(body, signal) {
      const deviceCode = requiredString(body, 'device_code')
      const codeVerifier = optionalString(body, 'code_verifier')
      const wait = optionalBoolean(body, 'wait') ?? true
      try {
        const answer = await signIns.poll({ deviceCode, codeVerifier, wait, signal: AbortSignal.any([signal, stopping]) })
        if (answer.status === 'pending') return pending(answer.trouble)
        const { result: account, accessToken } = answer
        return { status: 'approved', account, access_token: accessToken, message: 'Authentication successful' }
      } catch (thrown) {
        if (thrown instanceof GatewayError) throw thrown
        if (signal.aborted) throw new GatewayError('cancelled', 'the client left before the sign-in was decided')
        if (stopping.aborted) return pending('the gateway is stopping')
        throw thrown
      }
    },
  }
}

const pending = (trouble: string | undefined): JsonObject => ({
  status: 'pending',
  ...(trouble !== undefined && { message: `${trouble}; poll again` }),
})
