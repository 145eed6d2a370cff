/** What is sent and answered: of the size and shape of usual traffic. */

const words = 'the quick brown fox jumps over the lazy dog and then asks a language model what it thinks of that '.repeat(4)
const line = 'And what would the fox say to that, if it were asked for its opinion once more?'

const SYSTEM = 'You are a helpful assistant.'

/** Users and models by turns, beginning and ending with the user where `messages` is odd. */
const turns = (messages: number, text: string) =>
  Array.from({ length: messages }, (_, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content: text }))

export interface Asked {
  model: string
  stream: boolean
  /** How long the conversation is; 1 by default. */
  messages?: number
}

const talk = ({ messages }: Asked) => (messages === undefined ? turns(1, words) : turns(messages, line))

export const chatRequest = (asked: Asked): string =>
  JSON.stringify({
    model: asked.model,
    messages: [{ role: 'system', content: SYSTEM }, ...talk(asked)],
    temperature: 0.7,
    max_tokens: 500,
    ...(asked.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  })

export const messagesRequest = (asked: Asked): string =>
  JSON.stringify({
    model: asked.model,
    max_tokens: 500,
    system: SYSTEM,
    messages: talk(asked),
    ...(asked.stream ? { stream: true } : {}),
  })

const usage = {
  prompt_tokens: 120,
  completion_tokens: 200,
  total_tokens: 320,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
}

const base = { id: 'chatcmpl-bench0123456789', created: 1_790_000_000, model: 'bench-1', system_fingerprint: 'fp_bench' }

export const chatAnswer = JSON.stringify({
  ...base,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: words, refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage,
})

const frame = (choices: object[], tokens: object | null = null) =>
  `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices, usage: tokens })}\n\n`
const choice = (delta: object, finish: string | null = null) => [{ index: 0, delta, logprobs: null, finish_reason: finish }]

/** The parts of a stream, as OpenAI writes them. */
export const STREAM_START = frame(choice({ role: 'assistant', content: '', refusal: null }))
export const streamWord = (index: number): string => frame(choice({ content: ` word${index}` }))
export const STREAM_END = `${frame(choice({}, 'stop'))}${frame([], usage)}data: [DONE]\n\n`

/** What stands in the first content of a stream, in either dialect. */
export const FIRST_WORD = Buffer.from('" word0"')

/** A stream of `events` content chunks. */
export function chatStream(events: number): string {
  let text = STREAM_START
  for (let index = 0; index < events; index++) text += streamWord(index)
  return text + STREAM_END
}
