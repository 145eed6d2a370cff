import type { Anthropic } from '@anthropic-ai/sdk'
import type { JsonObject } from '../../src/core/json.ts'
import type { BetaMessagesParams, Case, Chat, ItemOf, MemberOf, MessagesParams, TypeOf } from './decision.ts'

type Decision = Case<Chat>
type Message = Anthropic.MessageParam | Anthropic.Beta.BetaMessageParam
type Block = Anthropic.ContentBlockParam | Anthropic.Beta.BetaContentBlockParam
type BlockOf<Type extends Block['type']> = Extract<Block, { type: Type }>

const PNG = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgoAAAANSUhEUg==' }
const PDF = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQKJSVFT0YK' }
const CALL = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
const RESULT = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'A lamp.' }] }
const hi = { role: 'user', content: 'Hi' }
const hello = { role: 'assistant', content: 'Hello.' }
const text = { type: 'text', text: 'Look.' }

const MARKED = { cache_control: { type: 'ephemeral' } }
/** Only the newest models of OpenAI have breakpoints; elsewhere caching needs no marks. */
const CACHED = { else: 'silent', 'gpt-6.1-sol': 'mapped' } as const

const messages = (...list: JsonObject[]): JsonObject => ({ messages: list })

function user(block: JsonObject, becomes: Decision['becomes'], without?: JsonObject): Decision {
  const around = (...blocks: JsonObject[]): JsonObject => messages({ role: 'user', content: [text, ...blocks] })
  return { says: around(block), without: without ? around(without) : around(), field: 'messages.0.content', becomes }
}

function assistant(block: JsonObject, becomes: Decision['becomes']): Decision {
  const around = (...blocks: JsonObject[]): JsonObject => messages(hi, { role: 'assistant', content: [text, ...blocks] }, hi)
  return { says: around(block), without: around(), field: 'messages.1.content', becomes }
}

