import { asGatewayError, type ErrorKind, GatewayError } from '../../core/errors.ts'
import type { Lease } from '../../routing/attempt.ts'

const ABOUT_ROUTE: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['not-found', 'model-not-found', 'permission'])

/**
 * An upstream's error as it is to be understood of embeddings. A server without this route, or whose model is for chats, may chat very well: such an error
 * says nothing of the account.
 */
export function aboutEmbeddings(thrown: unknown, { target: { provider } }: Lease): GatewayError {
  const error = asGatewayError(thrown)
  if (error.kind === 'context-too-long') return retold(error, error.kind, error.message, { ...error, param: 'input' })
  const kind = meaningOf(error)
  if (kind === undefined) return error
  const message = error.quotes
    ? error.message
    : `provider '${provider.name}' serves no embeddings: it answered with status ${error.upstream?.status}`
  return retold(error, kind, message, { ...error, upstream: undefined })
}

/** Undefined: not about embeddings. */
function meaningOf({ kind, message, upstream }: GatewayError): ErrorKind | undefined {
  if (upstream?.speaksOfAccount) return undefined
  if (kind === 'method-not-allowed' || upstream?.status === 501) return 'not-found'
  // OpenAI's refusal of chat models.
  if (kind === 'permission' && /embedding/i.test(message)) return 'model-not-found'
  return ABOUT_ROUTE.has(kind) ? kind : undefined
}

/** Only where the error means what the upstream said it does, the caller may be shown the upstream's own words for it. */
function retold(error: GatewayError, kind: ErrorKind, message: string, details: Partial<GatewayError>): GatewayError {
  const same = kind === error.kind && !error.upstream?.retell
  return new GatewayError(kind, message, { ...details, cause: same ? error : undefined })
}
