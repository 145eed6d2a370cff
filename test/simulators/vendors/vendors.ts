import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import * as answers from './answers.ts'
import { beginning, effortOf, OWN_SERVERS } from './own-servers.ts'
import {
  alternating,
  idsLike,
  isForced,
  neverAfter,
  noFields,
  onlyFields,
  onlyMembers,
  type Problem,
  reasoningBack,
  resultsFollowCalls,
  rolesAre,
  systemFirst,
  toolChoiceIs,
} from './rules.ts'
import { openAiShape, type Vendor } from './vendor.ts'

const ROLES = ['system', 'user', 'assistant', 'tool']
const CHAT = [
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'tools',
]
const thinkingOff = (body: Json): boolean => isObject(body.thinking) && body.thinking.type === 'disabled'

const notPermitted = 'Extra inputs are not permitted'

/** By provider type. The rules are the vendors' own, as their documentation and error messages have them. */
export const SIMULATED: Record<string, Vendor> = {
  ...OWN_SERVERS,

  mistral: {
    model: 'mistral-large-latest',
    rules: [
      onlyFields(
        [
          ...['model', 'messages', 'stream', 'max_tokens', 'temperature', 'top_p', 'stop', 'random_seed', 'n', 'presence_penalty', 'tools'],
          ...['frequency_penalty', 'response_format', 'tool_choice', 'parallel_tool_calls', 'prediction', 'prompt_mode', 'safe_prompt'],
        ],
        () => notPermitted,
      ),
      onlyMembers(
        {
          system: ['role', 'content'],
          user: ['role', 'content'],
          assistant: ['role', 'content', 'tool_calls', 'prefix'],
          tool: ['role', 'content', 'tool_call_id', 'name'],
        },
        () => notPermitted,
      ),
      idsLike(/^[a-zA-Z0-9]{9}$/, id => `Tool call id was ${id} but must be a-z, A-Z, 0-9, with a length of 9.`, '3280'),
      neverAfter('user', 'tool', "Unexpected role 'user' after role 'tool'", '3230'),
      neverAfter('system', 'user', "Unexpected role 'system' after role 'user'", '3230'),
      toolChoiceIs(
        choice => isObject(choice) || ['auto', 'none', 'any'].includes(String(choice)),
        () => 'Invalid tool_choice',
      ),
    ],
    refusal: ({ path, message, status = 422, code = null }) => ({
      status: code === null ? status : 400,
      body: {
        object: 'error',
        message: code === null ? { detail: [{ type: 'extra_forbidden', loc: ['body', ...path], msg: message, input: null }] } : message,
        type: 'invalid_request_error',
        param: null,
        code,
      },
    }),
    answer: answers.mistral,
    reasons: () => true,
  },

  groq: {
    model: 'openai/gpt-oss-120b',
    rules: [
      noFields(['logprobs', 'logit_bias', 'top_logprobs', 'safety_identifier'], name => `property '${name}' is unsupported`),
      onlyMembers(
        {
          system: ['role', 'content'],
          user: ['role', 'content'],
          assistant: ['role', 'content', 'tool_calls'],
          tool: ['role', 'content', 'tool_call_id'],
        },
        path => `'${path}' : property is unsupported`,
      ),
      body =>
        body.reasoning_effort === undefined || ['none', 'default', 'low', 'medium', 'high'].includes(String(body.reasoning_effort))
          ? undefined
          : { path: ['reasoning_effort'], message: 'reasoning_effort: value is not one of the allowed values' },
      body => (body.service_tier === 'default' ? { path: ['service_tier'], message: 'service_tier: no such value' } : undefined),
    ],
    refusal: openAiShape(400),
    answer: answers.groq,
    reasons: effortOf,
  },

  deepseek: {
    model: 'deepseek-v4-pro',
    rules: [
      rolesAre(
        [...ROLES, 'latest_reminder'],
        (role, index) => `Failed to deserialize the JSON body into the target type: messages[${index}].role: unknown variant \`${role}\``,
      ),
      body =>
        isObject(body.response_format) && body.response_format.type === 'json_schema'
          ? { path: [], message: 'This response_format type is unavailable now' }
          : undefined,
      reasoningBack(thinkingOff, 'The `reasoning_content` in the thinking mode must be passed back to the API.'),
      body =>
        isForced(body.tool_choice) && !thinkingOff(body)
          ? { path: ['tool_choice'], message: 'Thinking mode does not support this tool_choice' }
          : undefined,
    ],
    refusal: openAiShape(400),
    answer: answers.deepseek,
    reasons: body => !thinkingOff(body),
  },

  xai: {
    model: 'grok-4',
    rules: [
      noFields(
        ['stop', 'presence_penalty', 'frequency_penalty', 'reasoning_effort'],
        name => `Model grok-4 does not support parameter ${name}.`,
      ),
    ],
    refusal: ({ message }) => ({ status: 400, body: { code: 'invalid-argument', error: message } }),
    answer: answers.xai,
    reasons: () => true,
  },

  moonshot: {
    model: 'kimi-k2.6',
    rules: [
      noFields(['temperature', 'top_p', 'n', 'presence_penalty'], name => `invalid ${name}: only the default is allowed for this model`),
      reasoningBack(thinkingOff, 'thinking is enabled but reasoning_content is missing in assistant tool call message'),
      body =>
        isForced(body.tool_choice) && !thinkingOff(body)
          ? { path: ['tool_choice'], message: "tool_choice 'required' is incompatible with thinking enabled" }
          : undefined,
    ],
    refusal: openAiShape(400),
    answer: answers.moonshot,
    reasons: body => !thinkingOff(body),
  },

  perplexity: {
    model: 'sonar-reasoning-pro',
    rules: [
      noFields(['tools', 'stop', 'seed', 'service_tier'], name => `${name} is not supported`),
      systemFirst('System messages come first.'),
      alternating('After the (optional) system message(s), user and assistant roles should be alternating.'),
    ],
    refusal: ({ message, code }) => ({ status: 400, body: { error: { message, type: code ?? 'bad_request', code: 400 } } }),
    answer: answers.perplexity,
    reasons: () => true,
  },

  together: {
    model: 'zai-org/GLM-5',
    rules: [systemFirst(beginning), noFields(['max_completion_tokens'], name => `unknown ${name}`)],
    refusal: openAiShape(400),
    answer: answers.reasoningMember,
    reasons: body => isObject(body.reasoning) && body.reasoning.enabled === true,
  },

  openrouter: {
    model: 'anthropic/claude-sonnet-4.5',
    rules: [noFields(['reasoning_effort', 'safety_identifier'], name => `unknown ${name}`)],
    refusal: ({ message }) => ({
      status: 400,
      body: {
        error: {
          message: 'Provider returned error',
          code: 400,
          metadata: { provider_name: 'X', raw: JSON.stringify({ error: { message } }) },
        },
      },
    }),
    answer: answers.openrouter,
    reasons: body => isObject(body.reasoning) && body.reasoning.enabled !== false,
  },

  alibaba: {
    model: 'qwen3.8-max',
    rules: [
      rolesAre(ROLES, role => `${role} is not one of ['system', 'assistant', 'user', 'tool', 'function']`),
      toolChoiceIs(
        choice => choice !== 'required',
        () => 'The tool_choice parameter does not support being set to required',
      ),
      body =>
        isForced(body.tool_choice) && body.enable_thinking !== false
          ? { path: ['tool_choice'], message: 'not in thinking mode' }
          : undefined,
    ],
    refusal: ({ message }) => ({
      status: 400,
      body: { error: { message, type: 'invalid_request_error', param: null, code: 'invalid_parameter_error' } },
    }),
    answer: answers.usageTwice,
    reasons: body => body.enable_thinking === true,
  },

  cerebras: {
    model: 'qwen-3.8-27b',
    rules: [
      onlyFields(
        [...CHAT, 'tool_choice', 'reasoning_effort', 'response_format', 'user', 'seed', 'logprobs', 'top_logprobs'],
        name => `property '${name}' is unsupported`,
      ),
      onlyMembers(
        {
          system: ['role', 'content'],
          user: ['role', 'content'],
          assistant: ['role', 'content', 'tool_calls', 'reasoning'],
          tool: ['role', 'content', 'tool_call_id'],
        },
        path => `property '${path}' is unsupported`,
      ),
    ],
    refusal: ({ message }) => ({
      status: 400,
      body: { message, type: 'invalid_request_error', param: 'validation_error', code: 'wrong_api_format' },
    }),
    answer: answers.reasoningMember,
    reasons: effortOf,
  },

  fireworks: {
    model: 'accounts/fireworks/models/glm-5',
    rules: [systemFirst(beginning)],
    refusal: openAiShape(400),
    answer: answers.wholeCalls,
    reasons: effortOf,
  },

  azure: {
    model: 'gpt-4.1',
    rules: [noFields(['safety_identifier'], name => `Unrecognized request argument supplied: ${name}`)],
    refusal: openAiShape(400),
    answer: answers.azure,
    reasons: () => false,
  },
}

/** What a vendor has against a request. */
export const problemOf = (vendor: Vendor, body: Json): Problem | undefined => {
  for (const rule of [...vendor.rules, resultsFollowCalls]) {
    const problem = rule(body)
    if (problem) return problem
  }
  return objectsOf(body.messages).length === 0 ? { path: ['messages'], message: 'messages are missing' } : undefined
}