function result(members: JsonObject, becomes: Decision['becomes'], without: JsonObject = {}): Decision {
  const around = (more: JsonObject): JsonObject =>
    messages(
      hi,
      { role: 'assistant', content: [CALL] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', ...more }] },
    )
  return { says: around(members), without: around(without), field: 'messages.2.content', becomes }
}

/** Every role of a message (dialects.md §2.3.2). */
export const MESSAGES_ROLES: Record<Message['role'], Decision> = {
  user: { says: messages(hi, hello, { role: 'user', content: 'And?' }), becomes: 'mapped' },
  assistant: { says: messages(hi, hello, hi), becomes: 'mapped' },
  system: { says: messages(hi, { role: 'system', content: 'Be brief.' }), becomes: 'mapped' },
}

/** Every member of a message; those of system messages say something of the turn (dialects.md §2.3.2 step 4). */
export const MESSAGES_MEMBERS: Record<MemberOf<Message>, Decision> = {
  role: MESSAGES_ROLES.user,
  content: MESSAGES_ROLES.user,
  output_config: {
    says: messages(hi, { role: 'system', content: [], output_config: { effort: 'low' } }),
    becomes: { else: 'mapped', 'gpt-4.1': 'silent' },
  },
  clear_at: {
    says: messages(hi, { role: 'system', content: 'Be brief.', clear_at: 'next_user_message' }),
    without: messages(hi, { role: 'system', content: 'Be brief.' }),
    becomes: 'silent',
  },
}

const server = (type: string, content: JsonObject | JsonObject[]): JsonObject => ({ type, tool_use_id: 'srvtoolu_1', content })

const SCHEMA = { type: 'object', properties: {} }
const LOOK = { name: 'look', input_schema: SCHEMA }

/** A change of the tool list in mid-conversation. */
function changed(type: string, name: string): Decision {
  const tools = [LOOK, { name: 'peek', input_schema: SCHEMA }, { name: 'later', defer_loading: true, input_schema: SCHEMA }]
  const change = { role: 'system', content: [{ type, tool: { type: 'tool_reference', name } }] }
  return { says: { tools, ...messages(hi, change) }, without: { tools, ...messages(hi) }, becomes: 'mapped' }
}

/** Every type of content block (dialects.md §2.3.3). */
export const MESSAGES_BLOCKS: Record<Block['type'], Decision | Decision[]> = {
  text: [user({ type: 'text', text: 'More.' }, 'mapped'), assistant({ type: 'text', text: 'More.' }, 'mapped')],
  image: user({ type: 'image', source: PNG }, 'mapped'),
  document: user({ type: 'document', source: PDF }, 'mapped'),
  search_result: user(
    { type: 'search_result', source: 'https://example.com', title: 'T', content: [{ type: 'text', text: 'Found.' }] },
    'approximated',
  ),
  thinking: assistant({ type: 'thinking', thinking: 'Hm.', signature: 'sig' }, 'silent'),
  redacted_thinking: assistant({ type: 'redacted_thinking', data: 'x' }, 'silent'),
  tool_use: {
    says: messages(hi, { role: 'assistant', content: [text, CALL] }, RESULT),
    without: messages(hi, { role: 'assistant', content: [text] }, hi),
    becomes: 'mapped',
  },
  tool_result: result({ content: 'A lamp.' }, 'mapped'),
  server_tool_use: assistant({ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }, 'dropped'),
  web_search_tool_result: assistant(server('web_search_tool_result', []), 'dropped'),
  web_fetch_tool_result: assistant(server('web_fetch_tool_result', {}), 'dropped'),
  advisor_tool_result: assistant(server('advisor_tool_result', {}), 'dropped'),
  code_execution_tool_result: assistant(server('code_execution_tool_result', {}), 'dropped'),
  bash_code_execution_tool_result: assistant(server('bash_code_execution_tool_result', {}), 'dropped'),
  text_editor_code_execution_tool_result: assistant(server('text_editor_code_execution_tool_result', {}), 'dropped'),
  tool_search_tool_result: assistant(server('tool_search_tool_result', {}), 'dropped'),
  mcp_tool_use: assistant({ type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'look', server_name: 'files', input: {} }, 'dropped'),
  mcp_tool_result: assistant({ type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false, content: [] }, 'dropped'),
  mcp_tool_listing: assistant({ type: 'mcp_tool_listing', server_name: 'files', tools: [] }, 'dropped'),
  container_upload: user({ type: 'container_upload', file_id: 'file_1' }, 'dropped'),
  compaction: assistant({ type: 'compaction', content: 'So far: a greeting.' }, 'mapped'),
  tool_addition: changed('tool_addition', 'later'),
  tool_removal: changed('tool_removal', 'look'),
  fallback: assistant({ type: 'fallback', from: { model: 'a' }, to: { model: 'b' } }, 'silent'),
}

type ResultBlock = ItemOf<BlockOf<'tool_result'>['content']>

/** Every type of block in a tool's result. */
export const RESULT_BLOCKS: Record<ResultBlock['type'], Decision> = {
  text: result({ content: [text, { type: 'text', text: 'More.' }] }, 'mapped', { content: [text] }),
  image: result({ content: [text, { type: 'image', source: PNG }] }, 'mapped', { content: [text] }),
  document: result({ content: [text, { type: 'document', source: PDF }] }, 'mapped', { content: [text] }),
  search_result: result(
    { content: [{ type: 'search_result', source: 'https://example.com', title: 'T', content: [text] }] },
    'approximated',
  ),
  tool_reference: result({ content: [{ type: 'tool_reference', tool_name: 'look' }] }, 'mapped'),
  browser_state: result({ content: [{ type: 'browser_state', tabs: [] }] }, 'mapped'),
}

/** Every member of a tool's result. */
export const RESULT_MEMBERS: Record<keyof BlockOf<'tool_result'>, Decision> = {
  type: result({ content: 'x' }, 'mapped'),
  tool_use_id: result({ content: 'x' }, 'mapped'),
  content: result({ content: 'x' }, 'mapped'),
  is_error: result({ content: 'x', is_error: true }, 'mapped', { content: 'x' }),
  cache_control: result({ content: 'x', cache_control: { type: 'ephemeral' } }, CACHED, { content: 'x' }),
  toolset_name: result({ content: 'x', toolset_name: 'browser' }, 'silent', { content: 'x' }),
}

type SourceOf<Type extends 'image' | 'document'> = BlockOf<Type> extends { source: infer Source } ? TypeOf<Source> : never

const image = (source: JsonObject, becomes: Decision['becomes']): Decision => user({ type: 'image', source }, becomes)
const document = (source: JsonObject, becomes: Decision['becomes']): Decision => user({ type: 'document', source }, becomes)

/** Every type of source of an image and of a document. */
export const IMAGE_SOURCES: Record<SourceOf<'image'>, Decision> = {
  base64: image(PNG, 'mapped'),
  url: image({ type: 'url', url: 'https://example.com/a.png' }, 'mapped'),
  file: image({ type: 'file', file_id: 'file_1' }, 'refused'),
}

export const DOCUMENT_SOURCES: Record<SourceOf<'document'>, Decision> = {
  base64: document(PDF, 'mapped'),
  text: document({ type: 'text', media_type: 'text/plain', data: 'Hello.' }, 'mapped'),
  content: document({ type: 'content', content: [text, { type: 'image', source: PNG }] }, 'mapped'),
  url: document({ type: 'url', url: 'https://example.com/a.pdf' }, 'refused'),
  file: document({ type: 'file', file_id: 'file_1' }, 'refused'),
}

const member = (block: JsonObject, members: JsonObject, becomes: Decision['becomes']): Decision =>
  user({ ...block, ...members }, becomes, block)

/** Every member of an image. */
export const IMAGE_MEMBERS: Record<keyof BlockOf<'image'>, Decision> = {
  type: image(PNG, 'mapped'),
  source: image(PNG, 'mapped'),
  cache_control: member({ type: 'image', source: PNG }, MARKED, CACHED),
  transformations: member({ type: 'image', source: PNG }, { transformations: { oversized_image: 'resize' } }, 'silent'),
}

/** Every member of a document. */
export const DOCUMENT_MEMBERS: Record<keyof BlockOf<'document'>, Decision | Decision[]> = {
  type: document(PDF, 'mapped'),
  source: document(PDF, 'mapped'),
  title: member({ type: 'document', source: PDF }, { title: 'log.pdf' }, 'mapped'),
  cache_control: member({ type: 'document', source: PDF }, MARKED, CACHED),
  citations: [
    member({ type: 'document', source: PDF }, { citations: { enabled: true } }, 'dropped'),
    member({ type: 'document', source: PDF }, { citations: { enabled: false } }, 'silent'),
  ],
  context: member({ type: 'document', source: PDF }, { context: 'From the tower.' }, 'mapped'),
}

/** Every member of a text. */
export const TEXT_MEMBERS: Record<keyof BlockOf<'text'>, Decision> = {
  type: user({ type: 'text', text: 'More.' }, 'mapped'),
  text: user({ type: 'text', text: 'More.' }, 'mapped'),
  cache_control: member({ type: 'text', text: 'More.' }, MARKED, CACHED),
  citations: {
    says: messages(hi, { role: 'assistant', content: [{ ...text, citations: [{ type: 'char_location', cited_text: 'x' }] }] }, hi),
    without: messages(hi, { role: 'assistant', content: [text] }, hi),
    becomes: 'dropped',
  },
}

/** Every member of a tool call. */
export const CALL_MEMBERS: Record<keyof BlockOf<'tool_use'>, Decision> = (() => {
  const call = (members: JsonObject): JsonObject =>
    messages(
      hi,
      { role: 'assistant', content: [{ ...CALL, ...members }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: String(members.id ?? CALL.id), content: 'x' }] },
    )
  const of = (members: JsonObject, becomes: Decision['becomes']): Decision => ({ says: call(members), without: call({}), becomes })
  return {
    type: { says: call({}), becomes: 'mapped' },
    id: of({ id: 'toolu_2' }, 'mapped'),
    name: of({ name: 'peek' }, 'mapped'),
    input: of({ input: { at: 'sea' } }, 'mapped'),
    cache_control: of({ cache_control: { type: 'ephemeral' } }, 'silent'),
    caller: of({ caller: { type: 'direct' } }, 'silent'),
    toolset_name: of({ toolset_name: 'browser' }, 'silent'),
  }
})()

