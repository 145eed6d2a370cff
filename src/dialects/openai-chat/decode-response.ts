import { GatewayError } from '../../core/errors.ts'
import { unknownFields } from '../../core/fields.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ContentPart, ToolCallPart } from '../../ir/message.ts'
import type { Choice, GenerateResponse } from '../../ir/response.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import { annotationsOf, isText, sourcesOf } from './annotations.ts'
import { readGoogleSeal, readReasoning } from './carried-reasoning.ts'
import { argumentText, splitContent } from './delta-content.ts'
import { decodeFinish, honest, isCut } from './finish.ts'
import { mendedArguments, noteMended } from './tool-arguments.ts'
import { errorOfBody } from './upstream-error.ts'
import { usageOfChunk } from './usage.ts'
import { DIALECT, ownExtensions } from './wire.ts'

const KNOWN = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'citations', 'search_results'])

/** A whole answer. @throws GatewayError `bad-gateway` where it is none, or what an `error` in it says. */
export function decodeResponse(body: JsonValue, context: CodecContext, traits?: UpstreamTraits): GenerateResponse {
  const answer = Array.isArray(body) ? body[0] : body
  if (!isObject(answer)) throw new GatewayError('bad-gateway', 'the upstream sent no chat completion')
  if (answer.error) throw errorOfBody(answer, traits)
  if (!Array.isArray(answer.choices)) throw new GatewayError('bad-gateway', 'the upstream sent a chat completion without choices')
  const sources = sourcesOf(answer)
  const choices = answer.choices.filter(isObject).map(choice => decodeChoice(choice, context, traits))
  if (choices.length === 0) throw new GatewayError('bad-gateway', 'the upstream sent a chat completion without choices')
  for (const choice of choices) {
    const text = choice.content.findLast(isText)
    if (text && sources.length > 0) text.annotations ??= sources
  }
  return {
    id: typeof answer.id === 'string' && answer.id !== '' ? answer.id : undefined,
    model: typeof answer.model === 'string' && answer.model !== '' ? answer.model : undefined,
    created: typeof answer.created === 'number' ? answer.created : undefined,
    choices,
    usage: usageOfChunk(answer),
    extensions: ownExtensions(unknownFields(answer, KNOWN)),
  }
}

function decodeChoice(choice: JsonObject, context: CodecContext, traits: UpstreamTraits | undefined): Choice {
  const finish = decodeFinish(choice, traits)
  if (finish instanceof GatewayError) throw finish
  const message = isObject(choice.message) ? choice.message : {}
  const { text, reasoning } = splitContent(message.content)
  const content: ContentPart[] = readReasoning(message)
  if (reasoning !== '' && content.length === 0) content.push({ type: 'reasoning', text: reasoning })
  if (text !== '') {
    const annotations = annotationsOf(message.annotations)
    content.push({ type: 'text', text, annotations: annotations.length > 0 ? annotations : undefined, seal: readGoogleSeal(message) })
  }
  if (typeof message.refusal === 'string' && message.refusal !== '') content.push({ type: 'refusal', text: message.refusal })
  if (isObject(message.audio)) content.push({ type: 'opaque', origin: DIALECT, value: { audio: message.audio } })
  const calls = decodeCalls(message, finish !== undefined && !isCut(finish), context)
  content.push(...calls)
  return { content, finish: honest(finish ?? { reason: 'stop' }, calls.length), logprobs: choice.logprobs ?? undefined }
}

function decodeCalls(message: JsonObject, isComplete: boolean, context: CodecContext): ToolCallPart[] {
  const wire = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : []
  if (wire.length === 0 && isObject(message.function_call)) wire.push({ function: message.function_call })
  const seen = new Set<string>()
  return wire.flatMap((call, index): ToolCallPart[] => {
    const custom = isObject(call.custom) ? call.custom : undefined
    const inner = custom ?? (isObject(call.function) ? call.function : call)
    if (typeof inner.name !== 'string' || inner.name === '') {
      context.note({ action: 'dropped', field: `tool_calls.${index}`, detail: 'no name' })
      return []
    }
    const given = typeof call.id === 'string' ? call.id : ''
    const id = given === '' || seen.has(given) ? context.newId('call_') : given
    seen.add(id)
    const said = argumentText(custom ? custom.input : inner.arguments)
    const mended = custom || !isComplete ? said : mendedArguments(said)
    if (mended !== said) noteMended(context)
    const part: ToolCallPart = {
      type: 'tool-call',
      id,
      name: inner.name,
      arguments: mended,
      seal: readGoogleSeal(call),
    }
    return [custom ? { ...part, kind: 'custom' } : part]
  })
}
