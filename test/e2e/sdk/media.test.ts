import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { isObject, type Json, objectsOf } from '../../checkers/json.ts'
import { MODES, type UserPart } from './question.ts'
import { ask, failureOf, MODEL, PAIRS, type Stage, startStage, type Vendor } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.stop())

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const URL_OF_PICTURE = 'https://images.example.com/a%20harbour.jpg?size=2&x=1'

/** Pictures of the last user message as the vendor got them, in order, each as data or URL. */
function picturesSent(vendor: Vendor, body: Json | undefined): string[] {
  const parts = objectsOf(objectsOf(body?.messages).at(-1)?.content)
  return parts.flatMap(part => {
    if (vendor === 'openai') return isObject(part.image_url) ? [String(part.image_url.url)] : []
    if (part.type !== 'image' || !isObject(part.source)) return []
    const { type, media_type, data, url } = part.source
    return [type === 'url' ? String(url) : `data:${media_type};base64,${data}`]
  })
}

for (const { client, upstream } of PAIRS) {
  describe(`${client} SDK, ${upstream} upstream`, () => {
    const parts: UserPart[] = [
      { text: 'What is ' },
      { imageData: PNG, mediaType: 'image/png' },
      { text: 'this?' },
      { imageUrl: URL_OF_PICTURE },
    ]

    for (const mode of MODES) {
      test(`${mode}: pictures as data and by address, in their places`, async () => {
        const reply = await ask(stage, client, { model: MODEL[upstream], turns: [{ user: parts }] }, mode)
        expect(reply.text).toBe('You said: What is this?')
        const { body } = stage.received(upstream)
        expect(picturesSent(upstream, body)).toEqual([`data:image/png;base64,${PNG}`, URL_OF_PICTURE])
        const kinds = objectsOf(objectsOf(body?.messages).at(-1)?.content).map(part => part.type === 'text')
        expect(kinds).toEqual([true, false, true, false])
        await stage.wire.check()
      })
    }
  })
}

describe('what only one dialect has', () => {
  test('a PDF of an OpenAI client is a document for Anthropic, and back', async () => {
    const data = Buffer.from('%PDF-1.4\n%%EOF').toString('base64')
    await stage.openai.chat.completions.create({
      model: MODEL.anthropic,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'file', file: { filename: 'log.pdf', file_data: `data:application/pdf;base64,${data}` } },
            { type: 'text', text: 'Summarise' },
          ],
        },
      ],
    })
    expect(objectsOf(objectsOf(stage.received('anthropic').body?.messages)[0]?.content)[0]).toMatchObject({
      type: 'document',
      title: 'log.pdf',
      source: { type: 'base64', media_type: 'application/pdf', data },
    })
    await stage.anthropic.messages.create({
      model: MODEL.openai,
      max_tokens: 50,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', title: 'log.pdf', source: { type: 'base64', media_type: 'application/pdf', data } },
            { type: 'text', text: 'Summarise' },
          ],
        },
      ],
    })
    expect(objectsOf(objectsOf(stage.received('openai').body?.messages)[0]?.content)[0]).toEqual({
      type: 'file',
      file: { filename: 'log.pdf', file_data: `data:application/pdf;base64,${data}` },
    })
  })

  test('a picture in a tool result reaches an OpenAI upstream behind the results', async () => {
    const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } } as const
    await stage.anthropic.messages.create({
      model: MODEL.openai,
      max_tokens: 50,
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'Look' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [picture] }] },
      ],
    })
    const messages = objectsOf(stage.received('openai').body?.messages)
    expect(messages.map(message => message.role)).toEqual(['user', 'assistant', 'tool', 'user'])
    expect(objectsOf(messages.at(-1)?.content)).toEqual([{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }])
  })

  test('a sound is refused for Anthropic, by the name of its field', async () => {
    const asked = stage.openai.chat.completions.create({
      model: MODEL.anthropic,
      messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }] }],
    })
    expect(await failureOf(asked)).toMatchObject({ status: 400, param: expect.stringContaining('messages.0.content') })
  })
})
