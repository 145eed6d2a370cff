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
  {
    prefix: 'computer_2',
    description: 'Looks at the screen and works the mouse and keyboard.',
    parameters: {
      type: 'object',
      properties: {
        action: strings([
          ...['screenshot', 'cursor_position', 'mouse_move', 'left_click', 'left_click_drag', 'right_click', 'middle_click'],
          ...['double_click', 'triple_click', 'left_mouse_down', 'left_mouse_up', 'scroll', 'key', 'hold_key', 'type', 'wait', 'zoom'],
        ]),
        coordinate: { ...numbers, description: 'Where, as x and y in pixels from the upper left corner.' },
        start_coordinate: { ...numbers, description: 'Where a drag begins.' },
        text: string('Text to type, or the keys to press.'),
        duration: { type: 'number', description: 'Seconds to wait or to hold a key.' },
        scroll_direction: strings(['up', 'down', 'left', 'right']),
        scroll_amount: { type: 'integer', description: 'How far to scroll.' },
        region: { ...numbers, description: 'What to zoom into: left, top, right and bottom.' },
      },
      required: ['action'],
    },
  },
]

/** What a tool says of the screen it works on, which its schema has no place for. */
function screenOf({ value }: VendorTool): string {
  const { display_width_px: width, display_height_px: height } = value
  return typeof width === 'number' && typeof height === 'number' ? ` The screen is ${width} by ${height} pixels.` : ''
}

/** A client-run tool of Anthropic's as the function it amounts to; undefined for tools that only their vendor can run. */
export function functionOfVendorTool(tool: VendorTool): JsonObject | undefined {
  if (tool.origin !== 'anthropic' || tool.name === undefined) return undefined
  const known = CLIENT_TOOLS.find(({ prefix }) => tool.kind.startsWith(prefix))
  return known && { name: tool.name, description: known.description + screenOf(tool), parameters: known.parameters }
}
