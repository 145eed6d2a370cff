import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Annotation, ContentPart } from '../../ir/message.ts'
import { readSeal } from '../../ir/reasoning.ts'
import type { GenerateResponse } from '../../ir/response.ts'
import type { CodecContext } from '../dialect.ts'
import { decodeErrorObject } from './errors.ts'
import { decodeFinish } from './finish.ts'
import { decodeUsage, servedBy } from './usage.ts'

/** Members of an answer that only this dialect's clients understand. */
const OWN_MEMBERS = ['container', 'context_management', 'diagnostics', 'stop_details']

/** A whole Messages answer. @throws GatewayError `bad-gateway` where it is none, or the kind of the error that it holds */
export function decodeResponse(body: JsonValue, context: CodecContext): GenerateResponse {
  if (!isObject(body)) throw notAMessage()
  if (body.type === 'error' && isObject(body.error)) throw decodeErrorObject(body.error)
  const content: JsonValue | undefined = typeof body.content === 'string' ? [{ type: 'text', text: body.content }] : body.content
  if (!Array.isArray(content)) throw notAMessage()
  const ids = new CallIds(context)
  const parts = content.filter(isObject).map(block => decodeAnswerBlock(block, ids))
  const called = parts.some(part => part.type === 'tool-call')
  const response: GenerateResponse = {
    choices: [{ content: parts, finish: decodeFinish(body) ?? { reason: called ? 'tool-calls' : 'stop' } }],
  }
  if (typeof body.id === 'string') response.id = body.id
  if (typeof body.model === 'string') response.model = body.model
  const usage = decodeUsage(body.usage)
  if (usage) response.usage = usage
  const tier = servedBy(body.usage)
  if (tier !== undefined) response.serviceTier = tier
  const own = ownMembers(body)
  if (own) response.extensions = { anthropic: own }
  return response
}

const notAMessage = (): GatewayError => new GatewayError('bad-gateway', 'the upstream answered with something that is no message')

/** What a message, or a `message_delta`, says beyond the internal model; undefined where it says nothing. */
export function ownMembers(from: JsonObject): JsonObject | undefined {
  let own: JsonObject | undefined
  for (const name of OWN_MEMBERS) {
    const value = from[name]
    if (value === undefined || value === null) continue
    own ??= {}
    own[name] = value
  }
  return own
}

/** Ids of the calls in one answer. Weak servers leave them out or repeat them, and nobody could tell which call a result belongs to. */
export class CallIds {
  readonly #taken = new Set<string>()

  constructor(private readonly context: CodecContext) {}

  take(given: string): string {
    const id = given === '' || this.#taken.has(given) ? this.context.newId('toolu_') : given
    this.#taken.add(id)
    return id
  }
}

function decodeAnswerBlock(block: JsonObject, ids: CallIds): ContentPart {
  switch (block.type) {
    case 'text': {
      const annotations = (Array.isArray(block.citations) ? block.citations : []).map(decodeCitation)
      return { type: 'text', text: textOf(block.text), ...(annotations.length > 0 && { annotations }) }
    }
    case 'thinking': {
      const seal = readSeal(textOf(block.signature), 'anthropic')
      return { type: 'reasoning', text: textOf(block.thinking), ...(seal && { seal }) }
    }
    case 'redacted_thinking':
      return { type: 'reasoning', text: '', redacted: true, seal: readSeal(textOf(block.data), 'anthropic') }
    case 'tool_use': {
      const { type: _type, id, name, input, ...rest } = block
      const own = Object.keys(rest).length > 0 && { extensions: { anthropic: rest } }
      return { type: 'tool-call', id: ids.take(textOf(id)), name: textOf(name), arguments: inputText(input), ...own }
    }
    default:
      return { type: 'opaque', origin: 'anthropic', value: block }
  }
}

/** A tool's input as the text the model wrote, as near as the wire tells: '' where there is none. */
export function inputText(input: JsonValue | undefined): string {
  if (input === undefined || input === null) return ''
  return typeof input === 'string' ? input : JSON.stringify(input)
}

/** A citation's common fields; its own shape travels along. */
export function decodeCitation(raw: JsonValue): Annotation {
  const annotation: Annotation = { origin: 'anthropic', raw }
  if (!isObject(raw)) return annotation
  // Search results cite their `source`, documents have a title and no address.
  const url = raw.type === 'web_search_result_location' ? raw.url : undefined
  const title = raw.title ?? raw.document_title
  if (typeof url === 'string') annotation.url = url
  else if (raw.type === 'search_result_location' && typeof raw.source === 'string' && /^https?:/.test(raw.source))
    annotation.url = raw.source
  if (typeof title === 'string') annotation.title = title
  if (typeof raw.cited_text === 'string') annotation.citedText = raw.cited_text
  return annotation
}

/** Text that some servers send as a list of pieces. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return ''
  return value.map(piece => (isObject(piece) ? textOf(piece.text) : textOf(piece))).join('')
}
