import { isObject, type Json, parseOrUndefined } from '../../checkers/json.ts'
import { checkTurns, fieldsOf } from './check-messages.ts'
import { checkTexts, listAt, objectAt } from './check-values.ts'
import type { Profile } from './profiles.ts'
import { refuse } from './refuse.ts'

const V7_FIELDS: Readonly<Record<string, readonly string[]>> = {
  system_message: ['content'],
  user_message: ['content'],
  assistant_message: ['content'],
  function_message: ['functionName', 'content'],
}

/** The messages of v7 (jetbrains-ai.md §2.2): calls and results take turns, told apart by name alone. @throws Refusal */
export function checkMessagesV7(given: unknown, profile: Profile): Json[] {
  const messages = listAt('$.chat.messages', given).map((message, at) => checkMessage(`$.chat.messages[${at}]`, message))
  let called: string | undefined
  for (const [at, { type, functionName, functionCall }] of messages.entries()) {
    if (type === 'function_message' && called !== functionName) {
      refuse(`$.chat.messages[${at}]: function_message ${functionName} does not follow its functionCall`)
    }
    if (type !== 'function_message' && called !== undefined) refuse(`functionCall ${called} has no function_message behind it`)
    called = isObject(functionCall) ? String(functionCall.functionName) : undefined
  }
  if (called !== undefined) refuse(`functionCall ${called} has no function_message behind it`)
  checkTurns(messages, profile)
  return messages
}

function checkMessage(path: string, given: unknown): Json {
  const message = objectAt(path, given)
  const { type, functionCall } = message
  checkTexts(path, message, fieldsOf(path, type, V7_FIELDS), type === 'assistant_message' ? ['functionCall'] : [])
  if (functionCall === undefined || functionCall === null) return message
  const call = objectAt(`${path}.functionCall`, functionCall)
  checkTexts(`${path}.functionCall`, call, ['functionName', 'content'])
  if (!isObject(parseOrUndefined(String(call.content)))) refuse(`${path}.functionCall.content: the arguments are no JSON object`)
  return message
}
