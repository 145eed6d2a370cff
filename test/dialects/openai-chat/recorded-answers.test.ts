import { expect, test } from 'bun:test'
import type { JsonValue } from '../../../src/core/json.ts'
import type { UpstreamCodec } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
import { withThinkTags } from '../../../src/dialects/openai-chat/think-tags.ts'
import { foldEvents } from '../../../src/ir/fold.ts'
import { createLifecycle } from '../../../src/ir/lifecycle.ts'
import type { GenerateResponse } from '../../../src/ir/response.ts'
import { parseFrames } from '../../../src/sse/parser.ts'
import { isObject, type Json, objectsOf, stringOf } from '../../checkers/json.ts'
import { chatTokens } from '../../golden/said.ts'
import { testContext } from '../../support/codec-context.ts'
import { asSse, describeRecordings, listRecordings, readBody, readChunks } from '../../support/recordings.ts'

const plain = openaiChat.upstream as UpstreamCodec
const tagged = withThinkTags(openaiChat).upstream as UpstreamCodec

function streamed(codec: UpstreamCodec, sse: string): GenerateResponse {
  const decoder = codec.streamDecoder(testContext())
  const lifecycle = createLifecycle()
  const events = [...parseFrames(sse).flatMap(frame => decoder.push(frame)), ...decoder.end()].flatMap(event => lifecycle.push(event))
  return foldEvents([...events, ...lifecycle.end()])
}

/** Addresses that an answer names as its sources: beside the choices, or on its messages. */
function sourcesIn(objects: readonly Json[]): string[] {
  const last = objects.findLast(({ search_results, citations }) => search_results !== undefined || citations !== undefined) ?? {}
  const results = objectsOf(last.search_results).map(({ url }) => stringOf(url))
  if (results.length > 0) return results
  return Array.isArray(last.citations) ? last.citations.map(stringOf) : []
}

const annotated = ({ choices }: GenerateResponse): (string | undefined)[] =>
  choices.flatMap(({ content }) => content.flatMap(part => (part.type === 'text' ? (part.annotations ?? []) : []).map(({ url }) => url)))

const counted = ({ usage }: GenerateResponse) =>
  usage && {
    input: usage.inputTokens,
    output: usage.outputTokens,
    cached: usage.cachedInputTokens ?? 0,
    written: usage.cacheWriteTokens ?? 0,
    reasoning: usage.reasoningTokens ?? 0,
  }

/** The last usage, wherever the vendor put it. */
function usageIn(objects: readonly Json[]): unknown {
  const places = objects.flatMap(object => [
    object.usage,
    isObject(object.x_groq) ? object.x_groq.usage : undefined,
    ...objectsOf(object.choices).map(({ usage }) => usage),
  ])
  return places.findLast(isObject)
}

describeRecordings('recorded answers', () => {
  const format = 'openai-chat' as const

  for (const { provider, name, path } of listRecordings({ suffix: '.chunks.txt', format })) {
    const lines = readChunks(path)
    const objects = lines.map(line => JSON.parse(line)).filter(isObject)
    const answer = streamed(plain, asSse(lines, format))

    test(`${provider}/${name}: sources and every count`, () => {
      expect(annotated(answer)).toEqual(sourcesIn(objects))
      expect(counted(answer)).toEqual(chatTokens(usageIn(objects)))
    })

    test(`${provider}/${name}: without tags nothing changes for a server that may send them`, () => {
      expect(streamed(tagged, asSse(lines, format))).toEqual(answer)
    })
  }

  for (const { provider, name, path } of listRecordings({ suffix: '.json', format })) {
    const body = readBody(path)
    if (!isObject(body) || body.error) continue
    const answer = plain.decodeResponse(body as JsonValue, testContext())

    test(`${provider}/${name}.json: sources and every count`, () => {
      expect(annotated(answer)).toEqual(sourcesIn([body]))
      expect(counted(answer)).toEqual(chatTokens(usageIn([body])))
      expect(tagged.decodeResponse(body as JsonValue, testContext())).toEqual(answer)
    })
  }
})
