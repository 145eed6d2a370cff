import { expect, test } from 'bun:test'
import { Accounting, type RequestRecord } from '../../src/operations/accounting.ts'
import { FakeClock } from '../support/fake-clock.ts'

function settled(input?: Accounting['input']): RequestRecord[] {
  const records: RequestRecord[] = []
  const caller = { id: 'key_1', name: 'ci', allows: () => true }
  const accounting = new Accounting({ requestId: 'req_1', route: '/v1', caller }, new FakeClock(), record => void records.push(record))
  if (input) accounting.input = input
  accounting.settle(200)
  accounting.settle(500)
  return records
}

test('a record tells our own count of the prompt as it is at the end, and gives the rest of the counting up', () => {
  const seen: string[] = []
  const input = {
    get tokens() {
      seen.push('read')
      return 118
    },
    close: () => void seen.push('closed'),
  }
  expect(settled(input)).toMatchObject([{ status: 200, estimatedInputTokens: 118 }])
  expect(seen).toEqual(['read', 'closed'])
  expect(settled()[0]?.estimatedInputTokens).toBeUndefined()
})
