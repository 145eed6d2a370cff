import type { JsonObject } from '../core/json.ts'
import type { DialectId } from './dialect-id.ts'
import type { CacheMark, Extensions } from './message.ts'

/** A function the client runs. `parameters` is a JSON Schema, whole and untouched; absent = no parameters. */
export interface FunctionTool {
  type: 'function'
  name: string
  description?: string
  parameters?: JsonObject
  strict?: boolean
  cache?: CacheMark
  extensions?: Extensions
}

/** A free-text tool (OpenAI `custom`), with its grammar or format object in the vendor's shape. */
export interface CustomTool {
  type: 'custom'
  name: string
  description?: string
  format?: JsonObject
  cache?: CacheMark
  extensions?: Extensions
}

/** A tool that only its vendor knows (server tools, schema-less client tools), in the vendor's shape. */
export interface VendorTool {
  type: 'vendor'
  origin: DialectId
  /** The vendor's type name, e.g. `web_search_20250305`. */
  kind: string
  name?: string
  value: JsonObject
  /** Where it stood in the caller's request, for notes and errors. */
  path?: string
}

export type Tool = FunctionTool | CustomTool | VendorTool

/** `required`: any tool, but one of them. `tool`: the named one. `allowed`: only the named ones, in the given mode. */
export type ToolChoice =
  | { type: 'auto' }
  | { type: 'none' }
  | { type: 'required' }
  | { type: 'tool'; name: string }
  | { type: 'allowed'; mode: 'auto' | 'required'; names: string[] }
