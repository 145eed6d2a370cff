import { expect, test } from 'bun:test'
import { foldEvents } from '../../src/ir/fold.ts'
import { createLifecycle } from '../../src/ir/lifecycle.ts'
import type { GenerateResponse } from '../../src/ir/response.ts'
import { reverseResponse, StreamReverser } from '../../src/ir/reversal.ts'
import type { StreamEvent } from '../../src/ir/stream.ts'
import { unfoldResponse } from '../../src/ir/unfold.ts'

const reversal = { names: new Map([['alias_1', 'files.read']]), answerTool: 'answer' }
const answer = (...content: GenerateResponse['choices'][number]['content']): GenerateResponse => ({
  choices: [{ content, finish: { reason: 'tool-calls' } }],
})
const call = (name: string, args: string) => ({ type: 'tool-call' as const, id: 't', name, arguments: args })

/** The same answer by the stream. */
function streamed(response: GenerateResponse): GenerateResponse {
  const reverser = new StreamReverser(reversal)
  const lifecycle = createLifecycle()
  const events: StreamEvent[] = unfoldResponse(response).flatMap(event => reverser.push([event]))
  return foldEvents(events.flatMap(event => lifecycle.push(event)))
}

test.each([
  ['a name comes back', answer(call('alias_1', '{"a":1}')), [call('files.read', '{"a":1}')]],
  ['other names stay', answer(call('other', '{}')), [call('other', '{}')]],
  ['the input of the answering tool is the text', answer(call('answer', '{"a":1}')), [{ type: 'text', text: '{"a":1}' }]],
  ['an answer without input is an empty object', answer(call('answer', '')), [{ type: 'text', text: '{}' }]],
])('%s, whole and streamed', (_name, response, expected) => {
  expect(reverseResponse(response, reversal).choices[0]?.content).toEqual(expected as never)
  expect(streamed(response).choices[0]?.content).toMatchObject(expected)
})

test('an answer is silent until something is said in it, in each choice for itself', () => {
  const reverser = new StreamReverser(reversal)
  const block = { type: 'tool-call' as const, id: 't', name: 'answer' }
  for (const choice of [0, 1]) reverser.push([{ type: 'block-start', index: 0, choice, block }])
  reverser.push([
    { type: 'block-delta', index: 0, choice: 0, text: '' },
    { type: 'block-delta', index: 0, choice: 1, text: '{"a":1}' },
  ])
  const ends = [0, 1].map(choice => reverser.push([{ type: 'block-end', index: 0, choice }]).map(({ type }) => type))
  expect(ends).toEqual([['block-delta', 'block-end'], ['block-end']])
})

test('events that hold no call go on as the list they came in', () => {
  const events: StreamEvent[] = [{ type: 'block-delta', index: 0, text: 'x' }]
  expect(new StreamReverser(reversal).push(events)).toBe(events)
})
