import type { OpenAI } from 'openai'
import type { JsonObject } from '../../src/core/json.ts'
import type { Case, ChatParams, Claude, ItemOf, MemberOf, TypeOf } from './decision.ts'

type Decision = Case<Claude>
type Chat = OpenAI.Chat.Completions.ChatCompletionMessageParam
type MessageOf<Role extends Chat['role']> = Extract<Chat, { role: Role }>
type PartOf<Role extends Chat['role']> = TypeOf<ItemOf<MessageOf<Role>['content']>>

const PNG = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=='
const PDF = 'data:application/pdf;base64,JVBERi0xLjQKJSVFT0YK'
const FUNCTION = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }
const CALL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
const hi = { role: 'user', content: 'Hi' }

const messages = (...list: JsonObject[]): JsonObject => ({ messages: list })

/** One part behind a text part in a message that stands where its role may. */
function part(role: 'user' | 'system' | 'developer' | 'assistant' | 'tool', value: JsonObject, becomes: Decision['becomes']): Decision {
  const text = { type: 'text', text: 'Look.' }
  const around = (content: JsonObject[]): JsonObject => {
    if (role === 'user') return messages({ role, content })
    if (role === 'assistant') return messages(hi, { role, content }, hi)
    if (role === 'tool')
      return messages(hi, { role: 'assistant', content: null, tool_calls: [CALL] }, { role, tool_call_id: 'call_1', content })
    return messages({ role, content }, hi)
  }
  const at = role === 'user' ? 0 : role === 'assistant' ? 1 : role === 'tool' ? 2 : 0
  return { says: around([text, value]), without: around([text]), field: `messages.${at}.content`, becomes }
}

const text: JsonObject = { type: 'text', text: 'More.' }