/** Both members of a cache mark. */
export const CACHE_MARK: Record<keyof Anthropic.CacheControlEphemeral, Decision> = {
  type: member({ type: 'text', text: 'More.' }, MARKED, CACHED),
  ttl: member({ type: 'text', text: 'More.', ...MARKED }, { cache_control: { type: 'ephemeral', ttl: '1h' } }, 'silent'),
}

type AnyTool = NonNullable<MessagesParams['tools']>[number] | NonNullable<BetaMessagesParams['tools']>[number]
type ToolType = NonNullable<AnyTool['type']>

const tool = (value: JsonObject, becomes: Decision['becomes']): Decision => ({
  says: { tools: [LOOK, value] },
  without: { tools: [LOOK] },
  becomes,
})
/** A tool that its own kind does not decide: a client runs it, by a schema that we know, or the vendor does. */
const ofClient = (type: string, name: string): Decision => tool({ type, name }, 'mapped')
const ofVendor = (type: string, name?: string): Decision => tool({ type, ...(name && { name }) }, 'dropped')

/** Every type of tool (dialects.md §2.4.1). */
export const MESSAGES_TOOLS: Record<ToolType, Decision> = {
  custom: tool({ type: 'custom', name: 'peek', input_schema: SCHEMA }, 'mapped'),
  bash_20241022: ofClient('bash_20241022', 'bash'),
  bash_20250124: ofClient('bash_20250124', 'bash'),
  text_editor_20241022: ofClient('text_editor_20241022', 'str_replace_editor'),
  text_editor_20250124: ofClient('text_editor_20250124', 'str_replace_editor'),
  text_editor_20250429: ofClient('text_editor_20250429', 'str_replace_based_edit_tool'),
  text_editor_20250728: ofClient('text_editor_20250728', 'str_replace_based_edit_tool'),
  memory_20250818: ofClient('memory_20250818', 'memory'),
  computer_20241022: ofClient('computer_20241022', 'computer'),
  computer_20250124: ofClient('computer_20250124', 'computer'),
  computer_20251124: ofClient('computer_20251124', 'computer'),
  computer_toolset_20260801: tool({ type: 'computer_toolset_20260801' }, 'refused'),
  browser_toolset_20260801: tool({ type: 'browser_toolset_20260801' }, 'refused'),
  code_execution_20250522: ofVendor('code_execution_20250522', 'code_execution'),
  code_execution_20250825: ofVendor('code_execution_20250825', 'code_execution'),
  code_execution_20260120: ofVendor('code_execution_20260120', 'code_execution'),
  code_execution_20260521: ofVendor('code_execution_20260521', 'code_execution'),
  web_search_20250305: ofVendor('web_search_20250305', 'web_search'),
  web_search_20260209: ofVendor('web_search_20260209', 'web_search'),
  web_search_20260318: ofVendor('web_search_20260318', 'web_search'),
  web_fetch_20250910: ofVendor('web_fetch_20250910', 'web_fetch'),
  web_fetch_20260209: ofVendor('web_fetch_20260209', 'web_fetch'),
  web_fetch_20260309: ofVendor('web_fetch_20260309', 'web_fetch'),
  web_fetch_20260318: ofVendor('web_fetch_20260318', 'web_fetch'),
  advisor_20260301: ofVendor('advisor_20260301', 'advisor'),
  tool_search_tool_bm25: ofVendor('tool_search_tool_bm25', 'tool_search_tool_bm25'),
  tool_search_tool_bm25_20251119: ofVendor('tool_search_tool_bm25_20251119', 'tool_search_tool_bm25'),
  tool_search_tool_regex: ofVendor('tool_search_tool_regex', 'tool_search_tool_regex'),
  tool_search_tool_regex_20251119: ofVendor('tool_search_tool_regex_20251119', 'tool_search_tool_regex'),
  mcp_toolset: ofVendor('mcp_toolset'),
}

