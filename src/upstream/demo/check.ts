import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'

const isContent = (content: JsonValue | undefined): boolean =>
  content === undefined || content === null || typeof content === 'string' || Array.isArray(content)

/** What a vendor would refuse in the messages; undefined where there is nothing. Said as OpenAI says it: the demo is to be tried with bad input too. */
export function refusalOf({ messages }: JsonObject): JsonObject | undefined {
  const list = Array.isArray(messages) ? messages : []
  const at = list.findIndex(message => isObject(message) && !isContent(message.content))
  if (at === -1) return undefined
  const param = `messages.${at}.content`
  return {
    error: {
      message: `Invalid type for '${param}': expected a string or an array.`,
      type: 'invalid_request_error',
      param,
      code: 'invalid_type',
    },
  }
}
