import { type ChatAnswer, checkChatBody, checkChatStream } from '../checkers/chat.ts'
import { isObject, objectsOf, parseOrUndefined, stringOf } from '../checkers/json.ts'
import { checkMessagesBody, checkMessagesStream, type MessagesAnswer } from '../checkers/messages.ts'
import { readSse } from '../checkers/sse.ts'
import type { Format } from './relays.ts'
import { chatFinish, chatTokens, messagesFinish, messagesTokens, type Said } from './said.ts'

/** A reading, or what ended the stream instead. */
export interface Read extends Omit<Said, 'finish'> {
  finish: string | undefined
  error: string | undefined
}

const CARRIED = /^gw1\.([a-z-]+)\.([A-Za-z0-9_-]+)$/

/** A proof as its issuer wrote it: clients of another dialect carry it wrapped. */
const unwrapped = (signature: string): string => {
  const wrapped = CARRIED.exec(signature)?.[2]
  return wrapped === undefined ? signature : Buffer.from(wrapped, 'base64url').toString()
}

const inputOf = (text: string): unknown => (text === '' ? {} : (parseOrUndefined(text) ?? text))

const callsOf = (calls: ChatAnswer['toolCalls']): Said['toolCalls'] =>
  calls.map(({ id, name, arguments: text }) => ({ id, name, input: inputOf(text) }))

function chatRead(answer: ChatAnswer, signatures: string[]): Read {
  return {
    text: answer.text,
    reasoning: answer.reasoning,
    refusal: answer.refusal,
    toolCalls: callsOf(answer.toolCalls),
    finish: answer.finish === undefined ? undefined : chatFinish(answer.finish),
    tokens: chatTokens(answer.usage),
    signatures,
    error: answer.error && stringOf(answer.error.message),
  }
}

function messagesRead(answer: MessagesAnswer): Read {
  return {
    text: answer.text,
    reasoning: answer.reasoning,
    refusal: '',
    toolCalls: callsOf(answer.toolCalls),
    finish: answer.finish === undefined ? undefined : messagesFinish(answer.finish),
    tokens: messagesTokens(answer.usage),
    signatures: answer.signatures.filter(signature => signature !== '').map(unwrapped),
    error: answer.error && stringOf(answer.error.message),
  }
}

function signaturesInChunks(sse: string): string[] {
  return readSse(sse).frames.flatMap(({ data }) => {
    const chunk = parseOrUndefined(data ?? '')
    const deltas = isObject(chunk) ? objectsOf(chunk.choices).map(choice => choice.delta) : []
    return deltas.flatMap(signaturesOf)
  })
}

const signaturesOf = (message: unknown): string[] =>
  isObject(message) ? objectsOf(message.reasoning_details).map(detail => unwrapped(stringOf(detail.signature))) : []

/** What a stream may hold beyond its dialect's rules: events and blocks nobody knows, arguments that are no JSON. */
export interface Leniency {
  strangers?: boolean
  brokenArguments?: boolean
}

/** A client's whole stream, checked by every rule of its dialect. @throws {Violation} */
export function readStream(format: Format, sse: string, leniency: Leniency = {}): Read {
  if (format === 'anthropic') return messagesRead(checkMessagesStream(sse, leniency))
  const { brokenArguments } = leniency
  return chatRead(checkChatStream(sse, { includeUsage: true, exactUsage: true, brokenArguments }), signaturesInChunks(sse))
}

/** A client's whole body, checked by every rule of its dialect. @throws {Violation} */
export function readBody(format: Format, body: unknown): Read {
  if (format === 'anthropic') return messagesRead(checkMessagesBody(body))
  const messages = isObject(body) ? objectsOf(body.choices).map(choice => choice.message) : []
  return chatRead(checkChatBody(body), messages.flatMap(signaturesOf))
}
