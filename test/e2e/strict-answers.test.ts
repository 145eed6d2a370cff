import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ReportStage, startReportStage } from '../../scripts/conformance-report/stage.ts'
import { messageStream } from '../contract/answers.ts'

let stage: ReportStage

beforeAll(async () => {
  stage = await startReportStage()
})
afterAll(() => stage.stop())

/** A citation of a document: Chat knows those of web pages only. */
const citation = { type: 'char_location', cited_text: 'x', document_index: 0, document_title: 'T', start_char_index: 0, end_char_index: 1 }

const answer = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [{ type: 'text', text: 'Well.', citations: [citation] }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
}

for (const streamed of [false, true]) {
  test(`strict is about the request: an answer that loses something is still an answer (${streamed ? 'streamed' : 'whole'})`, async () => {
    stage.upstream.anthropic.script(streamed ? { sse: messageStream(answer) } : { body: answer })
    const usage = streamed ? { stream: true, stream_options: { include_usage: true } } : {}
    const body = { model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'Hi' }], ...usage }
    const outcome = await stage.ask('openai→anthropic', streamed, body, { headers: { 'x-dragoman-strict': 'true' } })
    expect(outcome.status).toBe(200)
    expect(outcome.read).toMatchObject({ text: 'Well.', finish: 'stop', error: undefined })
    if (!streamed) expect(outcome.notes).toEqual(['dropped:annotations'])
  })
}