/** Every role of a message (dialects.md §2.3.1). */
export const CHAT_ROLES: Record<Chat['role'], Decision> = {
  system: { says: messages({ role: 'system', content: 'Be kind.' }, hi), becomes: 'mapped' },
  developer: { says: messages({ role: 'developer', content: 'Be kind.' }, hi), becomes: 'mapped' },
  user: { says: messages(hi, { role: 'user', content: 'And?' }), becomes: 'mapped' },
  assistant: { says: messages(hi, { role: 'assistant', content: 'Hello.' }, { role: 'user', content: 'And?' }), becomes: 'mapped' },
  tool: {
    says: messages(hi, { role: 'assistant', tool_calls: [CALL] }, { role: 'tool', tool_call_id: 'call_1', content: 'A lamp.' }),
    becomes: 'mapped',
  },
  function: {
    says: messages(
      hi,
      { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{}' } },
      { role: 'function', name: 'look', content: 'A lamp.' },
    ),
    becomes: 'mapped',
  },
}

/** System messages in mid-conversation: a real one where the model has such a thing, else a reminder in its place. */
export const CHAT_MID_SYSTEM: Decision = {
  says: messages(hi, { role: 'assistant', content: 'Hello.' }, { role: 'user', content: 'And?' }, { role: 'system', content: 'Be brief.' }),
  without: messages(hi, { role: 'assistant', content: 'Hello.' }, { role: 'user', content: 'And?' }),
  becomes: { else: 'approximated', 'claude-opus-4-8': 'mapped' },
}

/** Every member of an assistant message beside its role. */
export const CHAT_ASSISTANT: Record<Exclude<keyof MessageOf<'assistant'>, 'role'>, Decision> = (() => {
  const said = (members: JsonObject): JsonObject => messages(hi, { role: 'assistant', content: 'Well.', ...members }, hi)
  const member = (members: JsonObject, becomes: Decision['becomes'], field = 'messages'): Decision => ({
    says: said(members),
    without: said({}),
    field,
    becomes,
  })
  return {
    content: member({ content: 'Other.' }, 'mapped'),
    refusal: member({ refusal: 'No.' }, 'mapped'),
    name: member({ name: 'ada' }, 'dropped'),
    audio: member({ audio: { id: 'audio_1' } }, 'refused', 'messages.1.audio'),
    tool_calls: {
      says: messages(hi, { role: 'assistant', tool_calls: [CALL] }, { role: 'tool', tool_call_id: 'call_1', content: 'x' }),
      becomes: 'mapped',
    },
    function_call: {
      says: messages(
        hi,
        { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{}' } },
        { role: 'function', name: 'look', content: 'x' },
      ),
      becomes: 'mapped',
    },
  }
})()

/** Every type of part, by the role it stands in (dialects.md §2.3.3). */
export const CHAT_PARTS: { [Role in Exclude<Chat['role'], 'function'>]: Record<PartOf<Role>, Decision | Decision[]> } = {
  system: { text: part('system', text, 'mapped') },
  developer: { text: part('developer', text, 'mapped') },
  user: {
    text: part('user', text, 'mapped'),
    image_url: [
      part('user', { type: 'image_url', image_url: { url: PNG, detail: 'high' } }, 'mapped'),
      part('user', { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }, 'mapped'),
      part('user', { type: 'image_url', image_url: { url: 'data:image/svg+xml;base64,PHN2Zy8+' } }, 'refused'),
    ],
    input_audio: part('user', { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }, 'refused'),
    file: [
      part('user', { type: 'file', file: { filename: 'a.pdf', file_data: PDF } }, 'mapped'),
      part('user', { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,aGVsbG8=' } }, 'mapped'),
      part('user', { type: 'file', file: { file_id: 'file-1' } }, 'refused'),
      part('user', { type: 'file', file: { filename: 'a.docx', file_data: 'data:application/zip;base64,UEsDBA==' } }, 'refused'),
    ],
  },
  assistant: {
    text: part('assistant', text, 'mapped'),
    refusal: part('assistant', { type: 'refusal', refusal: 'No.' }, 'mapped'),
  },
  tool: { text: part('tool', text, 'mapped') },
}

/** Members of parts beside what they hold. */
export const CHAT_PART_MEMBERS: Record<'prompt_cache_breakpoint' | 'image_url.detail' | 'file.filename' | 'user.name', Decision> = {
  prompt_cache_breakpoint: {
    says: messages({ role: 'user', content: [{ ...text, prompt_cache_breakpoint: { mode: 'explicit' } }] }),
    without: messages({ role: 'user', content: [text] }),
    becomes: 'mapped',
  },
  'image_url.detail': {
    says: messages({ role: 'user', content: [{ type: 'image_url', image_url: { url: PNG, detail: 'low' } }] }),
    without: messages({ role: 'user', content: [{ type: 'image_url', image_url: { url: PNG } }] }),
    becomes: 'silent',
  },
  'file.filename': {
    says: messages({ role: 'user', content: [{ type: 'file', file: { file_data: PDF, filename: 'log.pdf' } }] }),
    without: messages({ role: 'user', content: [{ type: 'file', file: { file_data: PDF } }] }),
    becomes: 'mapped',
  },
  'user.name': { says: messages({ ...hi, name: 'ada' }), without: messages(hi), becomes: 'dropped' },
}

/** Every type of tool (dialects.md §2.4.1). */
export const CHAT_TOOLS: Record<NonNullable<ChatParams['tools']>[number]['type'], Decision | Decision[]> = {
  function: { says: { tools: [FUNCTION] }, becomes: 'mapped' },
  custom: [
    { says: { tools: [{ type: 'custom', custom: { name: 'patch' } }] }, becomes: 'mapped' },
    {
      says: {
        tools: [{ type: 'custom', custom: { name: 'patch', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'a' } } } }],
      },
      becomes: 'mapped',
    },
  ],
}

/** Every member of a function tool. */
export const CHAT_FUNCTION: Record<keyof OpenAI.FunctionDefinition, Decision | Decision[]> = (() => {
  const tool = (members: JsonObject): JsonObject => ({
    tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} }, ...members } }],
  })
  const member = (members: JsonObject, becomes: Decision['becomes']): Decision => ({
    says: tool(members),
    without: tool({}),
    becomes,
  })
  const exact = { type: 'object', properties: {}, required: [], additionalProperties: false }
  return {
    name: member({ name: 'peek' }, 'mapped'),
    description: [member({ description: 'Looks.' }, 'mapped'), member({ description: '' }, 'silent')],
    parameters: [
      member({ parameters: { type: 'object', properties: { at: { type: 'string' } }, additionalProperties: false } }, 'mapped'),
      member({ parameters: { oneOf: [{ type: 'object', properties: { a: { type: 'string' } } }, { type: 'object' }] } }, 'approximated'),
    ],
    strict: [
      { says: tool({ strict: true, parameters: exact }), without: tool({ parameters: exact }), becomes: 'mapped' },
      member({ strict: true }, 'approximated'),
    ],
  }
})()

