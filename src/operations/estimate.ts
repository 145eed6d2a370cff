import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Usage } from '../ir/usage.ts'
import { imageTokens, mediaTokens } from './media-tokens.ts'
import { textTokens } from './text-tokens.ts'
import type { TokenCounter } from './token-counting/token-counter.ts'

/** Generated text has about four characters a token, code and JSON fewer (dialects.md §2.11). */
const CHARACTERS_PER_TOKEN = 3.5

/** What a family of models makes of a prompt beyond its text. */
interface Family {
  name: RegExp
  /** Tokens of its vocabulary for one of OpenAI's. */
  text: number
  /** What it is told about tools where there are any, and per tool. */
  tools: number
  tool: number
  /** The largest image. */
  image: number
  /** Whether the thinking of the turn that is still going on is read again; earlier turns' is left out by the vendor. */
  thinking: boolean
}

const CLAUDE: Family = { name: /claude|anthropic/i, text: 1.15, tools: 346, tool: 8, image: 1568, thinking: true }

/** First match wins; the last row matches every name. */
const FAMILIES: readonly Family[] = [
  { ...CLAUDE, name: /opus-4[.-][78]|(?:opus|sonnet|haiku|fable|mythos)-[5-9]/i, image: 4784 },
  CLAUDE,
  { name: /^/, text: 1, tools: 12, tool: 8, image: 1568, thinking: false },
]

const PER_MESSAGE = 4
const PER_CALL = 8

/** Longer texts of nothing but base64's characters are data, not words. Absence of spaces would not do: Chinese and Japanese have none. */
const DATA_LENGTH = 2000
const BASE64 = /^[\w+/=-]+$/
const DATA_URL = /^data:[\w/+.-]*(;[\w=+.-]+)*;base64,/

/** Members of parts and messages that no model reads. */
const UNREAD: ReadonlySet<string> = new Set([
  'type',
  'id',
  'role',
  'index',
  'status',
  'tool_use_id',
  'tool_call_id',
  'cache_control',
  'citations',
  'signature',
  'encrypted_content',
  'encrypted_index',
  'extra_content',
  'output_config',
])

/** Members that hold earlier reasoning, in OpenAI's dialect. */
const REASONING: ReadonlySet<string> = new Set(['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks'])

const familyOf = (model: string): Family => FAMILIES.find(({ name }) => name.test(model)) as Family

/** Tokens of `model`'s vocabulary for one of OpenAI's. */
export const tokensForOne = (model: string): number => familyOf(model).text

/**
 * Tokens of a request in any dialect as `model` would count it: texts by the way tokenizers cut, tools by their schemas, images by their size, documents by theirs.
 * Never the text of embedded data. Linear in the size of the request; an estimate, and to be called one.
 */
export function estimateInputTokens(request: JsonObject, model = ''): number {
  const family = familyOf(model)
  const estimate = new Estimate(family, text => textTokens(text) * family.text)
  return Math.ceil(estimate.request(request))
}

/** The tokens of a request while its texts are being counted. */
export interface InputEstimate {
  /** As good as is known by now. */
  readonly tokens: number
  /** Of these, images, sound and documents: told by their size, and each vendor has rules of its own. */
  readonly media: number
  /** Whether all texts have been counted by a tokenizer. */
  readonly exact: boolean
  /** As `tokens`, once the texts have been counted or after a short while. */
  settled(): Promise<number>
  close(): void
}

/** As `estimateInputTokens`, with the texts left to `counter`. */
export function estimateInput(request: JsonObject, model: string, counter: TokenCounter): InputEstimate {
  const family = familyOf(model)
  const count = counter.open(model)
  const estimate = new Estimate(family, text => {
    count.add(text)
    count.cut()
    return 0
  })
  const others = estimate.request(request)
  const withOthers = (tokens: number): number => Math.ceil(others + tokens * family.text)
  return {
    get tokens() {
      return withOthers(count.tokens)
    },
    media: Math.ceil(estimate.media),
    get exact() {
      return count.exact
    },
    settled: async () => withOthers(await count.settled()),
    close: () => count.close(),
  }
}

