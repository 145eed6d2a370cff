import { components } from './components.ts'
import { PREFIXED_TAG } from './prefixes.ts'
import { paragraphs } from './schema.ts'

const DESCRIPTION = paragraphs(
  'A gateway between LLM clients and LLM accounts: any OpenAI or Anthropic client in, any upstream account out.',
  '**Keys.** Client routes take a client key as `Authorization: Bearer` or `x-api-key`; management takes the admin key. ' +
    '“Authorize” keeps them in this browser.',
  '**Errors** come in the dialect of the route, and say which field is wrong, or which accounts were tried or passed by, and why.',
  '**Every answer** carries `x-request-id`. A translated one says in `x-dragoman-notes` what could not be carried over ' +
    'as it was; `x-dragoman-provider`, `x-dragoman-account` and `x-dragoman-attempts` say who served it.',
)

/** What the document says beyond the routes. */
export const documentation = (version: string) => ({
  info: { title: 'Dragoman', version, description: DESCRIPTION },
  servers: [{ url: '/', description: 'This gateway' }],
  // In the order in which the page shows them.
  tags: [
    { name: 'Chat Completions', description: "OpenAI's dialect." },
    { name: 'Messages', description: "Anthropic's dialect." },
    { name: 'Embeddings', description: "OpenAI's dialect." },
    { name: 'Models', description: 'What can be asked for.' },
    { name: 'Health', description: 'For monitors and load balancers; no key.' },
    { name: 'Management', description: 'Takes the admin key.' },
    { name: 'Management (older names)', description: 'The same under the names that older proxies had.' },
    { name: PREFIXED_TAG, description: 'The Anthropic routes again, for clients whose base URL has a path of its own.' },
  ],
  components,
})
