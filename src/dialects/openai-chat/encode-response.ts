import { isObject, type JsonObject } from '../../core/json.ts'
import { customInput, customToolNames } from '../../ir/custom-input.ts'
import type { ContentPart, ReasoningPart, ToolCallPart } from '../../ir/message.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { Choice, GenerateResponse } from '../../ir/response.ts'
import type { CodecContext } from '../dialect.ts'
import { encodeAnnotation } from './annotations.ts'
import { detailOf, googleSeal } from './carried-reasoning.ts'
import { LEGACY } from './decode-tools.ts'
import { encodeFinish, refusalText } from './finish.ts'
import { noteForeignAnswer } from './foreign-part.ts'
import { encodeUsage } from './usage.ts'
import { COMPLETION_OBJECT, DIALECT } from './wire.ts'

/** A whole answer as a chat completion (dialects.md §3.3). */
export function encodeResponse(response: GenerateResponse, request: GenerateRequest, context: CodecContext): JsonObject {
  return {
    id: context.newId('chatcmpl-'),
    object: COMPLETION_OBJECT,
    created: Math.floor(context.now() / 1000),
    model: request.model,
    choices: response.choices.map((choice, index) => encodeChoice(choice, index, request, context)),
    ...(response.usage && { usage: encodeUsage(response.usage) }),
    ...(response.serviceTier !== undefined && { service_tier: response.serviceTier }),
    ...response.extensions?.[DIALECT],
  }
}

function encodeChoice(choice: Choice, index: number, request: GenerateRequest, context: CodecContext): JsonObject {
  const calls = choice.content.filter((part): part is ToolCallPart => part.type === 'tool-call')
  const legacy = calls.length > 0 && wantsFunctionCall(request)
  if (choice.finish.reason === 'pause') context.note({ action: 'approximated', field: 'finish_reason', detail: 'the turn was paused' })
  return {
    index,
    message: encodeMessage(choice, calls, { legacy, customTools: customToolNames(request.tools) }, context),
    logprobs: choice.logprobs ?? null,
    finish_reason: legacy ? 'function_call' : encodeFinish(choice.finish, calls.length),
  }
}

/** Whether the client offered its tools in the older `functions`, and so reads the older `function_call`. */
export const wantsFunctionCall = (request: GenerateRequest): boolean =>
  request.tools?.every(tool => tool.type === 'function' && tool.extensions?.[DIALECT]?.[LEGACY] === true) ?? false

interface CallForm {
  /** As the one `function_call` of older clients. */
  legacy: boolean
  /** Names of the free-text tools that the client offered. */
  customTools: ReadonlySet<string>
}

function encodeMessage(
  choice: Choice,
  calls: readonly ToolCallPart[],
  { legacy, customTools }: CallForm,
  context: CodecContext,
): JsonObject {
  const { content } = choice
  const text = joined(content, 'text')
  const refusal = joined(content, 'refusal') || (choice.finish.reason === 'content-filter' ? refusalText(choice.finish) : undefined)
  const message: JsonObject = {
    role: 'assistant',
    content: text === '' && (calls.length > 0 || refusal) ? null : text,
    refusal: refusal || null,
  }
  encodeReasoning(content, message)
  const annotations = encodeAnnotations(content, context)
  if (annotations.length > 0) message.annotations = annotations
  const sealed = content.find(part => part.type === 'text' && part.seal !== undefined)
  if (sealed?.seal) message.extra_content = googleSeal(sealed.seal)
  if (legacy) encodeFunctionCall(calls, message, context)
  else if (calls.length > 0) message.tool_calls = calls.map(call => encodeCall(call, customTools))
  for (const part of content) {
    if (part.type === 'opaque' && part.origin === DIALECT && isObject(part.value)) Object.assign(message, part.value)
    else if (part.type === 'opaque') noteForeignAnswer(part.value, context)
    else if (part.type === 'media') context.note({ action: 'dropped', field: 'content', detail: part.mediaType })
  }
  return message
}

const joined = (parts: readonly ContentPart[], type: 'text' | 'refusal'): string =>
  parts.map(part => (part.type === type ? part.text : '')).join('')

function encodeReasoning(content: readonly ContentPart[], message: JsonObject): void {
  const parts = content.filter((part): part is ReasoningPart => part.type === 'reasoning')
  const text = parts.map(part => part.text).join('')
  if (text !== '') message.reasoning_content = text
  const details = parts.flatMap((part, index) => (part.seal ? [detailOf(part, part.seal, index)] : []))
  if (details.length > 0) message.reasoning_details = details
}

/** Each citation spans its own text part within the whole text. */
function encodeAnnotations(content: readonly ContentPart[], context: CodecContext): JsonObject[] {
  const encoded: JsonObject[] = []
  let start = 0
  for (const part of content) {
    if (part.type !== 'text') continue
    const end = start + part.text.length
    for (const annotation of part.annotations ?? []) {
      const wire = encodeAnnotation(annotation, start, end)
      if (wire) encoded.push(wire)
      else context.note({ action: 'dropped', field: 'annotations', detail: 'citation without an address' })
    }
    start = end
  }
  return encoded
}

/** Free text of a custom tool stays as it is; a function's missing arguments become an empty object, because clients parse them. */
function encodeCall(call: ToolCallPart, customTools: ReadonlySet<string>): JsonObject {
  const extra = call.seal && { extra_content: googleSeal(call.seal) }
  const emulated = call.kind !== 'custom' && customTools.has(call.name)
  const input = emulated ? customInput(call.arguments) : call.arguments
  return emulated || call.kind === 'custom'
    ? { id: call.id, type: 'custom', custom: { name: call.name, input }, ...extra }
    : { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments || '{}' }, ...extra }
}

function encodeFunctionCall(calls: readonly ToolCallPart[], message: JsonObject, context: CodecContext): void {
  const [call, ...others] = calls
  if (call) message.function_call = { name: call.name, arguments: call.arguments || '{}' }
  if (others.length > 0) context.note({ action: 'dropped', field: 'tool_calls', detail: 'function_call holds one call' })
}
