import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject } from '../../../src/core/json.ts'
import { readReasoning } from '../../../src/dialects/openai-chat/carried-reasoning.ts'
import type { ContentPart } from '../../../src/ir/message.ts'
import { carrySeal } from '../../../src/ir/reasoning.ts'
import { testContext } from '../../support/codec-context.ts'
import { client, decoded, request } from './context.ts'

const anthropicSeal = { issuer: 'anthropic', value: 'sig+/=' } as const

describe('reading', () => {
  test('plain carriers have no seal', () => {
    expect(readReasoning({ reasoning_content: 'a' })).toEqual([{ type: 'reasoning', text: 'a' }])
    expect(readReasoning({ reasoning: 'b' })).toEqual([{ type: 'reasoning', text: 'b' }])
    expect(readReasoning({})).toEqual([])
  })

  test('details tell by their format whose the signature is', () => {
    const detail = (format: string) => ({ reasoning_details: [{ type: 'reasoning.text', text: 't', signature: 's', format, index: 0 }] })
    expect(readReasoning(detail('anthropic-claude-v1'))[0]?.seal).toEqual({ issuer: 'anthropic', value: 's' })
    expect(readReasoning(detail('google-gemini-v1'))[0]?.seal).toEqual({ issuer: 'gemini', value: 's' })
    expect(readReasoning(detail('unknown'))[0]?.seal).toEqual({ issuer: 'openai-chat', value: 's' })
  })

  test('a carried seal tells by itself', () => {
    const details = [{ type: 'reasoning.text', text: 't', signature: carrySeal(anthropicSeal), format: 'unknown', index: 0 }]
    expect(readReasoning({ reasoning_details: details, reasoning_content: 't' })).toMatchObject([{ text: 't', seal: anthropicSeal }])
  })

  test('pieces of a streamed entry are joined, a signature ends one, encrypted ones stand alone', () => {
    const parts = readReasoning({
      reasoning_details: [
        { type: 'reasoning.text', text: 'a', index: 0 },
        { type: 'reasoning.text', text: 'b', index: 0 },
        { type: 'reasoning.text', signature: 's', index: 0, format: 'anthropic-claude-v1' },
        { type: 'reasoning.encrypted', data: 'blob', index: 1, format: 'anthropic-claude-v1' },
        { type: 'reasoning.text', text: 'c', index: 2 },
      ],
    })
    expect(parts).toMatchObject([
      { text: 'ab', seal: { issuer: 'anthropic', value: 's' } },
      { text: '', redacted: true, seal: { value: 'blob' } },
      { text: 'c' },
    ])
  })

  test('a signature without its text finds it in reasoning_content', () => {
    const details = [{ type: 'reasoning.text', text: '', signature: 's', index: 0 }]
    expect(readReasoning({ reasoning_content: 'thought', reasoning_details: details })).toMatchObject([
      { text: 'thought', seal: { value: 's' } },
    ])
  })

  test("LiteLLM's thinking blocks are Anthropic's", () => {
    const blocks = [
      { type: 'thinking', thinking: 't', signature: 's' },
      { type: 'redacted_thinking', data: 'd' },
    ]
    expect(readReasoning({ thinking_blocks: blocks })).toMatchObject([
      { text: 't', seal: { issuer: 'anthropic', value: 's' } },
      { redacted: true, seal: { issuer: 'anthropic', value: 'd' } },
    ])
  })
})

describe('an answer that the client sends back', () => {
  const back = (content: ContentPart[]): ContentPart[] => {
    const body = client.encodeResponse({ choices: [{ content, finish: { reason: 'stop' } }] }, request(), testContext())
    const { message } = (body.choices as JsonObject[])[0] as { message: JsonObject }
    return decoded({ messages: [message] }).messages[0]?.content ?? []
  }

  test('brings every seal back to its issuer', () => {
    const seal = fc.record({
      issuer: fc.constantFrom('anthropic', 'gemini', 'openai-responses', 'openai-chat'),
      value: fc.string({ minLength: 1 }),
    })
    const part = fc.oneof(
      fc.record({ type: fc.constant('reasoning'), text: fc.string({ minLength: 1 }), seal }),
      fc.record({ type: fc.constant('reasoning'), text: fc.constant(''), redacted: fc.constant(true), seal }),
    )
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), parts => {
        // Text that begins like a carrier is the gateway's own form, which no vendor's seal has.
        fc.pre(parts.every(({ seal: { value } }) => !value.startsWith('gw1.')))
        const kept = back(parts as ContentPart[]).map(({ extensions: _, ...rest }) => rest)
        expect(kept).toEqual(parts as ContentPart[])
      }),
    )
  })

  test('also those on tool calls and text', () => {
    const seal = { issuer: 'gemini', value: 'thought' } as const
    const content: ContentPart[] = [
      { type: 'text', text: 'A', seal },
      { type: 'tool-call', id: 'c', name: 'f', arguments: '{}', seal },
    ]
    expect(back(content)).toMatchObject(content)
  })
})