class Estimate {
  /** What media came to so far. */
  media = 0

  constructor(
    private readonly family: Family,
    /** Tokens of a text, unless they are counted elsewhere. */
    private readonly countText: (text: string) => number,
  ) {}

  request(body: JsonObject): number {
    const messages = Array.isArray(body.messages) ? body.messages : []
    const current = this.family.thinking ? lastQuestion(messages) : messages.length
    let tokens = this.content(body.system, false) + this.#schema(body.response_format) + this.#format(body.output_config)
    for (const [index, message] of messages.entries()) tokens += PER_MESSAGE + this.content(message, index > current)
    return tokens + this.#tools(body.tools) + this.#tools(body.functions)
  }

  /** Any piece of a conversation; `thinking`: that of this turn counts. */
  content(value: JsonValue | undefined, thinking: boolean): number {
    if (typeof value === 'string') return this.#text(value)
    if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + this.content(item, thinking), 0)
    return isObject(value) ? this.#part(value, thinking) : 0
  }

  #part(part: JsonObject, thinking: boolean): number {
    if (part.type === 'thinking') return thinking ? this.content(part.thinking, true) : 0
    if (part.type === 'redacted_thinking') return 0
    const before = this.media
    const media = mediaTokens(part, this.family.image, { content: value => this.content(value, thinking), text: this.countText })
    if (media !== undefined) {
      // A document may hold images of its own.
      this.media = before + media
      return media
    }
    if (typeof part.type === 'string' && part.type.endsWith('tool_use') && isObject(part.input)) {
      return PER_CALL + this.#text(String(part.name ?? '')) + this.#text(JSON.stringify(part.input))
    }
    let tokens = part.tool_use_id !== undefined || part.tool_call_id !== undefined || isObject(part.function) ? PER_CALL : 0
    for (const key in part) if (!UNREAD.has(key) && !REASONING.has(key)) tokens += this.content(part[key], thinking)
    return tokens
  }

  #text(text: string): number {
    const data = DATA_URL.test(text) || (text.length > DATA_LENGTH && BASE64.test(text.slice(0, DATA_LENGTH)))
    if (!data) return this.countText(text)
    const tokens = imageTokens(text, this.family.image)
    this.media += tokens
    return tokens
  }

  #tools(value: JsonValue | undefined): number {
    const tools = Array.isArray(value) ? value.filter(isObject) : []
    if (tools.length === 0) return 0
    return tools.reduce((sum, tool) => sum + this.#tool(tool), this.family.tools)
  }

  #tool({ type, cache_control, defer_loading, ...tool }: JsonObject): number {
    // What is loaded later is not in the prompt yet.
    return defer_loading === true ? 0 : this.family.tool + this.#text(JSON.stringify(isObject(tool.function) ? tool.function : tool))
  }

  #schema(value: JsonValue | undefined): number {
    return isObject(value) && (value.json_schema !== undefined || value.schema !== undefined) ? this.#text(JSON.stringify(value)) : 0
  }

  #format(config: JsonValue | undefined): number {
    return isObject(config) ? this.#schema(config.format) : 0
  }
}

/** The place of the last message that the user said something in, rather than only gave a tool's result. */
function lastQuestion(messages: readonly JsonValue[]): number {
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    if (!isObject(message) || message.role !== 'user') continue
    const { content } = message
    if (!Array.isArray(content) || content.some(part => !isObject(part) || part.type !== 'tool_result')) return index
  }
  return -1
}

export const estimateUsage = (request: JsonObject, model: string, outputCharacters: number): Usage => ({
  inputTokens: estimateInputTokens(request, model),
  outputTokens: Math.ceil(outputCharacters / CHARACTERS_PER_TOKEN),
  estimated: true,
})
