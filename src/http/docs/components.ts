import { accountSchemas } from './account-objects.ts'
import { adminSchemas } from './admin-objects.ts'
import { chatExamples, chatSchemas } from './chat.ts'
import { embeddingsExamples, embeddingsSchemas } from './embeddings.ts'
import { errorResponses, errorSchemas } from './errors.ts'
import { headers, parameters } from './headers.ts'
import { healthSchemas } from './health.ts'
import { messagesExamples, messagesSchemas } from './messages.ts'
import { modelSchemas } from './models.ts'
import { olderSchemas } from './older-names.ts'
import { qwenSignInSchemas } from './qwen-sign-in.ts'
import { securitySchemes } from './security.ts'

/** What the operations refer to by name. */
export const components = {
  securitySchemes,
  schemas: {
    ...chatSchemas,
    ...messagesSchemas,
    ...embeddingsSchemas,
    ...modelSchemas,
    ...healthSchemas,
    ...adminSchemas,
    ...accountSchemas,
    ...qwenSignInSchemas,
    ...olderSchemas,
    ...errorSchemas,
  },
  responses: errorResponses,
  headers,
  parameters,
  examples: { ...chatExamples, ...messagesExamples, ...embeddingsExamples },
}
