/** The token counts in a complaint about a conversation that does not fit the model. */
export interface Overflow {
  input?: number
  /** What was asked for on top. */
  output?: number
  limit?: number
}

/** How vendors say that the context is too long; their words for a too large output limit alone are not among them. */
const SPEAKS: readonly RegExp[] = [
  /maximum (context|prompt|input) length|(prompt|input) is too long/i,
  /context (length|window|size|limit) (is |was |has been )?exceed(ed|s)/i,
  /exceed(s|ed)? ((the|this|your|its|available|maximum|model'?s?|model|configured) ){0,4}(context|token limit)/i,
  /exceeds? (the )?(model's )?maximum(?![^.]{0,120}(output|completion))[^.]{0,80}tokens/i,
  /input tokens exceed|prompt token count of \d+ exceeds|range of input length should be/i,
  /reduce the length of the (messages|prompt)|`inputs` tokens \+ `max_new_tokens` must be/i,
]

/** Those that give numbers: Anthropic, OpenAI and DeepSeek, OpenRouter, vLLM, Mistral, xAI, Google, llama.cpp, Cerebras, Together, Copilot, Fireworks, Qwen. */
const COUNTS: readonly RegExp[] = [
  /prompt is too long: (?<input>[\d,]+) tokens > (?<limit>[\d,]+)/i,
  /exceed context limit: (?<input>[\d,]+) \+ (?<output>[\d,]+) > (?<limit>[\d,]+)/i,
  /context length is (?<limit>[\d,]+) tokens.{0,60}requested (about )?(?<total>[\d,]+) tokens \([^)]{0,120}?(?<output>[\d,]+) (in|for|of) the (completion|output)\)/is,
  /too large: (?<output>[\d,]+)\..{0,60}context length is (?<limit>[\d,]+) tokens and your request has (?<input>[\d,]+) input/is,
  /passed (?<input>[\d,]+) input tokens and requested (?<output>[\d,]+) output tokens.{0,60}context length is only (?<limit>[\d,]+)/is,
  /<= (?<limit>[\d,]+)\. Given: (?<input>[\d,]+) `inputs` tokens and (?<output>[\d,]+)/i,
  /(context length is|limit of) (?<limit>[\d,]+) tokens.{0,60}(resulted in|requested|contains) (about )?(?<input>[\d,]+) tokens/is,
  /contains (?<input>[\d,]+) tokens.{0,60}model with (?<limit>[\d,]+) maximum/is,
  /prompt length is (?<limit>[\d,]+) but the request contains (?<input>[\d,]+)/i,
  /token count \((?<input>[\d,]+)\) exceeds the maximum number of tokens allowed \((?<limit>[\d,]+)\)/i,
  /\((?<input>[\d,]+) tokens\) exceeds the available context size \((?<limit>[\d,]+)/i,
  /length is (?<input>[\d,]+) while limit is (?<limit>[\d,]+)/i,
  /token count of (?<input>[\d,]+) exceeds the limit of (?<limit>[\d,]+)/i,
  /too long: (?<input>[\d,]+), model maximum context length: (?<limit>[\d,]+)/i,
  /input length should be \[\d+, (?<limit>\d+)\]/i,
]

export const speaksOfOverflow = (message: string): boolean => SPEAKS.some(pattern => pattern.test(message))

/** The counts a message names; empty where it names none. */
export function readOverflow(message: string): Overflow {
  for (const pattern of COUNTS) {
    const groups = pattern.exec(message)?.groups
    if (!groups) continue
    const count = (name: string) => (groups[name] === undefined ? undefined : Number(groups[name].replaceAll(',', '')))
    const [total, output] = [count('total'), count('output')]
    // What tools and functions take is input too, and stands apart from the messages in some.
    const input = total === undefined || output === undefined ? count('input') : total - output
    return { input, output, limit: count('limit') }
  }
  return {}
}
