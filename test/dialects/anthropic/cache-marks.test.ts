import { expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { fitCacheMarks } from '../../../src/dialects/anthropic/cache-marks.ts'
import { testContext } from '../../support/codec-context.ts'

const HOUR = { type: 'ephemeral', ttl: '1h' }
const SHORT = { type: 'ephemeral' }
const marked = (cache_control: JsonObject): JsonObject => ({ type: 'text', text: 'x', cache_control })

/** The marks of a request in order, and the notes. */
function fitted(body: JsonObject): { marks: JsonObject[]; notes: string[] } {
  const context = testContext()
  fitCacheMarks(body, context)
  const marks = [...JSON.stringify(body).matchAll(/"cache_control":(\{[^}]*\})/g)].map(([, mark]) => JSON.parse(mark ?? '') as JsonObject)
  return { marks, notes: context.fields() }
}

test('an hour before five minutes stays, one behind them does not', () => {
  const body = { system: [marked(HOUR)], messages: [{ role: 'user', content: [marked(SHORT), marked(HOUR)] }] }
  expect(fitted(body)).toEqual({ marks: [HOUR, SHORT, SHORT], notes: ['approximated:cache_control.ttl'] })
})

test('the mark of the whole request stands behind all others', () => {
  const body = { messages: [{ role: 'user', content: [marked(SHORT)] }], cache_control: HOUR }
  expect(fitted(body)).toEqual({ marks: [SHORT, SHORT], notes: ['approximated:cache_control.ttl'] })
  expect(fitted({ messages: [{ role: 'user', content: [marked(HOUR)] }], cache_control: SHORT })).toEqual({
    marks: [HOUR, SHORT],
    notes: [],
  })
})
