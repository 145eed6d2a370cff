import { checkChatStream } from '../../test/checkers/chat.ts'
import { checkChatBody } from '../../test/checkers/chat-answer.ts'
import { isCount, isObject, parseOrUndefined } from '../../test/checkers/json.ts'
import { checkMessagesStream } from '../../test/checkers/messages.ts'
import { checkMessagesBody } from '../../test/checkers/messages-answer.ts'
import type { Answer } from './client.ts'
import type { SoakRequest } from './requests.ts'
import { SECRETS } from './secrets.ts'

/** What an internal error or a stack trace looks like, wherever it may turn up. */
export const TRACES =
  /internal error|unhandled|uncaught|\b(?:Type|Range|Reference|Syntax)Error\b|\bat [\w.<>$ ]+ \(\S+:\d+|\/\$bunfs|node_modules|\bpanic\b/

/** Everything that an answer must not be. Empty: it is legal. */
export function judge(request: SoakRequest, answer: Answer): string[] {
  const text = answer.body.toString()
  const wrong = Object.entries(SECRETS).flatMap(([name, secret]) =>
    saysAnywhere(answer, text, secret) ? [`the answer holds ${name}`] : [],
  )
  if (answer.status >= 400 && TRACES.test(text)) wrong.push('an error reads like a fault of our own')
  try {
    if (request.expect === 'any') checkAny(answer)
    else if (answer.status === 200) checkAnswer(request, answer, text)
    else checkError(request, answer, text)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    if (!MODELS_OWN.test(problem)) wrong.push(problem)
  }
  return wrong
}

/** A model may write arguments that are no object, and does where a fuzzed tool has a schema that asks for none. */
const MODELS_OWN = /^(?:C7: arguments|M5: input) of .* no JSON object/

const saysAnywhere = ({ headers }: Answer, text: string, secret: string): boolean =>
  text.includes(secret) || Object.values(headers).some(value => value.includes(secret))

const demand = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise)
}

/** What was no HTTP, or was sent elsewhere: any answer but a fault of the server's. "Not implemented" and "version" are none. */
const checkAny = ({ status }: Answer): void => demand(status < 500 || status === 501 || status === 505, `status ${status}`)

function checkAnswer({ dialect, expect, includeUsage, fault }: SoakRequest, { headers }: Answer, text: string): void {
  demand(/^req_/.test(headers['x-request-id'] ?? ''), 'the answer has no request id')
  const streamed = headers['content-type']?.startsWith('text/event-stream')
  if (expect === 'count') {
    const body = parseOrUndefined(text)
    return demand(isObject(body) && isCount(body.input_tokens), `no count: ${text.slice(0, 100)}`)
  }
  // A vendor's own whole body goes to a client of its dialect as it is, as long as it is an object that looks like an answer.
  if (!streamed && fault?.endsWith('-of-nonsense')) return demand(isObject(parseOrUndefined(text)), `no answer: ${text.slice(0, 100)}`)
  if (dialect === 'openai') {
    if (streamed) checkChatStream(text, { includeUsage })
    else checkChatBody(parseOrUndefined(text))
  } else if (streamed) checkMessagesStream(text)
  else checkMessagesBody(parseOrUndefined(text))
}

/** An error must be in the dialect's envelope. Its status is 500 only where the upstream's was. */
function checkError({ dialect, fault }: SoakRequest, { status, headers }: Answer, text: string): void {
  demand(status >= 400, `status ${status}`)
  demand(status !== 500 || fault === 'status-500', 'status 500')
  demand(headers['content-type']?.startsWith('application/json') === true, `an error of type ${headers['content-type']}`)
  const id = headers['x-request-id'] ?? ''
  demand(/^req_/.test(id), 'the error has no request id')
  const body = parseOrUndefined(text)
  demand(isObject(body) && isObject(body.error), `the error is no envelope: ${text.slice(0, 200)}`)
  if (!isObject(body) || !isObject(body.error)) return
  const { message, type } = body.error
  demand(
    typeof message === 'string' && message !== '' && typeof type === 'string',
    `the error lacks message or type: ${text.slice(0, 200)}`,
  )
  if (dialect === 'openai') demand('param' in body.error && 'code' in body.error, `the error lacks param or code: ${text.slice(0, 200)}`)
  else demand(body.type === 'error' && typeof body.request_id === 'string', `the error lacks its type or request id: ${text.slice(0, 200)}`)
}
