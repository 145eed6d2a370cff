import { Elysia } from 'elysia'
import { serveClient } from '../client-route.ts'
import { chatCompletionsDocs } from '../docs/chat.ts'
import type { HttpServices } from '../services.ts'

/** OpenAI Chat Completions. */
export const chatRoutes = (services: HttpServices) =>
  new Elysia({ name: 'routes.chat' }).post(
    '/v1/chat/completions',
    ({ request }) => serveClient(request, '/v1/chat/completions', services.dialects.openai, services.generate, services),
    { parse: 'none', detail: chatCompletionsDocs },
  )
