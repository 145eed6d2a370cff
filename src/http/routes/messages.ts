import { Elysia } from 'elysia'
import { serveClient } from '../client-route.ts'
import { countTokensDocs, messagesDocs } from '../docs/messages.ts'
import type { HttpServices } from '../services.ts'

/** The prefixes under which Anthropic's SDK may be pointed at us: its base URL with or without a path of its own. */
export const ANTHROPIC_PREFIXES = ['', '/anthropic', '/api/anthropic'] as const

/** Anthropic Messages, under one prefix. */
export const messagesRoutes = (services: HttpServices, prefix: (typeof ANTHROPIC_PREFIXES)[number]) => {
  const { anthropic } = services.dialects
  const messages = `${prefix}/v1/messages`
  const counting = `${messages}/count_tokens`
  return new Elysia({ name: 'routes.messages', seed: prefix })
    .post(messages, ({ request }) => serveClient(request, messages, anthropic, services.generate, services), {
      parse: 'none',
      detail: messagesDocs(prefix),
    })
    .post(counting, ({ request }) => serveClient(request, counting, anthropic, services.countTokens, services), {
      parse: 'none',
      detail: countTokensDocs(prefix),
    })
}
