import type { TokenSource } from '../accounts/token-source.ts'
import { GatewayError, type UpstreamFault } from '../core/errors.ts'
import type { Dialect, UpstreamCodec } from '../dialects/dialect.ts'
import type { Lease } from '../routing/attempt.ts'
import type { Leaving, UpstreamLimits, UpstreamRequest, UpstreamResponse } from '../upstream/client.ts'
import { readSome } from '../upstream/read-all.ts'
import { quotesSecret, withoutSecrets } from './redact.ts'
import type { RequestTrace } from './tracing/request-trace.ts'
import { tracedSend } from './tracing/traced-send.ts'

/** An error body is kept whole up to this size, so that the same dialect can get it unchanged. */
const LONGEST_ERROR = 1024 * 1024

/** The upstream's own words for a failure, for a client that speaks its dialect. */
export interface RawAnswer {
  dialect: Dialect
  status: number
  headers: Headers
  body: Uint8Array
}

const rawAnswers = new WeakMap<GatewayError, RawAnswer>()

/** What the upstream answered with this error, where it did. */
export const rawAnswerOf = (error: unknown): RawAnswer | undefined =>
  error instanceof GatewayError ? (rawAnswers.get(error) ?? rawAnswerOf(error.cause)) : undefined

export interface UpstreamCall {
  body: string
  /** Added to the provider's own headers. */
  headers: Record<string, string>
  path: string
  client: Leaving
  /** Default: the provider's own. */
  limits?: UpstreamLimits
  trace?: RequestTrace
}

/**
 * Calls the lease's upstream. @throws GatewayError for everything but a 2xx: the error as the dialect reads it, the raw answer kept beside it.
 */
export async function callUpstream({ target, account, wire }: Lease, codec: UpstreamCodec, call: UpstreamCall): Promise<UpstreamResponse> {
  const { provider } = target
  const url = provider.url?.(call.path, wire.model) ?? (provider.baseUrlOf?.(account) ?? provider.baseUrl) + call.path
  const via = call.trace && { provider: provider.name, account: account.label, model: wire.model, secrets: provider.secrets(account) }
  const ask = call.trace && via ? tracedSend(provider.send, call.trace, via) : provider.send
  const send = (token?: string) =>
    ask({
      url,
      ...headersOf(call.headers, provider.headers(account, token)),
      body: call.body,
      limits: call.limits ?? provider.limits,
      client: call.client,
    })
  const { credential } = account
  const response = credential.kind === 'token' ? await sendWithToken(credential.source, send) : await send()
  const { status } = response
  if (status >= 200 && status < 300) return response
  if (status < 400) {
    response.body.release()
    throw new GatewayError('bad-gateway', `the upstream redirects (${status}); its base URL may be wrong`, { upstream: { status } })
  }
  const body = await readSome(response.body, LONGEST_ERROR)
  const text = new TextDecoder().decode(body)
  const headers = new Headers([...response.headers])
  const error = codec.decodeError(status, headers, text, wire.traits)
  const secrets = provider.secrets(account)
  const known = withoutSecrets(secrets, withStatus(error, { status, ...error.upstream }))
  if (!quotesSecret(secrets, text)) rawAnswers.set(known, { dialect: wire.dialect, status, headers, body })
  throw known
}

const REFUSALS: readonly number[] = [401]

/** A token that the upstream refuses is replaced once: it may have been revoked before its time. One that was only found may have been, too. */
async function sendWithToken(source: TokenSource, send: (token: string) => Promise<UpstreamResponse>): Promise<UpstreamResponse> {
  const token = await source.current()
  const response = await send(token)
  const second = await sendWithAnother(source, token, response, send)
  if (!second || !source.isFound?.(second.token)) return second?.response ?? response
  return (await sendWithAnother(source, second.token, second.response, send))?.response ?? second.response
}

/** Undefined where the token was not refused, or there is no other. */
async function sendWithAnother(
  source: TokenSource,
  token: string,
  { status, body }: UpstreamResponse,
  send: (token: string) => Promise<UpstreamResponse>,
): Promise<{ token: string; response: UpstreamResponse } | undefined> {
  if (!(source.refusals ?? REFUSALS).includes(status)) return undefined
  const other = await source.replace(token).catch(error => {
    body.release()
    throw error
  })
  if (other === undefined) return undefined
  body.release()
  return { token: other, response: await send(other) }
}

const BETAS = 'anthropic-beta'

/** The provider's own headers win over the call's; betas are a list, of which none takes another's place. */
function headersOf(headers: Record<string, string>, standing: Record<string, string>): Pick<UpstreamRequest, 'headers' | 'standing'> {
  const [ofCall, ofProvider] = [headers[BETAS], standing[BETAS]]
  if (ofCall === undefined || ofProvider === undefined) return { headers, standing }
  return { headers: { ...headers, ...standing, [BETAS]: `${ofCall},${ofProvider}` }, standing: NOTHING }
}

const NOTHING: Record<string, string> = {}

/** Routing relies on the status being there. */
const withStatus = (error: GatewayError, upstream: UpstreamFault): GatewayError =>
  error.upstream?.status === undefined ? new GatewayError(error.kind, error.message, { ...error, upstream, cause: error.cause }) : error
