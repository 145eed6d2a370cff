import type { Json } from '../../checkers/json.ts'
import type { Reply, ReplyToolCall } from '../reply.ts'
import type { JetbrainsAnswer } from './answer.ts'

export interface EventOptions {
  version: 'v7' | 'v8'
  answer: JetbrainsAnswer
  quota: Json
  /** How many answers are wanted; more than one are told apart by `choiceIndex`. */
  choices: number
}

export function finishOf({ finish, cut, toolCalls }: Reply, version: 'v7' | 'v8'): string {
  if (finish !== undefined) return finish
  if (cut === 'length') return 'length'
  if (toolCalls.length === 0) return 'stop'
  return version === 'v7' ? 'function_call' : 'tool_call'
}

const frameOf = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

/** The stream's frames and, apart, its end marker. An error of the script takes the place of all that follows the content. */
export function renderEvents(reply: Reply, options: EventOptions): { frames: string[]; end: string[] } {
  const { answer } = options
  const once = [
    ...[...reply.text, ...(reply.refusal === undefined ? [] : [reply.refusal])].map(text => ({ type: 'Content', content: text })),
    ...(options.version === 'v7' ? functionCalls(reply, answer) : toolCalls(reply, answer)),
  ]
  const content = forEachChoice(once, options)
  if (answer.streamError) {
    const error = { event_type: 'error', error_message: answer.streamError.message }
    return { frames: [...content.map(event => frameOf(dressed(event, options))), frameOf(error)], end: [] }
  }
  const quota = { type: 'QuotaMetadata', ...options.quota }
  const at = answer.quotaEvent ?? 'after-finish'
  const events: Json[] = [
    ...(at === 'first' ? [quota] : []),
    ...content,
    ...(at === 'before-finish' ? [quota] : []),
    ...(answer.omitFinish ? [] : forEachChoice([{ type: 'FinishMetadata', reason: finishOf(reply, options.version) }], options)),
    ...(at === 'after-finish' ? [quota] : []),
  ]
  const frames = events.map(event => frameOf(dressed(event, options)))
  return { frames: answer.unknownEvents ? withUnknown(frames) : frames, end: [`data: ${answer.endMarker ?? 'end'}\n\n`] }
}

function forEachChoice(events: readonly Json[], { answer, choices, version }: EventOptions): Json[] {
  if (choices === 1 && (!answer.choiceIndex || version === 'v7')) return [...events]
  return Array.from({ length: choices }, (_, choiceIndex) => events.map(event => ({ ...event, choiceIndex }))).flat()
}

const dressed = ({ type, ...rest }: Json, { answer }: EventOptions): Json => ({
  type,
  ...(!answer.omitEventType && { event_type: 'data' }),
  ...rest,
})

function withUnknown(frames: readonly string[]): string[] {
  const [first = '', ...others] = frames
  const unknown = [
    { type: 'UnknownMetadata', event_type: 'data', anything: { at: [1] } },
    { type: 'ModelMetadata', event_type: 'data', model: 'simulated' },
    { type: 'FutureEvent', event_type: 'data', content: 'not for you' },
    null,
  ]
  return [first, ...unknown.map(frameOf), ...others]
}

/** The opening event has no arguments, unless the script wants them there. */
const spread = ({ pieces }: ReplyToolCall, { openWithContent }: JetbrainsAnswer): { opening: string | undefined; later: string[] } =>
  openWithContent ? { opening: pieces[0], later: pieces.slice(1) } : { opening: undefined, later: pieces }

function toolCalls(reply: Reply, answer: JetbrainsAnswer): Json[] {
  const lists = reply.toolCalls.map((call, at) => {
    const { opening, later } = spread(call, answer)
    const head = { type: 'ToolCall', ...(answer.omitToolIndex ? {} : { parallelToolIndex: at }) }
    const first = { ...head, id: call.id, name: call.name, ...(opening !== undefined && { content: opening }) }
    return [first, ...later.map(content => ({ ...head, content }))]
  })
  if (!reply.interleaved) return lists.flat()
  const longest = Math.max(0, ...lists.map(list => list.length))
  return Array.from({ length: longest }, (_, at) => lists.flatMap(list => list.slice(at, at + 1))).flat()
}

function functionCalls(reply: Reply, answer: JetbrainsAnswer): Json[] {
  const field = answer.functionName ? 'functionName' : 'name'
  const nobody = answer.laterNames === 'absent' ? {} : { [field]: null }
  return reply.toolCalls.flatMap(call => {
    const { opening = '', later } = spread(call, answer)
    const first = { type: 'FunctionCall', [field]: call.name, content: opening }
    return [first, ...later.map(content => ({ type: 'FunctionCall', ...nobody, content }))]
  })
}
