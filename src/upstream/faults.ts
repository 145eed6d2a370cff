import { GatewayError } from '../core/errors.ts'
import { HttpError } from './http1/http-error.ts'

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`

export function limitError(limit: 'connect' | 'first_byte' | 'idle', ms: number): GatewayError {
  const message = {
    connect: `no connection to the upstream within ${seconds(ms)}`,
    first_byte: `no answer from the upstream within ${seconds(ms)}`,
    idle: `the upstream fell silent for ${seconds(ms)}`,
  }[limit]
  return new GatewayError('timeout', message, { upstream: { limit, maybeExecuted: limit !== 'connect' } })
}

const MESSAGES = {
  connecting: 'the upstream could not be reached',
  before: 'the upstream closed the connection without an answer',
  within: "the upstream's connection broke",
} as const

/** Errors of sockets carry addresses in their text: only the code is shown. */
export function connectionError(error: unknown, phase: keyof typeof MESSAGES): GatewayError {
  if (error instanceof GatewayError) return error
  const upstream = { maybeExecuted: phase !== 'connecting' }
  if (error instanceof HttpError) {
    return new GatewayError('bad-gateway', `the upstream's answer cannot be read: ${error.message}`, { upstream })
  }
  const code = (error as { code?: unknown } | null | undefined)?.code
  const word = typeof code === 'string' && /^[\w-]{1,60}$/.test(code) ? ` (${code})` : ''
  return new GatewayError('bad-gateway', MESSAGES[phase] + word, { cause: code ?? (error as Error | undefined)?.name, upstream })
}
