import { sha256 } from '../core/secret.ts'
import type { Message } from './message.ts'
import type { GenerateRequest } from './request.ts'
import type { Tool, ToolChoice } from './tools.ts'

/** The longest name that both vendors take. */
const LONGEST = 64
const SHORTEST_HASH = 8
const LONGEST_PREFIX = 54

export interface FittedNames {
  request: GenerateRequest
  /** The client's names by the aliases that stand for them; absent where every name was legal. */
  originals?: ReadonlyMap<string, string>
}

/**
 * The request with an alias for every tool name that the upstream refuses, in the tools, the choice and the history alike; the same request where there
 * is none. An alias is made of the name alone, so that every turn has the same one and nothing need be remembered (dialects.md §2.4.4).
 */
export function fitToolNames(request: GenerateRequest, legal: RegExp): FittedNames {
  const names = namesIn(request)
  const illegal = [...names].filter(name => !legal.test(name))
  if (illegal.length === 0) return { request }
  const aliases = new Map<string, string>()
  const originals = new Map<string, string>()
  for (const name of illegal) {
    const alias = aliasOf(name, made => names.has(made) || originals.has(made))
    aliases.set(name, alias)
    originals.set(alias, name)
  }
  return { request: renamed(request, name => aliases.get(name) ?? name), originals }
}

/** Long names often share their beginnings, so that a cut alone would make two tools one: a hash of the whole name tells them apart. */
function aliasOf(name: string, taken: (alias: string) => boolean): string {
  const readable = name.replace(/[^a-zA-Z0-9_-]/g, '_')
  const hash = sha256(name)
  for (let length = SHORTEST_HASH; ; length += 4) {
    const prefix = readable.slice(0, Math.min(LONGEST_PREFIX, LONGEST - 1 - length))
    const alias = `${prefix}_${hash.slice(0, length)}`
    if (length >= LONGEST - 4 || !taken(alias)) return alias
  }
}

function namesIn({ tools, toolChoice, messages }: GenerateRequest): Set<string> {
  const names = new Set<string>()
  for (const tool of tools ?? []) if (tool.type !== 'vendor') names.add(tool.name)
  if (toolChoice?.type === 'tool') names.add(toolChoice.name)
  if (toolChoice?.type === 'allowed') for (const name of toolChoice.names) names.add(name)
  for (const { role, content } of messages) {
    if (role === 'assistant') for (const part of content) if (part.type === 'tool-call') names.add(part.name)
  }
  return names
}

function renamed(request: GenerateRequest, nameOf: (name: string) => string): GenerateRequest {
  const tool = (given: Tool): Tool => (given.type === 'vendor' ? given : { ...given, name: nameOf(given.name) })
  const message = (given: Message): Message => {
    if (!given.content.some(part => part.type === 'tool-call')) return given
    return { ...given, content: given.content.map(part => (part.type === 'tool-call' ? { ...part, name: nameOf(part.name) } : part)) }
  }
  return {
    ...request,
    tools: request.tools?.map(tool),
    toolChoice: request.toolChoice && choice(request.toolChoice, nameOf),
    messages: request.messages.map(message),
  }
}

function choice(given: ToolChoice, nameOf: (name: string) => string): ToolChoice {
  if (given.type === 'tool') return { ...given, name: nameOf(given.name) }
  return given.type === 'allowed' ? { ...given, names: given.names.map(nameOf) } : given
}
