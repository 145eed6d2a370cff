import { Elysia } from 'elysia'
import type { ClientDialect } from '../../operations/call.ts'
import { type Operation, serveClient } from '../client-route.ts'
import { chatCompletionsDocs } from '../docs/chat.ts'
import { embeddingsDocs } from '../docs/embeddings.ts'
import { countTokensDocs, messagesDocs } from '../docs/messages.ts'
import type { HttpServices } from '../services.ts'

/** The prefixes under which Anthropic's SDK may be pointed at us: its base URL with or without a path of its own. */
export const ANTHROPIC_PREFIXES = ['', '/anthropic', '/api/anthropic'] as const

/** A `POST` that takes a client key and a JSON body, and answers in a dialect. */
interface ClientRoute {
  path: string
  dialect: ClientDialect
  operation: Operation
  docs: object
}

/** OpenAI Chat Completions and embeddings, and Anthropic Messages under each prefix. */
function clientRouteTable({ dialects, generate, countTokens, embeddings }: HttpServices): ClientRoute[] {
  return [
    { path: '/v1/chat/completions', dialect: dialects.openai, operation: generate, docs: chatCompletionsDocs },
    { path: '/v1/embeddings', dialect: dialects.openai, operation: embeddings, docs: embeddingsDocs },
    ...ANTHROPIC_PREFIXES.flatMap(prefix => [
      { path: `${prefix}/v1/messages`, dialect: dialects.anthropic, operation: generate, docs: messagesDocs(prefix) },
      { path: `${prefix}/v1/messages/count_tokens`, dialect: dialects.anthropic, operation: countTokens, docs: countTokensDocs(prefix) },
    ]),
  ]
}

type Serve = (request: Request) => Promise<Response>

/**
 * The client routes by path. They are called a thousand times for each call of any other, so the edge calls them without asking Elysia, which has them for
 * the documentation's sake.
 */
export function createClientRoutes(services: HttpServices): { plugin: Elysia; byPath: ReadonlyMap<string, Serve> } {
  const plugin = new Elysia({ name: 'routes.client' })
  const byPath = new Map<string, Serve>()
  for (const { path, dialect, operation, docs } of clientRouteTable(services)) {
    const serve: Serve = request => serveClient(request, path, dialect, operation, services)
    byPath.set(path, serve)
    plugin.post(path, ({ request }) => serve(request), { parse: 'none', detail: docs })
  }
  return { plugin, byPath }
}
