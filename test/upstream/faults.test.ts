import { expect, test } from 'bun:test'
import { connectionError } from '../../src/upstream/faults.ts'

test.each([
  ['ECONNRESET', 'the upstream could not be reached (ECONNRESET)'],
  ['connect to 10.0.0.1:443', 'the upstream could not be reached'],
  ['x'.repeat(61), 'the upstream could not be reached'],
  [111, 'the upstream could not be reached'],
])('a code is shown only where it is a word: %p', (code, message) => {
  expect(connectionError(Object.assign(new Error('10.0.0.1'), { code }), 'connecting').message).toBe(message)
})
