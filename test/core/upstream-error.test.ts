import { expect, test } from 'bun:test'
import { kindOfStatus } from '../../src/core/upstream-error.ts'

test.each([
  [400, 'invalid-request'],
  [418, 'invalid-request'],
  [498, 'authentication'],
  [499, 'bad-gateway'],
  [522, 'timeout'],
  [524, 'timeout'],
  [529, 'overloaded'],
  [599, 'bad-gateway'],
] as const)('an upstream that says %d means %s', (status, kind) => {
  expect(kindOfStatus(status)).toBe(kind)
})
