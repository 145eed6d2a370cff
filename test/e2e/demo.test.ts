import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type RunningGateway, startGateway } from './support/gateway.ts'

describe('the first start with --demo', () => {
  let gateway: RunningGateway

  beforeAll(async () => {
    gateway = await startGateway({ config: null, args: ['--demo'] })
  })
  afterAll(() => gateway.stop())

  test('prints a curl line that works when pasted', async () => {
    const [, line] = await gateway.until(/^ {2}(curl .*)$/m)
    const child = Bun.spawn(['sh', '-c', line ?? ''], { stdout: 'pipe', stderr: 'ignore' })
    const answer = await new Response(child.stdout).text()
    expect(await child.exited).toBe(0)
    expect(answer).toContain('Hello')
    expect(answer.trimEnd()).toEndWith('data: [DONE]')
  })
})
