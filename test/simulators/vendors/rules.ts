import { isObject, type Json, objectsOf, stringOf } from '../../checkers/json.ts'

/** What a vendor turns down: where, in what words, with which status. */
export interface Problem {
  path: readonly (string | number)[]
  message: string
  status?: number
  code?: string
}

/** A rule of a vendor's: the first problem it finds in a request. */
export type Rule = (body: Json) => Problem | undefined

const messagesOf = (body: Json): Json[] => objectsOf(body.messages)

const first = <T>(items: readonly T[], find: (item: T, index: number) => Problem | undefined): Problem | undefined => {
  for (const [index, item] of items.entries()) {
    const problem = find(item, index)
    if (problem) return problem
  }
  return undefined
}

/** Fields that the request may have, and no others. */
export const onlyFields =
  (fields: readonly string[], message: (name: string) => string): Rule =>
  body =>
    first(Object.keys(body), name => (fields.includes(name) ? undefined : { path: [name], message: message(name) }))

/** Fields that are errors wherever they hold anything. */
export const noFields =
  (fields: readonly string[], message: (name: string) => string): Rule =>
  body =>
    first(fields, name => (body[name] === undefined || body[name] === null ? undefined : { path: [name], message: message(name) }))

/** Members that messages of a role may have. */
export const onlyMembers =
  (members: Record<string, readonly string[]>, message: (path: string) => string): Rule =>
  body =>
    first(messagesOf(body), (item, index) => {
      const known = members[stringOf(item.role)] ?? []
      const odd = Object.keys(item).find(name => !known.includes(name))
      return odd === undefined
        ? undefined
        : { path: ['messages', index, stringOf(item.role), odd], message: message(`messages.${index}.${odd}`) }
    })

export const rolesAre =
  (roles: readonly string[], message: (role: string, index: number) => string): Rule =>
  body =>
    first(messagesOf(body), ({ role }, index) =>
      roles.includes(stringOf(role)) ? undefined : { path: ['messages', index, 'role'], message: message(stringOf(role), index) },
    )

/** Instructions at the start only. */
export const systemFirst =
  (message: string): Rule =>
  body => {
    const roles = messagesOf(body).map(({ role }) => role)
    const start = roles.findIndex(role => role !== 'system')
    const late = roles.findIndex((role, index) => role === 'system' && start !== -1 && index > start)
    return late === -1 ? undefined : { path: ['messages', late], message }
  }

/** Pairs of roles that may not follow each other. */
export const neverAfter =
  (role: string, before: string, message: string, code?: string): Rule =>
  body =>
    first(messagesOf(body), (item, index) =>
      item.role === role && messagesOf(body)[index - 1]?.role === before ? { path: ['messages', index], message, code } : undefined,
    )

export const alternating =
  (message: string): Rule =>
  body => {
    const roles = messagesOf(body).flatMap(({ role }) => (role === 'system' ? [] : [role]))
    const wrong = roles.findIndex((role, index) => role !== (index % 2 === 0 ? 'user' : 'assistant'))
    return wrong === -1 && roles.at(-1) === 'user' ? undefined : { path: ['messages'], message, code: 'invalid_message' }
  }

const callIds = (message: Json): string[] => [
  ...objectsOf(message.tool_calls).map(call => stringOf(call.id)),
  ...(typeof message.tool_call_id === 'string' ? [message.tool_call_id] : []),
]

export const idsLike =
  (pattern: RegExp, message: (id: string) => string, code?: string): Rule =>
  body =>
    first(messagesOf(body), (item, index) => {
      const odd = callIds(item).find(id => !pattern.test(id))
      return odd === undefined ? undefined : { path: ['messages', index], message: message(odd), code, status: 400 }
    })

export const toolChoiceIs =
  (fits: (choice: unknown) => boolean, message: (choice: unknown) => string): Rule =>
  ({ tool_choice: choice }) =>
    choice === undefined || fits(choice) ? undefined : { path: ['tool_choice'], message: message(choice) }

/** Turns with calls must bring their reasoning back, unless it is off. */
export const reasoningBack =
  (isOff: (body: Json) => boolean, message: string): Rule =>
  body =>
    isOff(body)
      ? undefined
      : first(messagesOf(body), (item, index) =>
          objectsOf(item.tool_calls).length > 0 && !stringOf(item.reasoning_content) ? { path: ['messages', index], message } : undefined,
        )

export const noNullContent =
  (message: string): Rule =>
  body =>
    first(messagesOf(body), ({ content }, index) =>
      content === null || content === undefined ? { path: ['messages', index], message } : undefined,
    )

/** Every result behind its call, in the order of calls: what all servers want. */
export const resultsFollowCalls: Rule = body => {
  let open: string[] = []
  return first(messagesOf(body), (item, index) => {
    if (item.role === 'tool') {
      if (!open.includes(stringOf(item.tool_call_id))) return { path: ['messages', index], message: 'a tool message without its call' }
      open = open.filter(id => id !== item.tool_call_id)
      return undefined
    }
    if (open.length > 0) return { path: ['messages', index], message: 'tool calls without results' }
    open = objectsOf(item.tool_calls).map(call => stringOf(call.id))
    return undefined
  })
}

export const isForced = (choice: unknown): boolean => choice === 'required' || choice === 'any' || isObject(choice)
