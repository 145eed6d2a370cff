import { Pool } from '../../../src/accounts/pool.ts'
import { isObject, type JsonObject } from '../../../src/core/json.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import type { RequestRecord } from '../../../src/operations/accounting.ts'
import type { Call, ClientDialect } from '../../../src/operations/call.ts'
import { embeddings } from '../../../src/operations/embeddings.ts'
import type { Provider } from '../../../src/routing/provider.ts'
import { pulledBody } from '../../../src/upstream/body.ts'
import type { Send, UpstreamRequest, UpstreamResponse } from '../../../src/upstream/client.ts'
import { paperAccount } from '../../accounts/paper-accounts.ts'
import { paperProvider } from '../../routing/providers.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { catalogOf } from '../answer-support.ts'

/** What an upstream answers. */
export function reply(body: unknown, status = 200): UpstreamResponse {
  const pieces = [Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))]
  return {
    status,
    headers: new Headers({ 'content-type': 'application/json', 'x-ratelimit-remaining-requests': '7', 'set-cookie': 'a=b' }),
    body: pulledBody(
      async () => pieces.shift(),
      () => {},
    ),
  }
}

export const bodyOf = ({ body }: UpstreamRequest): JsonObject => {
  const parsed: unknown = JSON.parse(body)
  if (!isObject(parsed)) throw new Error('no object')
  return parsed
}

/** Answers each row with the length of its text, counting a token for each character. */
export function lengths(request: UpstreamRequest): UpstreamResponse {
  const { input, model } = bodyOf(request)
  const rows = Array.isArray(input) ? input.map(String) : [String(input)]
  const tokens = rows.join('').length
  return reply({
    object: 'list',
    data: rows.map((row, index) => ({ object: 'embedding', index, embedding: [row.length] })),
    model: model ?? null,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  })
}

export const openaiProvider = (name: string, send: Send, more: Partial<Provider> = {}, accounts = 1): Provider =>
  paperProvider(name, { dialect: openaiChat, send, ...more }, accounts)

/** A provider of Qwen with accounts of these kinds. */
export const qwenProvider = (send: Send, kinds: readonly string[] = ['api_key'], more: Partial<Provider> = {}): Provider =>
  openaiProvider('qwen', send, {
    type: 'qwen',
    pool: new Pool(kinds.map((kind, index) => paperAccount(`qwen-${index + 1}`, { kind }))),
    headers: ({ label }) => ({ 'x-account': label }),
    ...more,
  })

export interface Asked {
  status: number
  text: string
  body: JsonObject
  headers: Record<string, string>
  record: RequestRecord
}

/** Asks the operation as a client would. */
export async function ask(
  providers: Provider[],
  body: JsonObject | string,
  client: Pick<AbortController, 'signal'> = new AbortController(),
): Promise<Asked> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const records: RequestRecord[] = []
  const call: Call = {
    requestId: 'req_1',
    route: '/v1/embeddings',
    dialect: openaiChat as ClientDialect,
    caller: { id: 'k', name: 'k', allows: () => true },
    text,
    body: JSON.parse(text) as JsonObject,
    headers: new Headers(),
    query: '',
    strict: false,
    signal: client.signal,
  }
  const clock = new FakeClock()
  const answer = await embeddings(call, {
    clock: Object.assign(clock, { sleep: () => Promise.resolve() }),
    random: { float: () => 0.5 },
    routing: () => ({ catalog: catalogOf(providers), routingHeaders: true, heartbeatMs: 1000 }),
    write: record => void records.push(record),
  })
  const [record] = records
  if (!record || records.length > 1) throw new Error(`${records.length} records`)
  const told = answer.body instanceof Uint8Array ? new TextDecoder().decode(answer.body) : String(answer.body)
  return { status: answer.status, text: told, body: JSON.parse(told) as JsonObject, headers: answer.headers, record }
}
