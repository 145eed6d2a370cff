import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Tool } from '../../ir/tools.ts'
import { decodeTool } from './decode-tools.ts'

/**
 * `tool_addition` and `tool_removal` in system messages: tools offered, or no longer offered, from that point on. Vendors without such a thing are given the
 * tools that are in force at the end (dialects.md §2.3.2). References to tools of an MCP server stay what they are: nobody else has those servers.
 */
export function isToolChange(block: JsonObject): boolean {
  if (block.type !== 'tool_addition' && block.type !== 'tool_removal') return false
  const tool = isObject(block.tool) ? block.tool : {}
  return tool.type === 'tool_reference' || (tool.type === 'tool_definition' && isObject(tool.definition))
}

interface Change {
  block: JsonObject
  path: string
}

/** Every change in the conversation, in order, those within a compaction's range included. */
function changesIn(messages: JsonValue | undefined): Change[] {
  const changes: Change[] = []
  const visit = (blocks: JsonValue | undefined, path: string): void => {
    for (const [index, block] of (Array.isArray(blocks) ? blocks : []).entries()) {
      if (!isObject(block)) continue
      if (isToolChange(block)) changes.push({ block, path: `${path}.${index}.tool` })
      else if (block.type === 'compaction') visit(block.tool_changes, `${path}.${index}.tool_changes`)
    }
  }
  for (const [index, message] of (Array.isArray(messages) ? messages : []).entries()) {
    if (isObject(message)) visit(message.content, `messages.${index}.content`)
  }
  return changes
}

/** Names of the tools that are added by reference: those are loaded, however they were declared. */
export const addedNames = (messages: JsonValue | undefined): string[] =>
  changesIn(messages).flatMap(({ block }) => {
    const tool = block.tool as JsonObject
    return block.type === 'tool_addition' && typeof tool.name === 'string' ? [tool.name] : []
  })

/** The tools in force once all that is said of them has been said. */
export function changedTools(declared: readonly Tool[], messages: JsonValue | undefined): Tool[] {
  const changes = changesIn(messages)
  if (changes.length === 0) return [...declared]
  // Toolsets have no name of their own.
  const known = new Map(declared.map((tool, index) => [tool.name ?? `#${index}`, tool]))
  const offered = new Set(known.keys())
  for (const { block, path } of changes) {
    const tool = block.tool as JsonObject
    const defined = isObject(tool.definition) ? decodeTool(tool.definition, `${path}.definition`) : undefined
    const name = defined?.name ?? String(tool.name)
    if (defined) known.set(name, defined)
    if (block.type === 'tool_removal') offered.delete(name)
    else if (known.has(name)) offered.add(name)
  }
  return [...known].flatMap(([name, tool]) => (offered.has(name) ? [tool] : []))
}
