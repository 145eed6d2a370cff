import type { Clock } from '../../core/clock.ts'
import type { IdGenerator } from '../../core/ids.ts'
import { isObject, type JsonObject, tryParseJson } from '../../core/json.ts'
import { pulledBody, type UpstreamBody } from '../body.ts'
import type { Send, UpstreamResponse } from '../client.ts'
import { refusalOf } from './check.ts'
import { type DemoPlan, planDemo } from './plan.ts'

/** Between two words, so that streaming can be seen. */
const WORD_MS = 15

interface Deltas {
  delta: JsonObject
  finish?: string
}

function* deltasOf(plan: DemoPlan, callId: string): Generator<Deltas> {
  yield { delta: { role: 'assistant', content: '' } }
  for (const word of plan.reasoning) yield { delta: { reasoning_content: word } }
  for (const word of plan.text) yield { delta: { content: word } }
  if (plan.toolCall) {
    const { name } = plan.toolCall
    yield { delta: { tool_calls: [{ index: 0, id: callId, type: 'function', function: { name, arguments: '' } }] } }
    for (const piece of plan.toolCall.arguments.match(/.{1,12}/gs) ?? []) {
      yield { delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }
    }
  }
  yield { delta: {}, finish: plan.finish }
}

function usageOf(plan: DemoPlan): JsonObject {
  const completion = plan.reasoning.length + plan.text.length + (plan.toolCall ? 1 : 0)
  return {
    prompt_tokens: plan.promptTokens,
    completion_tokens: completion,
    total_tokens: plan.promptTokens + completion,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: plan.reasoning.length },
  }
}

const whole = (body: string): UpstreamBody => {
  let rest: Uint8Array | undefined = new TextEncoder().encode(body)
  return pulledBody(
    async () => {
      const bytes = rest
      rest = undefined
      return bytes
    },
    () => {
      rest = undefined
    },
  )
}

function streamed(frames: Iterator<string>, clock: Clock, signal: AbortSignal): UpstreamBody {
  const encoder = new TextEncoder()
  let released = false
  let first = true
  return pulledBody(
    async () => {
      if (!first) await clock.sleep(WORD_MS, signal).catch(() => {})
      first = false
      if (released || signal.aborted) return undefined
      const { done, value } = frames.next()
      return done ? undefined : encoder.encode(value)
    },
    () => {
      released = true
    },
  )
}

/** The embedded upstream behind `provider_type: "demo"`: an OpenAI-style server without a network. */
export function createDemoSend(clock: Clock, ids: IdGenerator): Send {
  return async ({ body: text, client: { signal } }): Promise<UpstreamResponse> => {
    const parsed = tryParseJson(text)
    const body = isObject(parsed) ? parsed : {}
    const refusal = refusalOf(body)
    if (refusal) return { status: 400, headers: new Headers({ 'content-type': 'application/json' }), body: whole(JSON.stringify(refusal)) }
    const plan = planDemo(body)
    const base = { id: ids.next('chatcmpl-'), created: Math.floor(clock.now() / 1000), model: String(body.model) }
    const callId = ids.next('call_')
    if (body.stream !== true) {
      const { toolCall } = plan
      const calls = toolCall && [{ id: callId, type: 'function', function: { name: toolCall.name, arguments: toolCall.arguments } }]
      const reasoning = plan.reasoning.length > 0 ? { reasoning_content: plan.reasoning.join('') } : {}
      const message = {
        role: 'assistant',
        content: calls ? null : plan.text.join(''),
        refusal: null,
        ...reasoning,
        ...(calls ? { tool_calls: calls } : {}),
      }
      const choices = [{ index: 0, message, logprobs: null, finish_reason: plan.finish }]
      const answer = JSON.stringify({ ...base, object: 'chat.completion', choices, usage: usageOf(plan) })
      return { status: 200, headers: new Headers({ 'content-type': 'application/json' }), body: whole(answer) }
    }
    const wantsUsage = isObject(body.stream_options) && body.stream_options.include_usage === true
    const frame = (value: JsonObject) => `data: ${JSON.stringify(value)}\n\n`
    function* frames(): Generator<string> {
      const chunk = { ...base, object: 'chat.completion.chunk' }
      const usage = wantsUsage ? { usage: null } : {}
      for (const { delta, finish } of deltasOf(plan, callId)) {
        yield frame({ ...chunk, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish ?? null }], ...usage })
      }
      if (wantsUsage) yield frame({ ...chunk, choices: [], usage: usageOf(plan) })
      yield 'data: [DONE]\n\n'
    }
    const headers = new Headers({ 'content-type': 'text/event-stream' })
    return { status: 200, headers, body: streamed(frames(), clock, signal) }
  }
}
