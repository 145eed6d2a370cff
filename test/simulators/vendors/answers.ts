import { isObject, type Json, objectsOf, stringOf } from '../../checkers/json.ts'

/** How a vendor's answers differ from OpenAI's: chunk by chunk (none drops one), and whole. */
export interface Flavour {
  chunks(chunks: Json[]): Json[]
  body(body: Json): Json
}

const choicesOf = (value: Json): Json[] => objectsOf(value.choices)

/** Every delta or message rewritten. */
function withSaid(value: Json, rewrite: (said: Json, choice: Json) => Json): Json {
  const choices = choicesOf(value).map(choice => {
    const key = isObject(choice.delta) ? 'delta' : 'message'
    return { ...choice, [key]: rewrite(isObject(choice[key]) ? choice[key] : {}, choice) }
  })
  return { ...value, choices }
}

const each = (rewrite: (said: Json, choice: Json) => Json): Flavour => ({
  chunks: chunks => chunks.map(chunk => withSaid(chunk, rewrite)),
  body: body => withSaid(body, rewrite),
})

/** Members that only OpenAI's own messages have. */
export const withoutOpenAisOwn: Flavour = each(({ refusal: _refusal, annotations: _annotations, ...said }) => said)

const renamed = ({ reasoning_content: reasoning, ...said }: Json): Json => (reasoning === undefined ? said : { ...said, reasoning })

/** `reasoning` in place of `reasoning_content`. */
export const reasoningMember: Flavour = each(renamed)

/** The last chunk's usage on the chunk that finishes, as most vendors have it. */
function usageOnFinish(chunks: Json[], form: (usage: Json) => Json = usage => usage): Json[] {
  const usage = chunks.map(chunk => chunk.usage).findLast(isObject)
  return chunks.flatMap(chunk => {
    if (choicesOf(chunk).length === 0) return []
    const { usage: _, ...rest } = chunk
    const finishes = choicesOf(chunk).some(choice => choice.finish_reason !== null)
    return [finishes && usage ? { ...rest, usage: form(usage) } : rest]
  })
}

/** Ids of nine characters, text and reasoning as parts, no role, usage unasked on the last chunk. */
export const mistral: Flavour = {
  chunks: chunks =>
    usageOnFinish(chunks).map(chunk =>
      withSaid(chunk, said => mistralSaid(Object.fromEntries(Object.entries(said).filter(([key]) => key !== 'role' && key !== 'refusal')))),
    ),
  body: body => withSaid(body, mistralSaid),
}

function mistralSaid({ reasoning_content: reasoning, ...said }: Json): Json {
  const calls = objectsOf(said.tool_calls).map(call =>
    typeof call.id === 'string' ? { ...call, id: call.id.replace(/[^a-z0-9]/gi, '').slice(-9) } : call,
  )
  const rest = calls.length > 0 ? { ...said, tool_calls: calls } : said
  if (typeof reasoning !== 'string') return rest
  const thinking = { type: 'thinking', thinking: [{ type: 'text', text: reasoning }] }
  const text = stringOf(said.content)
  return { ...rest, content: text === '' ? [thinking] : [thinking, { type: 'text', text }] }
}

/** Usage in an object of its own, and again at the end. */
export const groq: Flavour = {
  chunks: chunks => [
    ...usageOnFinish(chunks).map(({ usage, ...chunk }) => withSaid(usage ? { ...chunk, x_groq: { id: 'req_1', usage } } : chunk, renamed)),
    ...chunks.slice(-1),
  ],
  body: body => withSaid(body, renamed),
}

const deepseekUsage = ({ prompt_tokens_details: details, ...usage }: Json): Json => {
  const cached = isObject(details) ? Number(details.cached_tokens) : 0
  return { ...usage, prompt_cache_hit_tokens: cached, prompt_cache_miss_tokens: Number(usage.prompt_tokens) - cached }
}

export const deepseek: Flavour = {
  chunks: chunks => usageOnFinish(chunks, deepseekUsage),
  body: body => ({ ...body, usage: isObject(body.usage) ? deepseekUsage(body.usage) : body.usage }),
}

/** Reasoning is counted beside the completion. */
const xaiUsage = (usage: Json): Json => {
  const details = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {}
  return { ...usage, completion_tokens: Number(usage.completion_tokens) - Number(details.reasoning_tokens ?? 0) }
}

export const xai: Flavour = {
  chunks: chunks => chunks.map(chunk => (isObject(chunk.usage) ? { ...chunk, usage: xaiUsage(chunk.usage) } : chunk)),
  body: body => ({ ...body, usage: isObject(body.usage) ? xaiUsage(body.usage) : body.usage }),
}

const moonshotUsage = ({ prompt_tokens_details: details, ...usage }: Json): Json => ({
  ...usage,
  cached_tokens: isObject(details) ? details.cached_tokens : 0,
})

/** Usage within the choice that finishes, and again at the end. */
export const moonshot: Flavour = {
  chunks: chunks => [
    ...usageOnFinish(chunks, moonshotUsage).map(({ usage, ...chunk }) =>
      usage === undefined ? chunk : { ...chunk, choices: choicesOf(chunk).map(choice => ({ ...choice, usage })) },
    ),
    ...chunks.slice(-1).map(chunk => (isObject(chunk.usage) ? { ...chunk, usage: moonshotUsage(chunk.usage) } : chunk)),
  ],
  body: body => ({ ...body, usage: isObject(body.usage) ? moonshotUsage(body.usage) : body.usage }),
}