/** A vendor's tool that is the only one is not left out: the answer would hang on it. */
export const MESSAGES_ONLY_TOOL: Decision = { says: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, becomes: 'refused' }

/** Every member of a tool with a schema. */
export const TOOL_MEMBERS: Record<keyof Anthropic.Tool | keyof Anthropic.Beta.BetaTool, Decision> = (() => {
  const of = (members: JsonObject, becomes: Decision['becomes'], without: JsonObject = {}): Decision => ({
    says: { tools: [{ ...LOOK, ...members }] },
    without: { tools: [{ ...LOOK, ...without }] },
    becomes,
  })
  const exact = { input_schema: { type: 'object', properties: {}, required: [], additionalProperties: false } }
  return {
    name: of({ name: 'peek' }, 'mapped'),
    type: of({ type: 'custom' }, 'silent'),
    description: of({ description: 'Looks.' }, 'mapped'),
    input_schema: of(exact, 'mapped'),
    strict: of({ ...exact, strict: true }, 'mapped', exact),
    cache_control: of(MARKED, 'silent'),
    defer_loading: {
      says: { tools: [LOOK, { name: 'later', defer_loading: true, input_schema: SCHEMA }] },
      without: { tools: [LOOK] },
      becomes: 'silent',
    },
    allowed_callers: of({ allowed_callers: ['direct'] }, 'silent'),
    eager_input_streaming: of({ eager_input_streaming: true }, 'silent'),
    input_examples: of({ input_examples: [{}] }, 'silent'),
  }
})()
