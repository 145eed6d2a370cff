import type { Step } from './conversation.ts'
import type { Version, WireMessage } from './wire.ts'

/** The steps of a conversation in the words of one version of the wire. */
export const encodeMessages = (steps: readonly Step[], version: Version): WireMessage[] =>
  steps.flatMap(step => (version.name === 'v7' ? functionMessages(step) : toolMessages(step)))

/** v8: a turn's media before its text; an assistant's text, then its calls, then all of their results (jetbrains-ai.md §2.3). */
function toolMessages(step: Step): WireMessage[] {
  switch (step.type) {
    case 'instructions':
      return [{ type: 'system_message', content: step.text }]
    case 'user':
      return [...step.media.map(mediaMessage), ...textMessage('user_message', step.text)]
    case 'assistant':
      return [
        ...textMessage('assistant_message_text', step.text),
        ...step.calls.map(({ id, name, arguments: content }) => ({ type: 'assistant_message_tool', id, toolName: name, content })),
        ...step.calls.map(({ id, name, result }) => ({ type: 'tool_message', id, toolName: name, result })),
        ...step.media.map(mediaMessage),
      ]
  }
}

/** v7: one call a message, directly followed by its result, because results are told apart by order only (jetbrains-ai.md §2.2). */
function functionMessages(step: Step): WireMessage[] {
  switch (step.type) {
    case 'instructions':
      return [{ type: 'system_message', content: step.text }]
    case 'user':
      return textMessage('user_message', step.text)
    case 'assistant':
      if (step.calls.length === 0) return textMessage('assistant_message', step.text)
      return step.calls.flatMap(({ name, arguments: content, result }, index) => [
        { type: 'assistant_message', content: index === 0 ? step.text : '', functionCall: { functionName: name, content } },
        { type: 'function_message', functionName: name, content: result },
      ])
  }
}

const mediaMessage = (media: { mediaType: string; data: string }): WireMessage => ({ type: 'media_message', ...media })

const textMessage = (type: string, content: string): WireMessage[] => (content === '' ? [] : [{ type, content }])