/** Reasoning between tags: the opening one before its first piece, the closing one in two pieces behind its last. */
export const thinkTags: Flavour = {
  chunks: chunks => {
    const thinks = (chunk: Json | undefined): boolean =>
      choicesOf(chunk ?? {}).some(({ delta }) => isObject(delta) && delta.reasoning_content !== undefined)
    return chunks.flatMap((chunk, index) => {
      if (!thinks(chunk)) return [chunk]
      const opening = thinks(chunks[index - 1]) ? '' : '<think>\n'
      const say = (content: string): Json => withSaid(chunk, () => ({ content }))
      const inside = withSaid(chunk, ({ reasoning_content: text }) => ({ content: opening + stringOf(text) }))
      return thinks(chunks[index + 1]) ? [inside] : [inside, say('\n</th'), say('ink>\n\n')]
    })
  },
  body: body =>
    withSaid(body, ({ reasoning_content: text, ...said }) =>
      text === undefined ? said : { ...said, content: `<think>\n${stringOf(text)}\n</think>\n\n${stringOf(said.content)}` },
    ),
}

const SOURCES = [{ title: 'A page', url: 'https://example.com/a', date: null }]

/** Sources beside the choices, another name for the last chunk's object, reasoning between tags. */
export const perplexity: Flavour = {
  chunks: chunks => {
    const inline = usageOnFinish(thinkTags.chunks(chunks))
    return inline.map((chunk, index) => ({
      ...chunk,
      object: index === inline.length - 1 ? 'chat.completion.done' : chunk.object,
      citations: SOURCES.map(({ url }) => url),
      search_results: SOURCES,
    }))
  },
  body: body => ({ ...thinkTags.body(body), citations: SOURCES.map(({ url }) => url), search_results: SOURCES }),
}

/** OpenRouter says reasoning twice, in words and in details. */
export const openrouter: Flavour = each(said => {
  const plain = renamed(said)
  const details = { type: 'reasoning.text', text: plain.reasoning, format: 'anthropic-claude-v1', index: 0 }
  return plain.reasoning === undefined ? plain : { ...plain, reasoning_details: [details] }
})

/** Usage so far on every chunk. */
export const usageTwice: Flavour = {
  chunks: chunks => {
    const usage = chunks.map(chunk => chunk.usage).findLast(isObject)
    const finished = (chunk: Json): boolean => choicesOf(chunk).some(choice => choice.finish_reason !== null)
    return chunks.map(chunk => (finished(chunk) && usage ? { ...chunk, usage } : chunk))
  },
  body: body => body,
}

/** Calls come whole, without an index, their arguments an object. */
function wholeChunks(chunks: Json[], index: number | undefined): Json[] {
  const calls: Json[] = []
  const open = new Map<unknown, { call: Json; text: string }>()
  const kept = chunks.flatMap((chunk): Json[] => {
    const deltas = choicesOf(chunk).flatMap(({ delta }) => (isObject(delta) ? objectsOf(delta.tool_calls) : []))
    for (const delta of deltas) {
      const inner = isObject(delta.function) ? delta.function : {}
      const known = open.get(delta.index)
      if (known) known.text += stringOf(inner.arguments)
      else open.set(delta.index, { call: delta, text: stringOf(inner.arguments) })
    }
    return deltas.length > 0 ? [] : [chunk]
  })
  for (const { call, text } of open.values()) {
    const { index: _, ...rest } = call
    const inner = isObject(call.function) ? call.function : {}
    const args = index === undefined ? JSON.parse(text || '{}') : text
    calls.push({ ...rest, ...(index !== undefined && { index }), function: { ...inner, arguments: args } })
  }
  const at = kept.findIndex(chunk => choicesOf(chunk).some(choice => choice.finish_reason !== null))
  const [model] = kept
  if (calls.length === 0 || at === -1 || !model) return kept
  const said = calls.map(call => ({ ...model, choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }] }))
  return [...kept.slice(0, at), ...said, ...kept.slice(at)]
}

export const wholeCalls: Flavour = { chunks: chunks => wholeChunks(chunks, undefined), body: body => body }

/** Every call has the index 0; reasoning under its own name; "stop" although tools are called. */
export const ollama: Flavour = {
  chunks: chunks =>
    wholeChunks(chunks, 0).map(chunk => {
      const choices = choicesOf(chunk).map(choice =>
        choice.finish_reason === 'tool_calls' ? { ...choice, finish_reason: 'stop' } : choice,
      )
      return withSaid({ ...chunk, choices }, renamed)
    }),
  body: body => withSaid(body, renamed),
}

/** The first chunk tells of the prompt's filter and has no choices, ids or model. */
export const azure: Flavour = {
  chunks: chunks => [
    { id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] },
    ...chunks.map(chunk => withSaid(chunk, said => said)),
  ],
  body: body => ({ ...body, prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] }),
}