type Choice = NonNullable<ChatParams['tool_choice']>

/** Every form of `tool_choice` (dialects.md §2.4.3). */
export const CHAT_TOOL_CHOICES: Record<Extract<Choice, string> | TypeOf<Choice>, Decision> = (() => {
  const PATCH = { type: 'custom', custom: { name: 'patch' } }
  const tools = { tools: [FUNCTION, PATCH] }
  const choice = (tool_choice: JsonObject | string, becomes: Decision['becomes']): Decision => ({
    says: { ...tools, tool_choice },
    without: tools,
    field: 'tool_choice',
    becomes,
  })
  const forced = { else: 'mapped', 'claude-opus-5-5': 'refused' } as const
  return {
    none: choice('none', 'mapped'),
    auto: choice('auto', 'mapped'),
    required: choice('required', forced),
    function: choice({ type: 'function', function: { name: 'look' } }, forced),
    custom: choice({ type: 'custom', custom: { name: 'patch' } }, forced),
    allowed_tools: choice({ type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [FUNCTION] } }, 'approximated'),
  }
})()

/** Every form of `response_format` (dialects.md §2.5). */
export const CHAT_FORMATS: Record<NonNullable<ChatParams['response_format']>['type'], Decision | Decision[]> = (() => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
  const format = (json_schema: JsonObject): JsonObject => ({ response_format: { type: 'json_schema', json_schema } })
  return {
    text: { says: { response_format: { type: 'text' } }, becomes: 'silent' },
    json_object: { says: { response_format: { type: 'json_object' } }, becomes: 'approximated' },
    json_schema: [
      { says: format({ name: 'a', schema, strict: true }), becomes: 'mapped' },
      {
        says: format({ name: 'a', schema: { ...schema, properties: { a: { type: 'string', maxLength: 9 } } }, strict: true }),
        becomes: 'approximated',
      },
      { says: format({ name: 'b', schema, description: 'An answer.' }), without: format({ name: 'a', schema }), becomes: 'silent' },
    ],
  }
})()

/** Every effort (dialects.md §2.6.2). */
export const CHAT_EFFORTS: Record<NonNullable<OpenAI.ReasoningEffort>, Decision> = {
  none: { says: { reasoning_effort: 'none' }, becomes: { else: 'mapped', 'claude-opus-5-5': 'approximated' } },
  minimal: { says: { reasoning_effort: 'minimal' }, becomes: 'mapped' },
  low: { says: { reasoning_effort: 'low' }, becomes: 'mapped' },
  medium: { says: { reasoning_effort: 'medium' }, becomes: 'mapped' },
  high: { says: { reasoning_effort: 'high' }, becomes: 'mapped' },
  xhigh: { says: { reasoning_effort: 'xhigh' }, becomes: 'mapped' },
  max: { says: { reasoning_effort: 'max' }, becomes: 'mapped' },
}

/** Breaks where the SDK gives a message a member that no table above has. */
export const CHAT_MESSAGE_MEMBERS: Record<MemberOf<Chat>, true> = {
  role: true,
  content: true,
  name: true,
  refusal: true,
  audio: true,
  function_call: true,
  tool_calls: true,
  tool_call_id: true,
}
