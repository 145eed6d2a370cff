import type { JsonObject } from '../../core/json.ts'
import type { VendorTool } from '../../ir/tools.ts'

const string = (description: string): JsonObject => ({ type: 'string', description })
const strings = (values: string[]): JsonObject => ({ type: 'string', enum: values })
const numbers: JsonObject = { type: 'array', items: { type: 'integer' } }

/** What the client runs for Anthropic's tools that come without a schema, as Anthropic documents their input (dialects.md §2.4.1). */
const CLIENT_TOOLS: readonly { prefix: string; description: string; parameters: JsonObject }[] = [
  {
    prefix: 'bash_',
    description: 'Runs a command in a persistent bash session, or restarts the session.',
    parameters: {
      type: 'object',
      properties: { command: string('The command to run.'), restart: { type: 'boolean', description: 'Restarts the session.' } },
    },
  },
  {
    prefix: 'text_editor_',
    description: 'Views, creates and edits text files.',
    parameters: {
      type: 'object',
      properties: {
        command: strings(['view', 'create', 'str_replace', 'insert']),
        path: string('Path of the file or directory.'),
        file_text: string('Content of the file to create.'),
        old_str: string('Text to replace; it must occur exactly once.'),
        new_str: string('Text to put in its place.'),
        insert_line: { type: 'integer', description: 'Line after which to insert.' },
        insert_text: string('Text to insert.'),
        view_range: { ...numbers, description: 'First and last line to view.' },
      },
      required: ['command', 'path'],
    },
  },
  {
    prefix: 'memory_',
    description: 'Keeps notes across conversations as files below /memories.',
    parameters: {
      type: 'object',
      properties: {
        command: strings(['view', 'create', 'str_replace', 'insert', 'delete', 'rename']),
        path: string('Path of the file or directory.'),
        file_text: string('Content of the file to create.'),
        old_str: string('Text to replace; it must occur exactly once.'),
        new_str: string('Text to put in its place.'),
        insert_line: { type: 'integer', description: 'Line after which to insert.' },
        insert_text: string('Text to insert.'),
        old_path: string('Path to rename.'),
        new_path: string('The new path.'),
        view_range: { ...numbers, description: 'First and last line to view.' },
      },
      required: ['command'],
    },
  },
]

/** A client-run tool of Anthropic's as the function it amounts to; undefined for tools that only their vendor can run. */
export function functionOfVendorTool(tool: VendorTool): JsonObject | undefined {
  if (tool.origin !== 'anthropic' || tool.name === undefined) return undefined
  const known = CLIENT_TOOLS.find(({ prefix }) => tool.kind.startsWith(prefix))
  return known && { name: tool.name, description: known.description, parameters: known.parameters }
}
