/** What is sent and answered: of the size and shape of usual traffic. */

const words = 'the quick brown fox jumps over the lazy dog and then asks a language model what it thinks of that '.repeat(4)

export const chatRequest = (stream: boolean) =>
  JSON.stringify({
    model: 'bench',
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: words },
    ],
    temperature: 0.7,
    max_tokens: 500,
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  })

export const messagesRequest = JSON.stringify({
  model: 'bench',
  max_tokens: 500,
  system: 'You are a helpful assistant.',
  messages: [{ role: 'user', content: words }],
  stream: true,
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

/** A stream of `events` content chunks, as OpenAI writes them. */
export function chatStream(events: number): string {
  const frame = (choices: object[], tokens: object | null = null) =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices, usage: tokens })}\n\n`
  const choice = (delta: object, finish: string | null = null) => [{ index: 0, delta, logprobs: null, finish_reason: finish }]
  let text = frame(choice({ role: 'assistant', content: '', refusal: null }))
  for (let index = 0; index < events; index++) text += frame(choice({ content: ` word${index}` }))
  return `${text}${frame(choice({}, 'stop'))}${frame([], usage)}data: [DONE]\n\n`
}
