import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { isObject } from '../../checkers/json.ts'
import { asking, MODES } from './question.ts'
import { ask, MODEL, PAIRS, type Stage, startStage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.stop())
afterEach(async () => {
  await stage.wire.check()
})

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } } },
  required: ['city', 'tags'],
  additionalProperties: false,
}

for (const { client, upstream } of PAIRS) {
  describe(`${client} SDK, ${upstream} upstream`, () => {
    for (const mode of MODES) {
      test(`${mode}: structured output is asked for natively and is JSON of the schema`, async () => {
        const reply = await ask(stage, client, asking(MODEL[upstream], 'Where?', { schema: SCHEMA }), mode)
        expect(JSON.parse(reply.text)).toEqual({ city: 'sample', tags: ['sample'] })
        const { body } = stage.received(upstream)
        const format = upstream === 'openai' ? body?.response_format : isObject(body?.output_config) ? body.output_config.format : undefined
        const native = upstream === 'openai' ? { json_schema: { schema: SCHEMA, strict: true } } : { schema: SCHEMA }
        expect(format).toMatchObject({ type: 'json_schema', ...native })
      })

      test(`${mode}: a refusal stays one`, async () => {
        const scripted =
          upstream === 'openai' ? { refusal: 'I would rather not.', finish: 'content_filter' } : { refusal: 'I would rather not.' }
        stage.upstream[upstream].script(scripted)
        const reply = await ask(stage, client, asking(MODEL[upstream], 'Do it'), mode)
        expect(reply.finish).toBe('refused')
        // In its own place, or as text where the dialect has none.
        expect([reply.refusal, reply.text]).toContain('I would rather not.')
      })

      test(`${mode}: a filtered answer is no plain end`, async () => {
        const filtered = upstream === 'openai' ? 'content_filter' : 'refusal'
        stage.upstream[upstream].script({ text: 'Half an', finish: filtered })
        const reply = await ask(stage, client, asking(MODEL[upstream], 'Go on'), mode)
        expect(reply).toMatchObject({ text: 'Half an', finish: 'refused' })
      })

      test(`${mode}: an empty answer is an empty answer`, async () => {
        stage.upstream[upstream].script({ text: [], finish: upstream === 'openai' ? 'stop' : 'end_turn' })
        expect(await ask(stage, client, asking(MODEL[upstream], 'Say nothing'), mode)).toMatchObject({
          text: '',
          calls: [],
          finish: 'stop',
        })
      })
    }
  })
}

describe('what the stream may look like', () => {
  for (const client of ['openai', 'anthropic'] as const) {
    test(`pieces of one byte from either vendor, for the ${client} SDK`, async () => {
      for (const upstream of ['openai', 'anthropic'] as const) {
        for (const lineEnding of ['\n', '\r\n'] as const) {
          stage.upstream[upstream].script({ text: ['Grü', 'ße 世', '界 🌍'], chunkBytes: 3, lineEnding })
          const reply = await ask(stage, client, asking(MODEL[upstream], 'Hi'), 'iterate')
          expect(reply.text).toBe('Grüße 世界 🌍')
        }
      }
    })

    test(`a server that hangs up behind the finish without its end marker, for the ${client} SDK`, async () => {
      stage.upstream.openai.script({ text: 'Done.', omitEnd: true })
      const reply = await ask(stage, client, asking(MODEL.openai, 'Hi'), 'helper')
      expect(reply).toMatchObject({ text: 'Done.', finish: 'stop' })
      expect(await stage.wire.check()).toBe(1)
    })

    test(`bytes behind the end marker are not passed on to the ${client} SDK`, async () => {
      for (const upstream of ['openai', 'anthropic'] as const) {
        stage.upstream[upstream].script({ text: 'Done.', afterEnd: 'data: {"choices":[]}\n\n' })
        expect(await ask(stage, client, asking(MODEL[upstream], 'Hi'), 'helper')).toMatchObject({ text: 'Done.', finish: 'stop' })
        expect(await stage.wire.check()).toBe(1)
      }
    })

    test(`one body in place of the stream that was asked for, for the ${client} SDK`, async () => {
      const upstream = client === 'openai' ? 'anthropic' : 'openai'
      const body =
        upstream === 'openai'
          ? {
              id: 'c',
              object: 'chat.completion',
              created: 1,
              model: 'm',
              choices: [{ index: 0, message: { role: 'assistant', content: 'At once.' }, finish_reason: 'stop' }],
              usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
            }
          : {
              id: 'msg_1',
              type: 'message',
              role: 'assistant',
              model: 'm',
              content: [{ type: 'text', text: 'At once.' }],
              stop_reason: 'end_turn',
              stop_sequence: null,
              usage: { input_tokens: 1, output_tokens: 2 },
            }
      stage.upstream[upstream].script({ body })
      expect(await ask(stage, client, asking(MODEL[upstream], 'Hi'), 'iterate')).toMatchObject({ text: 'At once.', finish: 'stop' })
      expect(await stage.wire.check()).toBe(1)
    })
  }
})
